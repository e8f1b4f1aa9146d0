//! `POST /v1/pairings`

use axum::extract::State;
use http::StatusCode;
use wire::customer::v1::StartPairingResponse;

use crate::{
    App,
    api::dto::{
        device::{NewPairing, PairingStarted},
        nonsense, time,
    },
    extract::OptionalJson,
    problem::Problem,
};

/// Asks to be paired
///
/// For a device that nobody is signed in at. It shows `user_code` (or a QR code of
/// `verification_url_complete`); an admin types it, says what the device is, and
/// approves; meanwhile the device asks `POST /v1/pairings/tokens`.
#[utoipa::path(
    post,
    path = "/v1/pairings",
    operation_id = "startPairing",
    tag = "devices",
    request_body = Option<NewPairing>,
    responses((status = 201, description = "It waits for an admin", body = PairingStarted)),
)]
pub async fn start(
    State(app): State<App>,
    OptionalJson(NewPairing { device }): OptionalJson<NewPairing>,
) -> Result<(StatusCode, axum::Json<PairingStarted>), Problem> {
    let StartPairingResponse { device_code, user_code, expires_at, interval_seconds } =
        app.start_pairing(device.as_deref().unwrap_or("A device")).await?;
    let started = PairingStarted {
        verification_url: app.address_of("/family/devices"),
        verification_url_complete: app.pairing_address(&user_code),
        device_code,
        user_code,
        expires_at: expires_at.and_then(time).ok_or_else(|| nonsense("a code without end"))?,
        interval_seconds,
    };
    Ok((StatusCode::CREATED, axum::Json(started)))
}
