//! `POST /v1/orders/{id}/release`

use axum::extract::State;
use types::OrderId;

use super::{OfOrder, Seen, command, done};
use crate::{
    App,
    api::dto::order::{CommandBody, CommandDone},
    auth::Viewer,
    extract::{IfMatch, OptionalJson, Path},
    problem::Problem,
};

/// Puts an order back into the queue
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/release",
    operation_id = "releaseOrder",
    tag = "orders",
    params(OfOrder, Seen),
    request_body = Option<CommandBody>,
    responses((status = 200, body = CommandDone)),
)]
pub async fn release(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    OptionalJson(body): OptionalJson<CommandBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let request = command(id, seen, body)?;
    done(app.orders(&viewer).release_order(request).await?)
}
