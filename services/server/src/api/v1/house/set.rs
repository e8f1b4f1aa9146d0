//! `PUT /v1/house`

use axum::extract::State;
use wire::customer::v1::SetHouseRequest;

use crate::{
    App,
    api::dto::house::{House, SetHouse},
    auth::Viewer,
    extract::Json,
    problem::Problem,
};

/// Sets what holds for everybody in the house
///
/// It counts for orders that are settled for the first time from then on; what
/// began at a free bar stays free. Every part of the house knows within seconds.
#[utoipa::path(
    put,
    path = "/v1/house",
    operation_id = "setHouse",
    tag = "family",
    request_body = SetHouse,
    responses((status = 200, body = House)),
)]
pub async fn set(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<SetHouse>,
) -> Result<axum::Json<House>, Problem> {
    let SetHouse { free_bar, floor_beans, weekly_allowance_beans, version } = body;
    let request = SetHouseRequest { free_bar, floor_beans, weekly_allowance_beans, version };
    Ok(axum::Json(app.customers(&viewer).set_house(request).await?.into_inner().into()))
}
