//! `GET /v1/members/{id}/invitations`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::{ListInvitationsRequest, ListInvitationsResponse};

use crate::{
    App,
    api::{dto::invitation::Invitations, v1::members::OfMember},
    auth::Viewer,
    extract::Path,
    problem::Problem,
};

/// The links and codes of somebody that may still be used
#[utoipa::path(
    get,
    path = "/v1/members/{id}/invitations",
    operation_id = "listInvitationsOfMember",
    tag = "family",
    params(OfMember),
    responses((status = 200, body = Invitations)),
)]
pub async fn of_member(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
) -> Result<Json<Invitations>, Problem> {
    let request = ListInvitationsRequest { member_id: id.to_string() };
    let ListInvitationsResponse { invitations } =
        app.customers(&viewer).list_invitations(request).await?.into_inner();
    Ok(Json(invitations.into()))
}
