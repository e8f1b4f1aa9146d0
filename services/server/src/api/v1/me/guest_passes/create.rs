//! `POST /v1/me/guest-passes`

use axum::{Json, extract::State};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use wire::customer::v1::{CreateGuestPassRequest, CreateGuestPassResponse};

use crate::{
    App,
    api::dto::{
        guest::{MadeGuestPass, NewGuestPass},
        nonsense,
    },
    auth::Viewer,
    extract::OptionalJson,
    problem::Problem,
};

/// Makes a guest pass: visitors order by it for one evening, on one's own beans
///
/// Several visitors may come in by the same one. Its secret is shown this once. For
/// adults alone.
#[utoipa::path(
    post,
    path = "/v1/me/guest-passes",
    operation_id = "createGuestPass",
    tag = "guests",
    request_body = Option<NewGuestPass>,
    responses((status = 201, description = "Made", body = MadeGuestPass)),
)]
pub async fn create(
    State(app): State<App>,
    viewer: Viewer,
    OptionalJson(NewGuestPass {}): OptionalJson<NewGuestPass>,
) -> Result<(StatusCode, Json<MadeGuestPass>), Problem> {
    let made = app.customers(&viewer).create_guest_pass(CreateGuestPassRequest {}).await?;
    let CreateGuestPassResponse { secret, pass } = made.into_inner();
    let pass = pass.ok_or_else(|| nonsense("made no guest pass"))?.try_into()?;
    let link = app.guest_address(&SecretString::from(secret.clone())).expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(MadeGuestPass { pass, link, secret })))
}
