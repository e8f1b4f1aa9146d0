//! `GET /v1/queue`

use axum::{Json, extract::State};
use wire::order::v1::GetQueueRequest;

use crate::{App, api::dto::order::Queue, auth::Asker, problem::Problem};

/// The counter's view: what is queued, in the making, and ready
#[utoipa::path(
    get,
    path = "/v1/queue",
    operation_id = "showQueue",
    tag = "orders",
    responses((status = 200, body = Queue)),
)]
pub async fn show(State(app): State<App>, asker: Asker) -> Result<Json<Queue>, Problem> {
    let queue = app.orders(&asker).get_queue(GetQueueRequest {}).await?.into_inner();
    queue.try_into().map(Json)
}
