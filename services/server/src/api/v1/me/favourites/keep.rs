//! `POST /v1/me/favourites`

use axum::{Json as Answer, extract::State};
use http::StatusCode;

use crate::{
    App,
    api::dto::favourite::{Favourite, NewFavourite},
    auth::Viewer,
    extract::Json,
    problem::Problem,
};

/// Keeps a drink by a name
///
/// The same drink by the same name again notes what it costs now; another drink
/// by a name that is taken is a 409.
#[utoipa::path(
    post,
    path = "/v1/me/favourites",
    operation_id = "keepFavourite",
    tag = "favourites",
    request_body = NewFavourite,
    responses((status = 201, description = "Kept", body = Favourite)),
)]
pub async fn keep(
    State(app): State<App>,
    viewer: Viewer,
    Json(new): Json<NewFavourite>,
) -> Result<(StatusCode, Answer<Favourite>), Problem> {
    let kept = app.customers(&viewer).keep_favourite(tonic::Request::new(new.into())).await?;
    Ok((StatusCode::CREATED, Answer(kept.into_inner().try_into()?)))
}
