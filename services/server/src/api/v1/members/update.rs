//! `PATCH /v1/members/{id}`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::{RoleSet, UpdateMemberRequest};

use super::OfMember;
use crate::{
    App,
    api::dto::customer::{Member, MemberChanges},
    auth::Viewer,
    extract::{self, Path},
    problem::Problem,
};

/// Changes a card, roles, or who looks after whom
///
/// What is left out stays as it is. Everybody changes their own card; roles, and
/// other people's cards, are changed by admins, and so is who is a child with
/// which guardians. Other roles count everywhere within 5 seconds, and nobody is
/// signed out by it. The last admin stays one, and a child keeps a guardian.
#[utoipa::path(
    patch,
    path = "/v1/members/{id}",
    operation_id = "updateMember",
    tag = "family",
    params(OfMember),
    request_body = MemberChanges,
    responses((status = 200, body = Member)),
)]
pub async fn update(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
    extract::Json(changes): extract::Json<MemberChanges>,
) -> Result<Json<Member>, Problem> {
    let kin = changes.kin();
    let MemberChanges { name, emoji, colour, roles, kind: _, guardian_ids: _ } = changes;
    let roles = roles
        .map(|roles| RoleSet { roles: roles.into_iter().map(|role| role.wire().into()).collect() });
    let request =
        UpdateMemberRequest { member_id: id.to_string(), name, emoji, colour, roles, kin };
    let member = app.customers(&viewer).update_member(request).await?.into_inner();
    member.try_into().map(Json)
}
