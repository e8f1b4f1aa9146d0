//! What a person does to an order by a form, at the counter and on its own page.
//! Whether it may be done order-service says; `Order.allowed` chose the buttons.

use axum::response::Redirect;
use runtime::Code;
use types::OrderId;
use wire::order::v1 as pb;

use super::order_id;
use crate::{
    extract::Path,
    pages::frame::Frame,
    problem::Problem,
    web::{PageError, PageForm, see_other},
};

/// The buttons' names in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Accept,
    Ready,
    Release,
    Recall,
    PickUp,
    Cancel,
    Decline,
    Approve,
    Refuse,
    Acknowledge,
}

impl Act {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "accept" => Self::Accept,
            "ready" => Self::Ready,
            "release" => Self::Release,
            "recall" => Self::Recall,
            "pick-up" => Self::PickUp,
            "cancel" => Self::Cancel,
            "decline" => Self::Decline,
            "approve" => Self::Approve,
            "refuse" => Self::Refuse,
            "acknowledge" => Self::Acknowledge,
            _ => return None,
        })
    }
}

/// What such a form carries: the version that was seen, and why.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct ActForm {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    reason: String,
}

/// `POST /orders/{id}/{act}`
pub(crate) async fn on_page(
    frame: Frame,
    path: Result<Path<(String, String)>, Problem>,
    PageForm(form): PageForm<ActForm>,
) -> Result<Redirect, PageError> {
    let (id, act) = read(path)?;
    give(&frame, id, act, form).await?;
    Ok(see_other(&format!("/orders/{id}")))
}

/// `POST /counter/orders/{id}/{act}`
pub(crate) async fn at_counter(
    frame: Frame,
    path: Result<Path<(String, String)>, Problem>,
    PageForm(form): PageForm<ActForm>,
) -> Result<Redirect, PageError> {
    let (id, act) = read(path)?;
    give(&frame, id, act, form).await?;
    Ok(see_other("/counter"))
}

fn read(path: Result<Path<(String, String)>, Problem>) -> Result<(OrderId, Act), Problem> {
    let Path((id, act)) = path?;
    let act = Act::parse(&act).ok_or_else(|| Problem::new(Code::UnknownPath))?;
    Ok((order_id(Ok(Path(id)))?, act))
}

async fn give(frame: &Frame, id: OrderId, act: Act, form: ActForm) -> Result<(), PageError> {
    let ActForm { version, reason } = form;
    let request = pb::CommandRequest { id: id.to_string(), version, reason };
    let mut orders = frame.app.orders(&frame.viewer);
    match act {
        Act::Accept => orders.accept_order(request).await?,
        Act::Ready => orders.ready_order(request).await?,
        Act::Release => orders.release_order(request).await?,
        Act::Recall => orders.recall_order(request).await?,
        Act::PickUp => orders.pick_up_order(request).await?,
        Act::Cancel => orders.cancel_order(request).await?,
        Act::Decline => orders.decline_order(request).await?,
        Act::Approve => orders.approve_order(request).await?,
        Act::Refuse => orders.refuse_order(request).await?,
        Act::Acknowledge => orders.acknowledge_order(request).await?,
    };
    Ok(())
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct TickForm {
    line: i32,
    ticked: bool,
}

/// `POST /counter/orders/{id}/tick`
pub(crate) async fn tick(
    frame: Frame,
    id: Result<Path<String>, Problem>,
    PageForm(TickForm { line, ticked }): PageForm<TickForm>,
) -> Result<Redirect, PageError> {
    // Whatever version: two quick ticks of one order must not stumble over each other.
    let request = pb::TickItemRequest { id: order_id(id)?.to_string(), version: 0, line, ticked };
    frame.app.orders(&frame.viewer).tick_item(request).await?;
    Ok(see_other("/counter"))
}
