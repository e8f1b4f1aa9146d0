//! `GET /v1/me`

use axum::{Json, extract::State};
use wire::customer::v1::GetMeRequest;

use crate::{App, api::dto::customer::Me, auth::Viewer, problem::Problem};

/// Who one is
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "showMe",
    tag = "family",
    responses((status = 200, body = Me)),
)]
pub async fn show(State(app): State<App>, viewer: Viewer) -> Result<Json<Me>, Problem> {
    let me = app.customers(&viewer).get_me(GetMeRequest {}).await?.into_inner();
    me.try_into().map(Json)
}
