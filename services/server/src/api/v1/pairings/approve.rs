//! `POST /v1/pairings/{code}/approve`

use axum::extract::State;
use http::StatusCode;
use wire::customer::v1::{
    ApprovedDevice, DecidePairingRequest, DecidePairingResponse, decide_pairing_request::Decision,
};

use super::OfCode;
use crate::{
    App,
    api::dto::{
        device::{Approval, Device},
        nonsense,
    },
    auth::Viewer,
    extract::{Json, Path},
    problem::Problem,
};

/// Approves what asks under a code
///
/// Names it and says what it is; it can do that and nothing else.
#[utoipa::path(
    post,
    path = "/v1/pairings/{code}/approve",
    operation_id = "approvePairing",
    tag = "devices",
    params(OfCode),
    request_body = Approval,
    responses((status = 201, description = "It is one of the house's", body = Device)),
)]
pub async fn approve(
    State(app): State<App>,
    viewer: Viewer,
    Path(user_code): Path<String>,
    Json(Approval { name, kind }): Json<Approval>,
) -> Result<(StatusCode, axum::Json<Device>), Problem> {
    let approve = ApprovedDevice { name, kind: kind.wire().into() };
    let request = DecidePairingRequest { user_code, decision: Some(Decision::Approve(approve)) };
    let DecidePairingResponse { device } =
        app.customers(&viewer).decide_pairing(request).await?.into_inner();
    let device = device.ok_or_else(|| nonsense("approved, and no device"))?;
    Ok((StatusCode::CREATED, axum::Json(device.try_into()?)))
}
