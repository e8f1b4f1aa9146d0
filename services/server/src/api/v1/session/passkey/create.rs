//! `POST /v1/session/passkey`

use axum::extract::State;
use http::StatusCode;

use crate::{
    App,
    api::dto::{passkey::PasskeySignIn, session::Tokens},
    extract::Json,
    problem::Problem,
};

/// Signs in with a passkey
///
/// The code says why nobody is signed in: `passkey-unknown`, `passkey-too-late`
/// (asked for too long ago, or used already), `passkey-elsewhere` (used at another
/// address), `passkey-refused`.
#[utoipa::path(
    post,
    path = "/v1/session/passkey",
    operation_id = "signInWithPasskey",
    tag = "session",
    request_body = PasskeySignIn,
    responses((status = 201, description = "Signed in", body = Tokens)),
)]
pub async fn create(
    State(app): State<App>,
    Json(body): Json<PasskeySignIn>,
) -> Result<(StatusCode, axum::Json<Tokens>), Problem> {
    let PasskeySignIn { credential, device } = body;
    let pair = app.sign_in_by_passkey(credential, device.as_deref().unwrap_or("")).await?;
    Ok((StatusCode::CREATED, axum::Json(pair.try_into()?)))
}
