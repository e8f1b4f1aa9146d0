//! `GET /v1/members`

use axum::{Json, extract::State};
use wire::customer::v1::ListMembersRequest;

use crate::{App, api::dto::customer::Members, auth::Viewer, problem::Problem};

/// The whole family
#[utoipa::path(
    get,
    path = "/v1/members",
    operation_id = "listMembers",
    tag = "family",
    responses((status = 200, body = Members)),
)]
pub async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<Members>, Problem> {
    let members = app.customers(&viewer).list_members(ListMembersRequest {}).await?.into_inner();
    members.try_into().map(Json)
}
