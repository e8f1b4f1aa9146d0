//! `GET /v1/reports`

use axum::{Json, extract::State};
use wire::customer::v1::GetReportRequest;

use crate::{
    App,
    api::dto::stats::{Report, WhichPeriod},
    auth::Viewer,
    extract::Query,
    problem::Problem,
};

/// What a day or a week was like: what sold, when, and how long people waited
#[utoipa::path(
    get,
    path = "/v1/reports",
    operation_id = "showReport",
    tag = "family",
    params(WhichPeriod),
    responses((status = 200, body = Report)),
)]
pub async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(which): Query<WhichPeriod>,
) -> Result<Json<Report>, Problem> {
    let request = GetReportRequest { period: which.wire()? };
    let report = app.customers(&viewer).get_report(request).await;
    let report = report.map_err(|status| Problem::from(status).of_query())?;
    Ok(Json(report.into_inner().into()))
}
