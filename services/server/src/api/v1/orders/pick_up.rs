//! `POST /v1/orders/{id}/pick-up`

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

/// Picks an order up, or hands it over the counter
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/pick-up",
    operation_id = "pickUpOrder",
    tag = "orders",
    params(OfOrder, Seen),
    request_body = Option<CommandBody>,
    responses((status = 200, body = CommandDone)),
)]
pub async fn pick_up(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    OptionalJson(body): OptionalJson<CommandBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let request = command(id, seen, body)?;
    done(app.orders(&viewer).pick_up_order(request).await?)
}
