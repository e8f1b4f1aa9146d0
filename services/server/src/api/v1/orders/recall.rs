//! `POST /v1/orders/{id}/recall`

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

/// Takes "ready" back: it is not, after all
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/recall",
    operation_id = "recallOrder",
    tag = "orders",
    params(OfOrder, Seen),
    request_body = Option<CommandBody>,
    responses((status = 200, body = CommandDone)),
)]
pub async fn recall(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    OptionalJson(body): OptionalJson<CommandBody>,
) -> Result<axum::Json<CommandDone>, Problem> {
    let request = command(id, seen, body)?;
    done(app.orders(&viewer).recall_order(request).await?)
}
