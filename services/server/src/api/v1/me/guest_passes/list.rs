//! `GET /v1/me/guest-passes`

use axum::{Json, extract::State};
use wire::customer::v1::ListGuestPassesRequest;

use crate::{App, api::dto::guest::GuestPasses, auth::Viewer, problem::Problem};

/// One's guest passes that are still good, and who came in by them
#[utoipa::path(
    get,
    path = "/v1/me/guest-passes",
    operation_id = "listGuestPasses",
    tag = "guests",
    responses((status = 200, body = GuestPasses)),
)]
pub async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<GuestPasses>, Problem> {
    let passes = app.customers(&viewer).list_guest_passes(ListGuestPassesRequest {}).await?;
    passes.into_inner().try_into().map(Json)
}
