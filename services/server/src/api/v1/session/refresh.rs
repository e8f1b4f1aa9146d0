//! `POST /v1/session/refresh`

use axum::extract::State;
use secrecy::ExposeSecret;
use wire::customer::v1::RefreshTokensRequest;

use crate::{
    App,
    api::dto::session::{Refresh, Tokens},
    extract::Json,
    problem::Problem,
};

/// Exchanges a refresh token for the next pair
///
/// Asking again with the same token within 30 s gives the same pair. A token
/// whose successor was used ends the whole sign-in.
#[utoipa::path(
    post,
    path = "/v1/session/refresh",
    operation_id = "refreshSession",
    tag = "session",
    request_body = Refresh,
    responses((status = 200, body = Tokens)),
)]
pub async fn refresh(
    State(app): State<App>,
    Json(Refresh { refresh_token }): Json<Refresh>,
) -> Result<axum::Json<Tokens>, Problem> {
    let request = RefreshTokensRequest { refresh_token: refresh_token.expose_secret().to_owned() };
    let pair = app.anybodys_customers().refresh_tokens(request).await?.into_inner();
    Ok(axum::Json(pair.try_into()?))
}
