//! Ordering again what was agreed to before: a favourite as it was kept, or what
//! was in an earlier order. It is placed like any other order, but only as the
//! same drinks at the price that was agreed to.

use std::time::Duration;

use chrono::TimeDelta;
use order_domain::DrinkRequest;
use runtime::AppError;
use types::{Beans, FavouriteId, MemberId, OrderId, Timestamp};

use super::{App, Ask, CommandError, Placed, WhereLimited};

/// For so long a usual that was ordered without a key is the answer to the next one.
const ONE_TAP: TimeDelta = TimeDelta::seconds(60);

/// What is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    Favourite(FavouriteId),
    Usual,
    Order(OrderId),
}

/// What makes asking twice harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The sender's.
    Given(String),
    /// None was sent: the minute is.
    Minute,
}

/// Somebody asks for something again.
#[derive(Debug, Clone)]
pub struct AskAgain {
    pub member: MemberId,
    pub what: Again,
    pub key: Key,
    /// SHA-256 of the request.
    pub hash: Vec<u8>,
    /// None: what it cost then.
    pub agreed: Option<Beans>,
    /// Wait up to this long until it is queued or rejected.
    pub wait: Duration,
    pub where_limited: WhereLimited,
}

/// What was agreed to.
struct Before {
    items: Vec<DrinkRequest>,
    price: Beans,
}

impl App {
    /// Places it again, or says what is otherwise by now. One call to
    /// customer-service for a favourite, one query for an order, and what placing
    /// costs. Asked again with the same key the answer is the same order, also
    /// when the favourite is gone or customer-service away.
    pub async fn order_again(&self, ask: AskAgain) -> Result<Placed, AppError> {
        let AskAgain { member, what, key, hash, agreed, wait, where_limited } = ask;
        let key = match key {
            Key::Given(key) => key,
            Key::Minute => {
                let now = self.now();
                let before = self.earlier_by(member, &key_of(now - ONE_TAP), &hash).await?;
                match before.filter(|placed| placed.order.placed_at > now - ONE_TAP) {
                    Some(placed) => return Ok(placed),
                    None => key_of(now),
                }
            }
        };
        let Before { items, price } = match self.before(member, what).await {
            Ok(before) => before,
            Err(refusal) => return self.earlier_by(member, &key, &hash).await?.ok_or(refusal),
        };
        self.place(Ask {
            member,
            idempotency_key: key,
            hash,
            items,
            agreed: Some(agreed.unwrap_or(price)),
            not_before: None,
            wait,
            where_limited,
        })
        .await
    }

    async fn before(&self, member: MemberId, what: Again) -> Result<Before, AppError> {
        let favourite = match what {
            Again::Favourite(id) => Some(id),
            Again::Usual => None,
            Again::Order(id) => return self.earlier_order(member, id).await,
        };
        let (item, price) = self.0.customers.favourite(member, favourite).await?;
        Ok(Before { items: vec![item], price })
    }

    async fn earlier_order(&self, member: MemberId, id: OrderId) -> Result<Before, AppError> {
        let order = self.order(id).await?;
        if order.placed_by != member {
            return Err(CommandError::NoSuchOrder.into());
        }
        let live = order.items.iter().filter(|item| item.is_live());
        Ok(Before { items: live.map(|item| item.wish().request()).collect(), price: order.price() })
    }
}

/// The key of a usual that is ordered in this minute.
fn key_of(now: Timestamp) -> String {
    format!("the usual of minute {}", now.timestamp().div_euclid(60))
}
