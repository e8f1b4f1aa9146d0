//! `GET /v1/invitations`

use axum::{Json, extract::State};
use wire::customer::v1::ListInvitedRequest;

use crate::{App, api::dto::invitation::InvitedMembers, auth::Viewer, problem::Problem};

/// Who was invited and has not come yet
#[utoipa::path(
    get,
    path = "/v1/invitations",
    operation_id = "listInvited",
    tag = "family",
    responses((status = 200, body = InvitedMembers)),
)]
pub async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<InvitedMembers>, Problem> {
    let invited = app.customers(&viewer).list_invited(ListInvitedRequest {}).await?.into_inner();
    invited.try_into().map(Json)
}
