//! `GET /v1/family/week`

use axum::{Json, extract::State};
use runtime::Code;
use wire::customer::v1::GetFamilyWeekRequest;

use crate::{
    App,
    api::dto::stats::{FamilyWeek, WhichWeek},
    auth::Viewer,
    extract::Query,
    problem::Problem,
};

/// What a week came to
///
/// Each week is summed up once it is over, on Monday morning; without one asked
/// for it is the newest. 404 for a week that was not.
#[utoipa::path(
    get,
    path = "/v1/family/week",
    operation_id = "showFamilyWeek",
    tag = "family",
    params(WhichWeek),
    responses((status = 200, body = FamilyWeek)),
)]
pub async fn week(
    State(app): State<App>,
    viewer: Viewer,
    Query(which): Query<WhichWeek>,
) -> Result<Json<FamilyWeek>, Problem> {
    let request = GetFamilyWeekRequest { iso_week: which.wire()? };
    let week = app.customers(&viewer).get_family_week(request).await?.into_inner();
    if week.iso_week.is_empty() {
        return Err(Problem::new(Code::NotFound).detail("No week was summed up yet."));
    }
    Ok(Json(week.into()))
}
