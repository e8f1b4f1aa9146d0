//! `GET /v1/members/{id}/pins`

use axum::{Json, extract::State};
use types::MemberId;
use wire::customer::v1::ListPinsRequest;

use crate::{
    App,
    api::{dto::device::Pins, v1::members::OfMember},
    auth::Viewer,
    extract::Path,
    problem::Problem,
};

/// For which devices somebody has a PIN
#[utoipa::path(
    get,
    path = "/v1/members/{id}/pins",
    operation_id = "listPins",
    tag = "devices",
    params(OfMember),
    responses((status = 200, body = Pins)),
)]
pub async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<MemberId>,
) -> Result<Json<Pins>, Problem> {
    let request = ListPinsRequest { member_id: id.to_string() };
    let pins = app.customers(&viewer).list_pins(request).await?.into_inner();
    pins.try_into().map(Json)
}
