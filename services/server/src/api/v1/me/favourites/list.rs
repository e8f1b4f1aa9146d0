//! `GET /v1/me/favourites`

use axum::{Json, extract::State};
use wire::customer::v1::ListFavouritesRequest;

use crate::{App, api::dto::favourite::Favourites, auth::Viewer, problem::Problem};

/// One's favourites
///
/// Each says what it was when it was kept, and what it is now.
#[utoipa::path(
    get,
    path = "/v1/me/favourites",
    operation_id = "listFavourites",
    tag = "favourites",
    responses((status = 200, body = Favourites)),
)]
pub async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<Favourites>, Problem> {
    let all = app.customers(&viewer).list_favourites(ListFavouritesRequest {}).await?;
    all.into_inner().try_into().map(Json)
}
