//! What was in an order, once more: first what is otherwise by now, then the button.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use runtime::Code;
use wire::order::v1 as pb;

use super::{
    order_id,
    place::{self, AskLabel, Limits, Placed, WAIT_MS},
};
use crate::{
    extract::Path,
    pages::{
        frame::{Frame, new_key},
        view::{Errors, Shell, Tab, menu::BarView, order::LineView},
    },
    problem::Problem,
    web::{Page, PageError, PageForm},
};

#[derive(Template)]
#[template(path = "order/again.html")]
pub(crate) struct AgainPage {
    pub(crate) shell: Shell,
    pub(crate) bar: BarView,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) lines: Vec<AgainLine>,
    /// Beans it cost then.
    pub(crate) was: i64,
    /// Beans it costs now; `None`: something of it cannot be had.
    pub(crate) now: Option<i64>,
    pub(crate) errors: Errors,
    /// A child's limits say no, and this button asks all the same.
    pub(crate) ask: Option<AskLabel>,
}

/// One drink of it.
#[derive(Debug, Clone)]
pub(crate) struct AgainLine {
    pub(crate) line: LineView,
    /// What is otherwise than it was; empty: nothing.
    pub(crate) says: String,
}

/// `GET /orders/{id}/again`
pub(crate) async fn page(
    frame: Frame,
    id: Result<Path<String>, Problem>,
) -> Result<Page<AgainPage>, PageError> {
    let id = order_id(id)?.to_string();
    Ok(Page(show(&frame, id, Errors::default()).await?))
}

async fn show(frame: &Frame, id: String, errors: Errors) -> Result<AgainPage, PageError> {
    let (mut orders, request) =
        (frame.app.orders(&frame.viewer), pb::GetOrderRequest { id: id.clone() });
    let (order, teller, bar) = tokio::join!(orders.get_order(request), frame.teller(), frame.bar());
    let (order, bar) = (order?.into_inner(), bar?);
    if order.placed_by != frame.viewer.member.to_string() {
        return Err(Problem::new(Code::NotFound).detail("There is no such order.").into());
    }
    let live: Vec<pb::Item> =
        order.items.into_iter().filter(|item| item.struck_reason.is_empty()).collect();
    let request = pb::CheckItemsRequest { items: live.iter().map(wish).collect() };
    let pb::CheckItemsResponse { items: checked } = orders.check_items(request).await?.into_inner();
    let mut now = Some(0);
    let mut lines = Vec::with_capacity(live.len());
    for (was, pb::CheckedItem { item, code, says }) in live.iter().zip(checked) {
        let price = item.filter(|_| code.is_empty()).map(|item| item.price_beans);
        now = now.zip(price).map(|(sum, price)| sum + price);
        let mut line = teller.line(was);
        line.price = price.unwrap_or(was.price_beans);
        let says = match price {
            Some(price) if price != was.price_beans && teller.pays => {
                format!("It costs {price} now, and not {}.", was.price_beans)
            }
            _ => says,
        };
        lines.push(AgainLine { line, says });
    }
    Ok(AgainPage {
        shell: frame.shell(Tab::Orders, &teller.people),
        id,
        key: new_key(),
        now: now.filter(|_| !lines.is_empty()),
        lines,
        was: order.price_beans,
        errors: errors.beside(&bar),
        ask: None,
        bar,
    })
}

fn wish(item: &pb::Item) -> pb::ItemRequest {
    pb::ItemRequest {
        menu_item: item.menu_item_id.clone(),
        size: item.size.clone(),
        milk: item.milk.clone(),
        extras: item.extras.clone(),
        ..pb::ItemRequest::default()
    }
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Once {
    key: String,
    /// What the page said it costs.
    price: i64,
    #[serde(default)]
    ask: String,
}

/// `POST /orders/{id}/again`
pub(crate) async fn order(
    frame: Frame,
    id: Result<Path<String>, Problem>,
    headers: HeaderMap,
    PageForm(Once { key, price, ask }): PageForm<Once>,
) -> Result<Response, PageError> {
    let id = order_id(id)?.to_string();
    place::check_key(&key)?;
    let request = pb::OrderAgainRequest {
        idempotency_key: key,
        order_id: id.clone(),
        price_beans: Some(price),
        wait_ms: WAIT_MS,
        ask_guardian: Limits::said(&ask) == Limits::Ask,
    };
    let placed = frame.app.orders(&frame.viewer).order_again(request).await;
    match place::outcome(placed)? {
        Placed::Order(order) => Ok(place::then(&frame, &headers, &order).await),
        Placed::Refused { status, errors, already_sent: _, ask } => {
            let page = AgainPage { ask, ..show(&frame, id, errors).await? };
            Ok((status, Page(page)).into_response())
        }
    }
}
