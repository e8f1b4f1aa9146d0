//! `GET /v1/members/{id}/diner`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::GetDinerRequest;

use super::OfMember;
use crate::{App, api::dto::diner::Diner, auth::Viewer, extract::Path, problem::Problem};

/// What somebody may be served: limits and diet
///
/// One's own, or a child's for its guardian.
#[utoipa::path(
    get,
    path = "/v1/members/{id}/diner",
    operation_id = "showDiner",
    tag = "family",
    params(OfMember),
    responses((status = 200, body = Diner)),
)]
pub async fn diner(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
) -> Result<Json<Diner>, Problem> {
    let request = GetDinerRequest { member_id: id.to_string() };
    Ok(Json(app.customers(&viewer).get_diner(request).await?.into_inner().into()))
}
