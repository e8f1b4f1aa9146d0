//! Orders: the way of one, and the list of one's own.

pub(crate) mod act;
pub(crate) mod again;
pub(crate) mod place;

use askama::Template;
use runtime::Code;
use types::OrderId;
use wire::order::v1 as pb;

use super::{
    frame::Frame,
    view::{
        Shell, Tab,
        order::{OrderView, Teller},
    },
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
    web::{Page, PageError},
};

#[derive(Template)]
#[template(path = "order/page.html")]
pub(crate) struct OrderPage {
    pub(crate) shell: Shell,
    pub(crate) order: OrderView,
}

#[derive(Template)]
#[template(path = "order/card.html")]
pub(crate) struct OrderCard {
    pub(crate) shell: Shell,
    pub(crate) order: OrderView,
}

#[derive(Template)]
#[template(path = "order/list.html")]
pub(crate) struct OrdersPage {
    pub(crate) shell: Shell,
    /// Only the first page is: what is older does not change.
    pub(crate) live: bool,
    pub(crate) orders: Vec<OrderView>,
    pub(crate) next: String,
}

#[derive(Template)]
#[template(path = "order/rows.html")]
pub(crate) struct OrderRows {
    pub(crate) orders: Vec<OrderView>,
    pub(crate) next: String,
}

#[derive(Template)]
#[template(path = "order/open.html")]
pub(crate) struct OpenOrders {
    pub(crate) open: Vec<OrderView>,
}

/// An order's id in a page's path; what is none leads nowhere.
pub(crate) fn order_id(path: Result<Path<String>, Problem>) -> Result<OrderId, Problem> {
    let Path(text) = path?;
    text.parse().map_err(|_| Problem::new(Code::NotFound).detail("There is no such order."))
}

async fn load(frame: &Frame, id: OrderId) -> Result<(OrderView, Teller), PageError> {
    let mut orders = frame.app.orders(&frame.viewer);
    let request = pb::GetOrderRequest { id: id.to_string() };
    let (order, teller) = tokio::join!(orders.get_order(request), frame.teller());
    Ok((teller.order(&order?.into_inner()), teller))
}

/// `GET /orders/{id}`
pub(crate) async fn page(
    frame: Frame,
    id: Result<Path<String>, Problem>,
) -> Result<Page<OrderPage>, PageError> {
    let (order, teller) = load(&frame, order_id(id)?).await?;
    Ok(Page(OrderPage { shell: frame.shell(Tab::Orders, &teller.people), order }))
}

/// `GET /orders/{id}/card`
pub(crate) async fn card(
    frame: Frame,
    id: Result<Path<String>, Problem>,
) -> Result<Page<OrderCard>, PageError> {
    let (order, _) = load(&frame, order_id(id)?).await?;
    Ok(Page(OrderCard { shell: frame.part(), order }))
}

/// Where the list goes on.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    cursor: String,
}

const PAGE_SIZE: i32 = 20;

async fn mine(frame: &Frame, cursor: String) -> Result<(OrderRows, Teller), PageError> {
    let request = pb::ListOrdersRequest {
        member_id: String::new(),
        cursor,
        limit: PAGE_SIZE,
        open_only: false,
    };
    let mut orders = frame.app.orders(&frame.viewer);
    let (found, teller) = tokio::join!(orders.list_orders(request), frame.teller());
    let pb::ListOrdersResponse { orders, next_cursor, position: _ } = found?.into_inner();
    let orders = orders.iter().map(|order| teller.order(order)).collect();
    Ok((OrderRows { orders, next: next_cursor }, teller))
}

/// `GET /orders?cursor=`
pub(crate) async fn list(
    frame: Frame,
    from: Result<Query<From>, Problem>,
) -> Result<Page<OrdersPage>, PageError> {
    let Query(From { cursor }) = from?;
    let live = cursor.is_empty();
    let (OrderRows { orders, next }, teller) = mine(&frame, cursor).await?;
    Ok(Page(OrdersPage { shell: frame.shell(Tab::Orders, &teller.people), live, orders, next }))
}

/// `GET /orders/list`
pub(crate) async fn rows(frame: Frame) -> Result<Page<OrderRows>, PageError> {
    let (rows, _) = mine(&frame, String::new()).await?;
    Ok(Page(rows))
}

/// `GET /orders/open`
pub(crate) async fn open(frame: Frame) -> Result<Page<OpenOrders>, PageError> {
    let (open, teller) = tokio::join!(frame.open_orders(), frame.teller());
    Ok(Page(OpenOrders { open: open?.iter().map(|order| teller.order(order)).collect() }))
}
