//! `GET /v1/approvals`

use axum::{Json, extract::State};
use wire::order::v1::ListApprovalsRequest;

use crate::{App, api::dto::children::Approvals, auth::Viewer, problem::Problem};

/// Held orders that wait for one's yes, as a guardian
#[utoipa::path(
    get,
    path = "/v1/approvals",
    operation_id = "listApprovals",
    tag = "orders",
    responses((status = 200, body = Approvals)),
)]
pub async fn approvals(State(app): State<App>, viewer: Viewer) -> Result<Json<Approvals>, Problem> {
    let listed = app.orders(&viewer).list_approvals(ListApprovalsRequest {}).await?.into_inner();
    listed.try_into().map(Json)
}
