//! `GET /v1/members/{id}/passkeys`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::ListPasskeysRequest;

use crate::{
    App,
    api::{dto::passkey::Passkeys, v1::members::OfMember},
    auth::Viewer,
    extract::Path,
    problem::Problem,
};

/// Somebody's passkeys
#[utoipa::path(
    get,
    path = "/v1/members/{id}/passkeys",
    operation_id = "listPasskeysOfMember",
    tag = "session",
    params(OfMember),
    responses((status = 200, body = Passkeys)),
)]
pub async fn of_member(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
) -> Result<Json<Passkeys>, Problem> {
    let request = ListPasskeysRequest { member_id: id.to_string() };
    let passkeys = app.customers(&viewer).list_passkeys(request).await?.into_inner();
    passkeys.try_into().map(Json)
}
