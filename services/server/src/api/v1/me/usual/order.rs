//! `POST /v1/me/usual/order`

use axum::{extract::State, response::Response};
use utoipa::IntoParams;
use wire::order::v1::OrderFavouriteRequest;

use crate::{
    App,
    api::{
        dto::{favourite::AgainBody, order::Order},
        v1::orders::place::{answer, in_time},
    },
    auth::Viewer,
    extract::{OptionalIdempotencyKey, OptionalJson, PreferWait},
    problem::Problem,
};

/// What the head may have; for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what the extractors read")]
struct Head {
    /// 8 to 64 visible ASCII characters, new for each new order. Without it, what
    /// was ordered so within the last minute is the answer.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
    /// `wait=1` waits so many seconds, at most 5, until the order is queued or rejected.
    #[param(rename = "Prefer", example = "wait=1")]
    prefer: Option<String>,
}

/// Orders the usual
///
/// One call that needs nothing but who asks. If the usual is sold out, gone from
/// the menu, or costs something else than was agreed to, nothing is ordered, and
/// the code says which: `sold-out`, `not-on-the-menu`, `choices-changed`,
/// `price-changed`. Where there is no usual: `no-usual`.
#[utoipa::path(
    post,
    path = "/v1/me/usual/order",
    operation_id = "orderUsual",
    tag = "favourites",
    params(Head),
    request_body(content = Option<AgainBody>),
    responses(
        (status = 201, description = "Placed", body = Order),
        (status = 200, description = "It was placed before", body = Order),
    ),
)]
pub async fn order(
    State(app): State<App>,
    viewer: Viewer,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    PreferWait { milliseconds: wait_ms }: PreferWait,
    OptionalJson(AgainBody { price_beans, ask_guardian }): OptionalJson<AgainBody>,
) -> Result<Response, Problem> {
    let request = OrderFavouriteRequest {
        idempotency_key: key.unwrap_or_default(),
        favourite_id: String::new(),
        price_beans,
        wait_ms,
        ask_guardian,
    };
    let request = in_time(request, wait_ms);
    answer(app.orders(&viewer).order_favourite(request).await?.into_inner(), wait_ms)
}
