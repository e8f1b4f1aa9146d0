//! `GET /v1/display`

use axum::{Json, extract::State};
use wire::order::v1::GetDisplayRequest;

use crate::{App, api::dto::device::Display, auth::PairedDevice, problem::Problem};

/// Who is next and what is ready, as a screen for everybody shows it
#[utoipa::path(
    get,
    path = "/v1/display",
    operation_id = "showDisplay",
    tag = "devices",
    responses((status = 200, body = Display)),
)]
pub async fn show(State(app): State<App>, device: PairedDevice) -> Result<Json<Display>, Problem> {
    let display = app.orders(&device).get_display(GetDisplayRequest {}).await?.into_inner();
    display.try_into().map(Json)
}
