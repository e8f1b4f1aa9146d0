//! `POST /v1/orders/{id}/items/{line}/strike`

use axum::extract::State;
use types::OrderId;
use wire::order::v1::StrikeItemRequest;

use super::{OfLine, Seen, done};
use crate::{
    App,
    api::dto::order::{CommandDone, StrikeBody},
    auth::Viewer,
    extract::{IfMatch, Json, Path},
    problem::Problem,
};

/// Strikes one line from an order, with a reason that the customer reads
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/items/{line}/strike",
    operation_id = "strikeItem",
    tag = "orders",
    params(OfLine, Seen),
    request_body = StrikeBody,
    responses((status = 200, body = CommandDone)),
)]
pub async fn strike(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, line)): Path<(OrderId, u16)>,
    seen: IfMatch,
    Json(StrikeBody { version, reason }): Json<StrikeBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let (id, version, line) = (id.to_string(), seen.or(version)?, i32::from(line));
    let request = StrikeItemRequest { id, version, line, reason };
    done(app.orders(&viewer).strike_item(request).await?)
}
