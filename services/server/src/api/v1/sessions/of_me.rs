//! `GET /v1/me/sessions`

use axum::{Json, extract::State};
use wire::customer::v1::ListSessionsRequest;

use crate::{App, api::dto::session::Sessions, auth::Viewer, problem::Problem};

/// Where one is signed in
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    operation_id = "listMySessions",
    tag = "session",
    responses((status = 200, body = Sessions)),
)]
pub async fn of_me(State(app): State<App>, viewer: Viewer) -> Result<Json<Sessions>, Problem> {
    let request = ListSessionsRequest { member_id: String::new() };
    let sessions = app.customers(&viewer).list_sessions(request).await?.into_inner();
    Ok(Json(sessions.into()))
}
