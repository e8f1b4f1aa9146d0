//! `POST /v1/session/code`

use axum::extract::State;
use http::StatusCode;

use crate::{
    App,
    api::dto::session::{Join, Tokens},
    extract::Json,
    limits::Household,
    problem::Problem,
};

/// Signs in with a code of six digits
///
/// Wrong codes count against the address that they come from: after five it
/// waits a minute, then twice as long each time, up to an hour.
#[utoipa::path(
    post,
    path = "/v1/session/code",
    operation_id = "signInWithCode",
    tag = "session",
    request_body = Join,
    responses((status = 201, description = "Signed in", body = Tokens)),
)]
pub async fn join(
    State(app): State<App>,
    from: Household,
    Json(body): Json<Join>,
) -> Result<(StatusCode, axum::Json<Tokens>), Problem> {
    let Join { code, device } = body;
    let pair = app.join(&code, device.as_deref().unwrap_or(""), &from).await?;
    Ok((StatusCode::CREATED, axum::Json(pair.try_into()?)))
}
