//! Settling beans: what an order owes, in the ledger of customer-service.

use order_domain::{Because, Command, Order, StateKind};
use runtime::AppError;
use types::OrderId;

use super::{App, CommandError, Done};
use crate::store;

/// How many overdue orders are rejected at a look.
const OVERDUE_AT_ONCE: i64 = 50;

/// What settling came to.
#[derive(Debug, Clone)]
pub enum Settling {
    /// The ledger has what the order owes, and the order knows (it is queued if
    /// it was placed).
    Settled(Done),
    /// The account would fall too low; the order is rejected.
    Refused(Done),
    /// It has changed meanwhile: look again.
    Superseded,
    /// There was nothing to settle.
    Nothing,
}

impl Settling {
    const fn name(&self) -> &'static str {
        match self {
            Self::Settled(_) => "settled",
            Self::Refused(_) => "refused",
            Self::Superseded => "superseded",
            Self::Nothing => "nothing",
        }
    }
}

impl App {
    /// Brings the ledger to what an order owes, then the order on: to `queued`,
    /// `rejected`, or settled in the state it is in. Harmless to repeat and to do
    /// twice at once. One query to read it, one call, one statement.
    pub async fn settle(&self, id: OrderId) -> Result<Settling, CommandError> {
        let order = self.order(id).await?;
        self.settle_read(&order).await
    }

    /// The same for an order that has just been read. One call of
    /// customer-service, and one statement (a locked transaction only if
    /// somebody changed the order meanwhile).
    pub async fn settle_read(&self, order: &Order) -> Result<Settling, CommandError> {
        let result = self.try_settle(order).await;
        let outcome = match &result {
            Ok(settling) => settling.name(),
            Err(CommandError::Failed(error)) if error.is_transient() => "unavailable",
            Err(_) => "failed",
        };
        self.0.meters.settled(outcome);
        result
    }

    async fn try_settle(&self, order: &Order) -> Result<Settling, CommandError> {
        if order.is_settled() {
            return Ok(Settling::Nothing);
        }
        let revision = order.revision;
        let is_placed = order.state.kind() == StateKind::Placed;
        let command = match self.0.customers.settle(order).await? {
            super::customers::Answer::Settled if is_placed => Command::Queue { revision },
            super::customers::Answer::Settled => Command::Settled { revision },
            super::customers::Answer::Refused if is_placed => {
                Command::Reject { because: Because::NotEnoughBeans }
            }
            // Only a first settlement is refused, and that is a placed order's.
            super::customers::Answer::Refused | super::customers::Answer::Superseded => {
                return self.moved_on(order).await;
            }
        };
        match self.command_read(order, &command).await {
            Ok(done) if matches!(command, Command::Reject { .. }) => Ok(Settling::Refused(done)),
            Ok(done) => Ok(Settling::Settled(done)),
            // Cancelled or amended meanwhile: its newer revision is settled next.
            Err(CommandError::Rejected(_)) => Ok(Settling::Superseded),
            Err(error) => Err(error),
        }
    }

    /// The ledger knows better than what was read, so the order has changed since. If
    /// it has not, the two disagree, and asking again would not help. One query.
    async fn moved_on(&self, order: &Order) -> Result<Settling, CommandError> {
        let now = self.order(order.id).await?;
        if now.revision != order.revision || now.is_settled() {
            return Ok(Settling::Superseded);
        }
        let text = format!("the ledger has another history than {} at {}", now.id, now.revision);
        Err(AppError::internal(text).into())
    }

    /// Rejects, with an apology, placed orders whose beans could not be settled in
    /// time: the fast path's part of the promise when Temporal is away, too. One
    /// query, and one statement for each.
    pub(crate) async fn give_up_overdue(&self) -> Result<(), CommandError> {
        let overdue = store::orders::overdue(self.pool(), self.now(), OVERDUE_AT_ONCE).await?;
        for order in overdue {
            let command = Command::Reject { because: Because::NotSettledInTime };
            match self.command_read(&order, &command).await {
                Ok(_) => {
                    tracing::warn!(order.id = %order.id, "rejected an order with an apology");
                }
                // It has moved on.
                Err(CommandError::Rejected(_) | CommandError::NoSuchOrder) => {}
                Err(error @ (CommandError::Failed(_) | CommandError::Limited(_))) => {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
