//! `GET /v1/family/boards`

use axum::{Json, extract::State};
use wire::customer::v1::GetBoardsRequest;

use crate::{App, api::dto::stats::Boards, auth::Viewer, problem::Problem};

/// Who stands where, of those who want to stand there
#[utoipa::path(
    get,
    path = "/v1/family/boards",
    operation_id = "showBoards",
    tag = "family",
    responses((status = 200, body = Boards)),
)]
pub async fn boards(State(app): State<App>, viewer: Viewer) -> Result<Json<Boards>, Problem> {
    Ok(Json(app.customers(&viewer).get_boards(GetBoardsRequest {}).await?.into_inner().into()))
}
