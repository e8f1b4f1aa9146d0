//! `GET /v1/device`

use axum::{Json, extract::State};
use wire::customer::v1::GetDeviceRequest;

use crate::{App, api::dto::device::ThisDevice, auth::PairedDevice, problem::Problem};

/// The device that asks, and whom it may show
#[utoipa::path(
    get,
    path = "/v1/device",
    operation_id = "showDevice",
    tag = "devices",
    responses((status = 200, body = ThisDevice)),
)]
pub async fn show(
    State(app): State<App>,
    device: PairedDevice,
) -> Result<Json<ThisDevice>, Problem> {
    let shown = app.customers(&device).get_device(GetDeviceRequest {}).await?.into_inner();
    shown.try_into().map(Json)
}
