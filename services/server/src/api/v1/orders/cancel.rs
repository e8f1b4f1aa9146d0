//! `POST /v1/orders/{id}/cancel`

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

/// Cancels an order
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    operation_id = "cancelOrder",
    tag = "orders",
    params(OfOrder, Seen),
    request_body = Option<CommandBody>,
    responses((status = 200, body = CommandDone)),
)]
pub async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    OptionalJson(body): OptionalJson<CommandBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let request = command(id, seen, body)?;
    done(app.orders(&viewer).cancel_order(request).await?)
}
