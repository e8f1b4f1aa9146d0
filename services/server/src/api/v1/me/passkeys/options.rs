//! `POST /v1/me/passkeys/options`

use axum::{Json, extract::State};
use wire::customer::v1::BeginPasskeyRegistrationRequest;

use crate::{App, api::dto::passkey::PasskeyCreation, auth::Viewer, problem::Problem};

/// Asks for a new passkey
///
/// The answer is what `navigator.credentials.create()` takes as `publicKey`, or a
/// phone's own passkey manager. What that answers goes to `POST /v1/me/passkeys`,
/// once and within five minutes.
#[utoipa::path(
    post,
    path = "/v1/me/passkeys/options",
    operation_id = "askForPasskey",
    tag = "session",
    responses((status = 200, body = PasskeyCreation)),
)]
pub async fn options(
    State(app): State<App>,
    viewer: Viewer,
) -> Result<Json<PasskeyCreation>, Problem> {
    let request = BeginPasskeyRegistrationRequest {};
    let asked = app.customers(&viewer).begin_passkey_registration(request).await?;
    Ok(Json(asked.into_inner().into()))
}
