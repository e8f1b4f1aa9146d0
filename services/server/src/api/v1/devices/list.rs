//! `GET /v1/devices`

use axum::{Json, extract::State};
use wire::customer::v1::ListDevicesRequest;

use crate::{App, api::dto::device::Devices, auth::Viewer, problem::Problem};

/// The shared devices that are paired
#[utoipa::path(
    get,
    path = "/v1/devices",
    operation_id = "listDevices",
    tag = "devices",
    responses((status = 200, body = Devices)),
)]
pub async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<Devices>, Problem> {
    let list = app.customers(&viewer).list_devices(ListDevicesRequest {}).await?.into_inner();
    list.try_into().map(Json)
}
