//! `GET /v1/orders`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::order::v1::ListOrdersRequest;

use crate::{
    App,
    api::{dto::order::OrderList, v1::paging},
    auth::Viewer,
    extract::Query,
    problem::Problem,
};

/// Which of one's orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only those that are not over.
    #[serde(default)]
    open: bool,
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[param(max_length = 512)]
    cursor: Option<String>,
    /// 1 to 100; 20 without.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
}

/// One's own orders, newest first
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "listOrders",
    tag = "orders",
    params(Wanted),
    responses((status = 200, body = OrderList)),
)]
pub async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(Wanted { open, cursor, limit }): Query<Wanted>,
) -> Result<Json<OrderList>, Problem> {
    let (cursor, limit) = paging(cursor, limit)?;
    let request = ListOrdersRequest { member_id: String::new(), cursor, limit, open_only: open };
    app.orders(&viewer).list_orders(request).await?.into_inner().try_into().map(Json)
}
