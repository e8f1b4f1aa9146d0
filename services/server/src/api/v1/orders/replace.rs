//! `POST /v1/orders/{id}/items/{line}/replace`

use axum::extract::State;
use types::OrderId;
use wire::order::v1::ReplaceItemRequest;

use super::{OfLine, Seen, done};
use crate::{
    App,
    api::dto::order::{CommandDone, ReplaceBody},
    auth::Viewer,
    extract::{IfMatch, Json, Path},
    problem::Problem,
};

/// Makes something else of one line, with a reason that the customer reads
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/items/{line}/replace",
    operation_id = "replaceItem",
    tag = "orders",
    params(OfLine, Seen),
    request_body = ReplaceBody,
    responses((status = 200, body = CommandDone)),
)]
pub async fn replace(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, line)): Path<(OrderId, u16)>,
    seen: IfMatch,
    Json(ReplaceBody { version, item, reason }): Json<ReplaceBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let (id, version, line) = (id.to_string(), seen.or(version)?, i32::from(line));
    let request = ReplaceItemRequest { id, version, line, item: Some(item.into()), reason };
    done(app.orders(&viewer).replace_item(request).await?)
}
