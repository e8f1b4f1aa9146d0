//! `POST /v1/orders/{id}/again`

use axum::{extract::State, response::Response};
use types::OrderId;
use wire::order::v1::OrderAgainRequest;

use super::{
    OfOrder,
    place::{Head, answer, in_time},
};
use crate::{
    App,
    api::dto::{favourite::AgainBody, order::Order},
    auth::Viewer,
    extract::{IdempotencyKey, OptionalJson, Path, PreferWait},
    problem::Problem,
};

/// Orders once more what is in an order of one's own
///
/// For the same people, with the same notes, without what was struck. If
/// something of it is sold out, gone from the menu, or it costs something else
/// than was agreed to, nothing is ordered, and the code says which.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/again",
    operation_id = "orderAgain",
    tag = "orders",
    params(OfOrder, Head),
    request_body(content = Option<AgainBody>),
    responses(
        (status = 201, description = "Placed", body = Order),
        (status = 200, description = "It was placed before, with this key", body = Order),
    ),
)]
pub async fn again(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    PreferWait { milliseconds: wait_ms }: PreferWait,
    OptionalJson(AgainBody { price_beans, ask_guardian }): OptionalJson<AgainBody>,
) -> Result<Response, Problem> {
    let request = OrderAgainRequest {
        idempotency_key,
        order_id: id.to_string(),
        price_beans,
        wait_ms,
        ask_guardian,
    };
    let request = in_time(request, wait_ms);
    answer(app.orders(&viewer).order_again(request).await?.into_inner(), wait_ms)
}
