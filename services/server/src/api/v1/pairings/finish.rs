//! `POST /v1/pairings/tokens`

use axum::extract::State;
use secrecy::ExposeSecret;

use crate::{
    App,
    api::dto::device::{PairingOutcome, PairingSecret},
    extract::Json,
    problem::Problem,
};

/// Asks what became of a pairing
///
/// Once it is approved the device's tokens are in this answer, once. They speak for
/// the device alone; whoever acts at it signs in by a PIN.
#[utoipa::path(
    post,
    path = "/v1/pairings/tokens",
    operation_id = "finishPairing",
    tag = "devices",
    request_body = PairingSecret,
    responses((status = 200, body = PairingOutcome)),
)]
pub async fn finish(
    State(app): State<App>,
    Json(PairingSecret { device_code }): Json<PairingSecret>,
) -> Result<axum::Json<PairingOutcome>, Problem> {
    app.finish_pairing(device_code.expose_secret()).await?.try_into().map(axum::Json)
}
