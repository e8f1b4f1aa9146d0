//! `POST /v1/members`

use axum::{Json, extract::State};
use http::StatusCode;
use wire::customer::v1::CreateMemberRequest;

use crate::{
    App,
    api::dto::customer::{Member, NewMember},
    auth::Viewer,
    extract,
    problem::Problem,
};

/// Somebody joins the family
///
/// With an `id` of one's own making, repeating the request makes nobody twice;
/// who is there already stays as they are. A link then signs them in.
#[utoipa::path(
    post,
    path = "/v1/members",
    operation_id = "createMember",
    tag = "family",
    request_body = NewMember,
    responses((status = 201, body = Member)),
)]
pub async fn create(
    State(app): State<App>,
    viewer: Viewer,
    extract::Json(member): extract::Json<NewMember>,
) -> Result<(StatusCode, Json<Member>), Problem> {
    let NewMember { id, name, emoji, colour, roles, kind, guardian_ids } = member;
    let request = CreateMemberRequest {
        id: id.map(|id| id.to_string()).unwrap_or_default(),
        name,
        emoji: emoji.unwrap_or_default(),
        colour: colour.unwrap_or_default(),
        roles: roles.into_iter().map(|role| role.wire().into()).collect(),
        opening_beans: 0,
        kind: kind.map_or(0, |kind| kind.wire().into()),
        guardian_ids: guardian_ids.iter().map(ToString::to_string).collect(),
    };
    let member = app.customers(&viewer).create_member(request).await?.into_inner();
    app.forget_names();
    Ok((StatusCode::CREATED, Json(member.try_into()?)))
}
