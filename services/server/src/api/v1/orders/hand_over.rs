//! `POST /v1/orders/{id}/hand-over`

use axum::extract::State;
use types::OrderId;
use wire::order::v1::HandOverOrderRequest;

use super::{OfOrder, Seen, done};
use crate::{
    App,
    api::dto::order::{CommandDone, HandOverBody},
    auth::Viewer,
    extract::{IfMatch, Json, Path},
    problem::Problem,
};

/// Gives an order to another barista
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/hand-over",
    operation_id = "handOverOrder",
    tag = "orders",
    params(OfOrder, Seen),
    request_body = HandOverBody,
    responses((status = 200, body = CommandDone)),
)]
pub async fn hand_over(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    Json(HandOverBody { version, barista }): Json<HandOverBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let (id, version) = (id.to_string(), seen.or(version)?);
    let request = HandOverOrderRequest { id, version, barista: barista.to_string() };
    done(app.orders(&viewer).hand_over_order(request).await?)
}
