//! `POST /v1/device/session`

use axum::extract::State;
use http::StatusCode;
use secrecy::ExposeSecret;
use wire::customer::v1::SignInAtDeviceRequest;

use crate::{
    App,
    api::dto::{device::PinSignIn, session::Tokens},
    auth::PairedDevice,
    extract::Json,
    problem::Problem,
};

/// Signs somebody in at a shared device, by their PIN
///
/// Whoever was there before is signed out. After five wrong tries of a member at a
/// device they wait, half a minute at first (`pin-locked`, `Retry-After`).
#[utoipa::path(
    post,
    path = "/v1/device/session",
    operation_id = "signInAtDevice",
    tag = "devices",
    request_body = PinSignIn,
    responses((status = 201, description = "Signed in", body = Tokens)),
)]
pub async fn sign_in(
    State(app): State<App>,
    device: PairedDevice,
    Json(PinSignIn { member, pin }): Json<PinSignIn>,
) -> Result<(StatusCode, axum::Json<Tokens>), Problem> {
    let pin = pin.expose_secret().to_owned();
    let request = SignInAtDeviceRequest { member_id: member, pin };
    let pair = app.customers(&device).sign_in_at_device(request).await?.into_inner();
    Ok((StatusCode::CREATED, axum::Json(pair.try_into()?)))
}
