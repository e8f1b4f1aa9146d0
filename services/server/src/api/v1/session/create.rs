//! `POST /v1/session`

use axum::extract::State;
use http::StatusCode;

use crate::{
    App,
    api::dto::session::{SignIn, Tokens},
    extract::Json,
    problem::Problem,
};

/// Signs in with the secret of a one-time link
#[utoipa::path(
    post,
    path = "/v1/session",
    operation_id = "signIn",
    tag = "session",
    request_body = SignIn,
    responses((status = 201, description = "Signed in", body = Tokens)),
)]
pub async fn create(
    State(app): State<App>,
    Json(body): Json<SignIn>,
) -> Result<(StatusCode, axum::Json<Tokens>), Problem> {
    let SignIn { secret, device } = body;
    let pair = app.sign_in(&secret, device.as_deref().unwrap_or("")).await?;
    Ok((StatusCode::CREATED, axum::Json(pair.try_into()?)))
}
