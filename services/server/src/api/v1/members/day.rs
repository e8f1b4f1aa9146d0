//! `GET /v1/members/{id}/day`

use axum::{Json, extract::State};
use types::MemberId;
use wire::order::v1::GetDayRequest;

use super::OfMember;
use crate::{App, api::dto::children::Day, auth::Viewer, extract::Path, problem::Problem};

/// What somebody had today, and what their limits leave
///
/// One's own, or a child's for its guardian. Only a child's drinks are counted.
#[utoipa::path(
    get,
    path = "/v1/members/{id}/day",
    operation_id = "showDay",
    tag = "family",
    params(OfMember),
    responses((status = 200, body = Day)),
)]
pub async fn day(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
) -> Result<Json<Day>, Problem> {
    let request = GetDayRequest { member_id: id.to_string() };
    Ok(Json(app.orders(&viewer).get_day(request).await?.into_inner().into()))
}
