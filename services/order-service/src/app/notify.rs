//! Telling people: what and whom the domain says, recorded by customer-service.

use order_domain::{NoticeKind, Order};
use runtime::AppError;
use types::OrderId;

use super::{App, CommandError};

impl App {
    /// Tells what this order gives reason to. Recorded once per order, version
    /// that entered the state, kind and recipient: harmless to repeat. Answers
    /// false when the order has moved on and there is nothing to tell. One
    /// query, one call.
    pub async fn notify(&self, id: OrderId, kind: NoticeKind) -> Result<bool, CommandError> {
        let order = self.order(id).await?;
        self.notify_of(&order, kind).await
    }

    /// The same for an order that has just been read. One call.
    pub async fn notify_of(&self, order: &Order, kind: NoticeKind) -> Result<bool, CommandError> {
        let Some(notice) = order.notice(kind) else { return Ok(false) };
        self.0.customers.notify(order, &notice).await?;
        self.0.meters.notified(kind);
        Ok(true)
    }

    /// Gives each member the present week's beans, once per member and week,
    /// however often it is asked for; answers how many got them now. One call.
    pub async fn grant_due_allowances(&self) -> Result<u32, AppError> {
        self.0.customers.grant_due_allowances("").await
    }

    /// Has the last week summed up, once, however often it is asked for; answers
    /// whether that was news. One call.
    pub async fn write_family_week(&self) -> Result<bool, AppError> {
        self.0.customers.write_family_week("").await
    }
}
