//! `PUT /v1/me/boards`

use axum::extract::State;
use http::StatusCode;
use wire::customer::v1::SetOnBoardsRequest;

use crate::{App, api::dto::stats::OnBoards, auth::Viewer, extract::Json, problem::Problem};

/// Stands on the family's boards from now on, or does not any more
#[utoipa::path(
    put,
    path = "/v1/me/boards",
    operation_id = "setOnBoards",
    tag = "family",
    request_body = OnBoards,
    responses((status = 204, description = "It is so.")),
)]
pub async fn set(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<OnBoards>,
) -> Result<StatusCode, Problem> {
    let OnBoards { on_boards } = body;
    app.customers(&viewer).set_on_boards(SetOnBoardsRequest { on_boards }).await?;
    Ok(StatusCode::NO_CONTENT)
}
