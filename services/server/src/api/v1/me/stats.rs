//! `GET /v1/me/stats`

use axum::{Json, extract::State};
use wire::customer::v1::GetStatsRequest;

use crate::{App, api::dto::stats::Stats, auth::Viewer, problem::Problem};

/// What one drank, made and earned
#[utoipa::path(
    get,
    path = "/v1/me/stats",
    operation_id = "showStats",
    tag = "family",
    responses((status = 200, body = Stats)),
)]
pub async fn stats(State(app): State<App>, viewer: Viewer) -> Result<Json<Stats>, Problem> {
    let request = GetStatsRequest { member_id: String::new() };
    Ok(Json(app.customers(&viewer).get_stats(request).await?.into_inner().into()))
}
