//! `DELETE /v1/me/favourites/{id}`

use axum::extract::State;
use http::StatusCode;
use types::FavouriteId;
use wire::customer::v1::{RemoveFavouriteRequest, RemoveFavouriteResponse};

use super::OfFavourite;
use crate::{App, auth::Viewer, extract::Path, problem::Problem};

/// Forgets a favourite
///
/// Forgetting what is gone already is no error.
#[utoipa::path(
    delete,
    path = "/v1/me/favourites/{id}",
    operation_id = "removeFavourite",
    tag = "favourites",
    params(OfFavourite),
    responses((status = 204, description = "Gone")),
)]
pub async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<FavouriteId>,
) -> Result<StatusCode, Problem> {
    let request = RemoveFavouriteRequest { favourite_id: id.to_string() };
    let RemoveFavouriteResponse { already_so: _ } =
        app.customers(&viewer).remove_favourite(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
