//! `PUT /v1/members/{id}/limits`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::SetLimitsRequest;

use super::OfMember;
use crate::{
    App,
    api::dto::diner::{Diner, NewLimits},
    auth::Viewer,
    extract::{self, Path},
    problem::Problem,
};

/// Sets what a child may have on one day
///
/// A guardian's word. It counts for what is ordered from then on; what waits for
/// approval goes on waiting.
#[utoipa::path(
    put,
    path = "/v1/members/{id}/limits",
    operation_id = "setLimits",
    tag = "family",
    params(OfMember),
    request_body = NewLimits,
    responses((status = 200, body = Diner)),
)]
pub async fn limits(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
    extract::Json(NewLimits { limits }): extract::Json<NewLimits>,
) -> Result<Json<Diner>, Problem> {
    let limits = Some(limits.wire()?);
    let request = SetLimitsRequest { member_id: id.to_string(), limits };
    Ok(Json(app.customers(&viewer).set_limits(request).await?.into_inner().into()))
}
