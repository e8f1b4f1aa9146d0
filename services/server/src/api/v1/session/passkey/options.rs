//! `POST /v1/session/passkey/options`

use axum::{Json, extract::State};
use wire::customer::v1::BeginPasskeySignInRequest;

use crate::{App, api::dto::passkey::PasskeyChallenge, problem::Problem};

/// Asks whoever has a passkey to use it
///
/// The answer is what `navigator.credentials.get()` takes as `publicKey`; it names
/// nobody, so that the device lets its owner choose an account. What that answers
/// goes to `POST /v1/session/passkey`, once and within five minutes.
#[utoipa::path(
    post,
    path = "/v1/session/passkey/options",
    operation_id = "askToUsePasskey",
    tag = "session",
    responses((status = 200, body = PasskeyChallenge)),
)]
pub async fn options(State(app): State<App>) -> Result<Json<PasskeyChallenge>, Problem> {
    let request = BeginPasskeySignInRequest {};
    let asked = app.anybodys_customers().begin_passkey_sign_in(request).await?;
    Ok(Json(asked.into_inner().into()))
}
