//! `POST /v1/me/passkeys`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use wire::customer::v1::FinishPasskeyRegistrationRequest;

use crate::{
    App,
    api::dto::passkey::{NewPasskey, Passkey},
    auth::Viewer,
    extract::Json,
    problem::Problem,
};

/// Keeps the passkey that a device made
///
/// The code says why one is not kept: `passkey-too-late` (asked for too long ago,
/// or answered already), `passkey-elsewhere` (made at another address),
/// `passkey-refused`, `already-exists`.
#[utoipa::path(
    post,
    path = "/v1/me/passkeys",
    operation_id = "registerPasskey",
    tag = "session",
    request_body = NewPasskey,
    responses((status = 201, description = "Kept", body = Passkey)),
)]
pub async fn register(
    State(app): State<App>,
    viewer: Viewer,
    Json(new): Json<NewPasskey>,
) -> Result<(StatusCode, Answer<Passkey>), Problem> {
    let request: FinishPasskeyRegistrationRequest = new.into();
    let kept = app.customers(&viewer).finish_passkey_registration(request).await?.into_inner();
    Ok((StatusCode::CREATED, Answer(kept.try_into()?)))
}
