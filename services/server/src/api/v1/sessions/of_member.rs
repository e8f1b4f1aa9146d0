//! `GET /v1/members/{id}/sessions`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::ListSessionsRequest;

use crate::{
    App,
    api::{dto::session::Sessions, v1::members::OfMember},
    auth::Viewer,
    extract::Path,
    problem::Problem,
};

/// Where somebody is signed in
#[utoipa::path(
    get,
    path = "/v1/members/{id}/sessions",
    operation_id = "listSessionsOfMember",
    tag = "session",
    params(OfMember),
    responses((status = 200, body = Sessions)),
)]
pub async fn of_member(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
) -> Result<Json<Sessions>, Problem> {
    let request = ListSessionsRequest { member_id: id.to_string() };
    let sessions = app.customers(&viewer).list_sessions(request).await?.into_inner();
    Ok(Json(sessions.into()))
}
