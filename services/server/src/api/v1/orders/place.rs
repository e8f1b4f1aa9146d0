//! `POST /v1/orders`

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use utoipa::IntoParams;
use wire::order::v1::{PlaceOrderRequest, PlaceOrderResponse};

use crate::{
    App,
    api::dto::{
        nonsense,
        order::{NewOrder, Order},
        wire_time,
    },
    auth::Viewer,
    extract::{IdempotencyKey, Json, PreferWait},
    problem::Problem,
};

/// What the head must and may have; for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what the extractors read")]
pub struct Head {
    /// 8 to 64 visible ASCII characters, new for each new order. Asked again with
    /// it, the same order is the answer; with another body, 422.
    #[param(rename = "Idempotency-Key", example = "0b6f1c0e-5f0e-4a55-a5a5-9d2b7a1f4c11")]
    idempotency_key: String,
    /// `wait=1` waits so many seconds, at most 5, until the order is queued or rejected.
    #[param(rename = "Prefer", example = "wait=1")]
    prefer: Option<String>,
}

/// Places an order
///
/// What a child's limits say no to is refused as `limit-reached`, with what is
/// possible instead; what must not be in somebody's cup as `holds-allergen`.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "placeOrder",
    tag = "orders",
    params(Head),
    request_body = NewOrder,
    responses(
        (status = 201, description = "Placed", body = Order, headers(
            ("Location" = String, description = "The order"),
            ("Preference-Applied" = String, description = "What of `Prefer` was done"),
        )),
        (status = 200, description = "It was placed before, with this key", body = Order),
    ),
)]
pub async fn place(
    State(app): State<App>,
    viewer: Viewer,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    PreferWait { milliseconds: wait_ms }: PreferWait,
    Json(NewOrder { items, not_before, ask_guardian }): Json<NewOrder>,
) -> Result<Response, Problem> {
    let request = PlaceOrderRequest {
        idempotency_key,
        items: items.into_iter().map(Into::into).collect(),
        not_before: not_before.map(wire_time),
        wait_ms,
        ask_guardian,
    };
    let request = in_time(request, wait_ms);
    answer(app.orders(&viewer).place_order(request).await?.into_inner(), wait_ms)
}

/// With the usual time for a call, after the time that it was asked to wait.
pub(crate) fn in_time<T>(message: T, wait_ms: i32) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let wait = Duration::from_millis(wait_ms.unsigned_abs().into());
    request.set_timeout(Duration::from_secs(4) + wait);
    request
}

/// What was placed, now or before.
pub(crate) fn answer(placed: PlaceOrderResponse, wait_ms: i32) -> Result<Response, Problem> {
    let PlaceOrderResponse { order, repeated_request } = placed;
    let order: Order = order.ok_or_else(|| nonsense("placed without order"))?.try_into()?;
    let status = if repeated_request { StatusCode::OK } else { StatusCode::CREATED };
    let location = HeaderValue::from_str(&format!("/v1/orders/{}", order.id));
    let mut response = (status, axum::Json(order)).into_response();
    let headers = response.headers_mut();
    if let Ok(location) = location {
        headers.insert(header::LOCATION, location);
    }
    if wait_ms > 0
        && let Ok(applied) = HeaderValue::from_str(&format!("wait={}", wait_ms / 1000))
    {
        headers.insert(HeaderName::from_static("preference-applied"), applied);
    }
    Ok(response)
}
