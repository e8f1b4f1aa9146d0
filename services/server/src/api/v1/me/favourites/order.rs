//! `POST /v1/me/favourites/{id}/order`

use axum::{extract::State, response::Response};
use types::FavouriteId;
use wire::order::v1::OrderFavouriteRequest;

use super::OfFavourite;
use crate::{
    App,
    api::{
        dto::{favourite::AgainBody, order::Order},
        v1::orders::place::{Head, answer, in_time},
    },
    auth::Viewer,
    extract::{IdempotencyKey, OptionalJson, Path, PreferWait},
    problem::Problem,
};

/// Orders a favourite
///
/// If it is sold out, gone from the menu, or costs something else than was
/// agreed to, nothing is ordered, and the code says which: `sold-out`,
/// `not-on-the-menu`, `choices-changed`, `price-changed`.
#[utoipa::path(
    post,
    path = "/v1/me/favourites/{id}/order",
    operation_id = "orderFavourite",
    tag = "favourites",
    params(OfFavourite, Head),
    request_body(content = Option<AgainBody>),
    responses(
        (status = 201, description = "Placed", body = Order),
        (status = 200, description = "It was placed before, with this key", body = Order),
    ),
)]
pub async fn order(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<FavouriteId>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    PreferWait { milliseconds: wait_ms }: PreferWait,
    OptionalJson(AgainBody { price_beans, ask_guardian }): OptionalJson<AgainBody>,
) -> Result<Response, Problem> {
    let request = OrderFavouriteRequest {
        idempotency_key,
        favourite_id: id.to_string(),
        price_beans,
        wait_ms,
        ask_guardian,
    };
    let request = in_time(request, wait_ms);
    answer(app.orders(&viewer).order_favourite(request).await?.into_inner(), wait_ms)
}
