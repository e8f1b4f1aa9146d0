//! `DELETE /v1/members/{id}`

use axum::extract::State;
use http::StatusCode;
use types::MemberId;
use wire::customer::v1::RemoveMemberRequest;

use super::OfMember;
use crate::{
    App,
    api::dto::customer::Leaves,
    auth::Viewer,
    extract::{Json, Path},
    problem::Problem,
};

/// Takes somebody out of the family for good
///
/// Everybody leaves by themselves, and an admin removes anybody; the last admin
/// stays. The person is deleted at once and everywhere; what they ordered stays
/// as numbers under an id that nobody is known by, and the ledger adds up.
#[utoipa::path(
    delete,
    path = "/v1/members/{id}",
    operation_id = "removeMember",
    tag = "family",
    params(OfMember),
    request_body = Leaves,
    responses((status = 204, description = "Gone")),
)]
pub async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
    Json(body): Json<Leaves>,
) -> Result<StatusCode, Problem> {
    let Leaves { name } = body;
    let request = RemoveMemberRequest { member_id: id.to_string(), name };
    app.customers(&viewer).remove_member(request).await?;
    app.forget_names();
    Ok(StatusCode::NO_CONTENT)
}
