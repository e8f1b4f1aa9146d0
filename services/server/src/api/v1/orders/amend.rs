//! `POST /v1/orders/{id}/amend`

use axum::extract::State;
use types::OrderId;
use wire::order::v1::AmendOrderRequest;

use super::{OfOrder, Seen, done};
use crate::{
    App,
    api::dto::order::{AmendBody, CommandDone},
    auth::Viewer,
    extract::{IfMatch, Json, Path},
    problem::Problem,
};

/// Replaces what is in an order that nobody has accepted yet
///
/// It keeps its number and its place in the queue.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/amend",
    operation_id = "amendOrder",
    tag = "orders",
    params(OfOrder, Seen),
    request_body = AmendBody,
    responses((status = 200, body = CommandDone)),
)]
pub async fn amend(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    Json(AmendBody { version, items }): Json<AmendBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let (id, version) = (id.to_string(), seen.or(version)?);
    let items = items.into_iter().map(Into::into).collect();
    done(app.orders(&viewer).amend_order(AmendOrderRequest { id, version, items }).await?)
}
