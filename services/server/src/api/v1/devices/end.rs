//! `DELETE /v1/devices/{id}`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use types::DeviceId;
use utoipa::IntoParams;
use wire::customer::v1::{EndDeviceRequest, EndDeviceResponse};

use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Which device.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfDevice {
    /// The device's id.
    #[param(value_type = String, example = "dev_01h455vb4pex5vsknk084sn02q")]
    pub id: DeviceId,
}

/// Unpairs a device
///
/// It, and whoever is signed in at it, counts no more everywhere within 5 seconds.
/// Ending what is over already is no error.
#[utoipa::path(
    delete,
    path = "/v1/devices/{id}",
    operation_id = "endDevice",
    tag = "devices",
    params(OfDevice),
    responses((status = 204, description = "Unpaired")),
)]
pub async fn end(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<DeviceId>,
) -> Result<StatusCode, Problem> {
    let request = EndDeviceRequest { device_id: id.to_string() };
    let EndDeviceResponse { already_so: _ } =
        app.customers(&viewer).end_device(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
