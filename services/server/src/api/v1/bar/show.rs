//! `GET /v1/bar`

use axum::{Json, extract::State};
use wire::order::v1::GetBarRequest;

use crate::{App, api::dto::bar::Bar, auth::Asker, problem::Problem};

/// Whether the bar is open, and how long it would take
#[utoipa::path(
    get,
    path = "/v1/bar",
    operation_id = "showBar",
    tag = "bar",
    responses((status = 200, body = Bar)),
)]
pub async fn show(State(app): State<App>, asker: Asker) -> Result<Json<Bar>, Problem> {
    let bar = app.orders(&asker).get_bar(GetBarRequest {}).await?.into_inner();
    bar.try_into().map(Json)
}
