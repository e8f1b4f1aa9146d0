//! `POST /v1/pairings/{code}/refuse`

use axum::extract::State;
use http::StatusCode;
use wire::customer::v1::{
    DecidePairingRequest, DecidePairingResponse, Refused, decide_pairing_request::Decision,
};

use super::OfCode;
use crate::{
    App,
    api::dto::device::Refusal,
    auth::Viewer,
    extract::{OptionalJson, Path},
    problem::Problem,
};

/// Refuses what asks under a code
#[utoipa::path(
    post,
    path = "/v1/pairings/{code}/refuse",
    operation_id = "refusePairing",
    tag = "devices",
    params(OfCode),
    request_body = Option<Refusal>,
    responses((status = 204, description = "The device is told so")),
)]
pub async fn refuse(
    State(app): State<App>,
    viewer: Viewer,
    Path(user_code): Path<String>,
    OptionalJson(Refusal {}): OptionalJson<Refusal>,
) -> Result<StatusCode, Problem> {
    let request = DecidePairingRequest { user_code, decision: Some(Decision::Refuse(Refused {})) };
    let DecidePairingResponse { device: _ } =
        app.customers(&viewer).decide_pairing(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
