//! `PUT /v1/me/usual`

use axum::extract::State;
use http::StatusCode;
use wire::customer::v1::{SetUsualRequest, SetUsualResponse};

use crate::{App, api::dto::favourite::UsualBody, auth::Viewer, extract::Json, problem::Problem};

/// Says which favourite is the usual, or that none is
#[utoipa::path(
    put,
    path = "/v1/me/usual",
    operation_id = "setUsual",
    tag = "favourites",
    request_body = UsualBody,
    responses((status = 204, description = "So it is")),
)]
pub async fn set(
    State(app): State<App>,
    viewer: Viewer,
    Json(UsualBody { favourite }): Json<UsualBody>,
) -> Result<StatusCode, Problem> {
    let favourite_id = favourite.map(|id| id.to_string()).unwrap_or_default();
    let request = SetUsualRequest { favourite_id };
    let SetUsualResponse {} = app.customers(&viewer).set_usual(request).await?.into_inner();
    Ok(StatusCode::NO_CONTENT)
}
