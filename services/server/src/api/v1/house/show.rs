//! `GET /v1/house`

use axum::{Json, extract::State};
use wire::customer::v1::GetHouseRequest;

use crate::{App, api::dto::house::House, auth::Viewer, problem::Problem};

/// What holds for everybody in the house
#[utoipa::path(
    get,
    path = "/v1/house",
    operation_id = "showHouse",
    tag = "family",
    responses((status = 200, body = House)),
)]
pub async fn show(State(app): State<App>, viewer: Viewer) -> Result<Json<House>, Problem> {
    Ok(Json(app.customers(&viewer).get_house(GetHouseRequest {}).await?.into_inner().into()))
}
