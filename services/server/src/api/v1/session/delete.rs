//! `DELETE /v1/session`

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;

use crate::{
    App, api::dto::session::SignOut, auth::cookies::SetCookies, extract::OptionalJson,
    problem::Problem,
};

/// Signs out: every token of this sign-in ends
///
/// The refresh token is in the body, or in the cookie that our pages have.
#[utoipa::path(
    delete,
    path = "/v1/session",
    operation_id = "signOut",
    tag = "session",
    request_body = Option<SignOut>,
    responses((status = 204, description = "Signed out")),
)]
pub async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    OptionalJson(SignOut { refresh_token }): OptionalJson<SignOut>,
) -> Result<(SetCookies, StatusCode), Problem> {
    match refresh_token {
        Some(token) => {
            app.end_session(token.expose_secret()).await?;
            Ok((SetCookies::default(), StatusCode::NO_CONTENT))
        }
        None => {
            app.sign_out(&headers).await?;
            Ok((app.cookies().signed_out(), StatusCode::NO_CONTENT))
        }
    }
}
