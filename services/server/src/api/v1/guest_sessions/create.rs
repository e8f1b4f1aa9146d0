//! `POST /v1/guest-sessions`

use axum::extract::State;
use http::StatusCode;

use crate::{
    App,
    api::dto::{guest::EnterAsGuest, session::Tokens},
    extract::Json,
    problem::Problem,
};

/// Comes in as a guest, with the secret of a guest pass
///
/// The sign-in has the scope `guest`, and ends with the pass.
#[utoipa::path(
    post,
    path = "/v1/guest-sessions",
    operation_id = "enterAsGuest",
    tag = "guests",
    request_body = EnterAsGuest,
    responses((status = 201, description = "Came in", body = Tokens)),
)]
pub async fn create(
    State(app): State<App>,
    Json(body): Json<EnterAsGuest>,
) -> Result<(StatusCode, axum::Json<Tokens>), Problem> {
    let EnterAsGuest { secret, name, device } = body;
    let pair = app.enter_as_guest(&secret, &name, device.as_deref().unwrap_or("")).await?;
    Ok((StatusCode::CREATED, axum::Json(pair.try_into()?)))
}
