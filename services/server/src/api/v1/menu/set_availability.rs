//! `PUT /v1/menu/availability/{slug}`

use axum::extract::State;
use wire::order::v1::SetAvailabilityRequest;

use crate::{
    App,
    api::dto::{
        menu::{Availability, Menu},
        wire_time,
    },
    auth::Viewer,
    extract::{Json, Path},
    problem::Problem,
};

/// Takes an item, a milk or an extra off, or puts it back
#[utoipa::path(
    put,
    path = "/v1/menu/availability/{slug}",
    operation_id = "setAvailability",
    tag = "menu",
    params(("slug" = String, Path, description = "Of an item, a milk or an extra", example = "oat-milk")),
    request_body = Availability,
    responses((status = 200, description = "The menu as it is now", body = Menu)),
)]
pub async fn set_availability(
    State(app): State<App>,
    viewer: Viewer,
    Path(slug): Path<String>,
    Json(body): Json<Availability>,
) -> Result<axum::Json<Menu>, Problem> {
    let Availability { available, until } = body;
    let request = SetAvailabilityRequest { slug, available, until: until.map(wire_time) };
    let menu = app.orders(&viewer).set_availability(request).await?.into_inner();
    Ok(axum::Json(menu.into()))
}
