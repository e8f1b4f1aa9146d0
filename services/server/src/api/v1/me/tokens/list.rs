//! `GET /v1/me/tokens`

use axum::{Json, extract::State};
use wire::customer::v1::ListApiTokensRequest;

use crate::{App, api::dto::token::ApiTokens, auth::Viewer, problem::Problem};

/// One's personal API tokens
#[utoipa::path(
    get,
    path = "/v1/me/tokens",
    operation_id = "listApiTokens",
    tag = "session",
    responses((status = 200, body = ApiTokens)),
)]
pub async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<ApiTokens>, Problem> {
    let tokens = app.customers(&viewer).list_api_tokens(ListApiTokensRequest {}).await?;
    Ok(Json(tokens.into_inner().into()))
}
