//! `POST /v1/orders/{id}/items/{line}/tick`

use axum::extract::State;
use types::OrderId;
use wire::order::v1::TickItemRequest;

use super::{OfLine, Seen, done};
use crate::{
    App,
    api::dto::order::{CommandDone, TickBody},
    auth::Viewer,
    extract::{IfMatch, OptionalJson, Path},
    problem::Problem,
};

/// Ticks one line off, or takes the tick away
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/items/{line}/tick",
    operation_id = "tickItem",
    tag = "orders",
    params(OfLine, Seen),
    request_body = Option<TickBody>,
    responses((status = 200, body = CommandDone)),
)]
pub async fn tick(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, line)): Path<(OrderId, u16)>,
    seen: IfMatch,
    OptionalJson(TickBody { version, ticked }): OptionalJson<TickBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let (id, version, line) = (id.to_string(), seen.or(version)?, i32::from(line));
    let request = TickItemRequest { id, version, line, ticked: ticked.unwrap_or(true) };
    done(app.orders(&viewer).tick_item(request).await?)
}
