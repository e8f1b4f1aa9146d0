//! `POST /v1/me/tokens`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use wire::customer::v1::CreateApiTokenRequest;

use crate::{
    App,
    api::dto::token::{MadeApiToken, NewApiToken},
    auth::Viewer,
    extract::Json,
    problem::Problem,
};

/// Makes a personal API token
///
/// Its secret is shown this once. It is over when it was not used for 90 days.
#[utoipa::path(
    post,
    path = "/v1/me/tokens",
    operation_id = "createApiToken",
    tag = "session",
    request_body = NewApiToken,
    responses((status = 201, description = "Made", body = MadeApiToken)),
)]
pub async fn create(
    State(app): State<App>,
    viewer: Viewer,
    Json(NewApiToken { name, scope }): Json<NewApiToken>,
) -> Result<(StatusCode, Answer<MadeApiToken>), Problem> {
    let request = CreateApiTokenRequest { name, scope };
    let made = app.customers(&viewer).create_api_token(request).await?.into_inner();
    Ok((StatusCode::CREATED, Answer(made.try_into()?)))
}
