//! Placing an order.

use std::{sync::Arc, time::Duration};

use order_domain::{DrinkRequest, NewOrder, Order, StateKind};
use runtime::{AppError, Code};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use types::{Beans, MemberId, OrderId, Timestamp};

use super::App;
use crate::{
    convert,
    store::{
        self,
        orders::{Placing, RequestKey},
    },
};

/// How often placing looks again when the house changes under it.
const TRIES: usize = 4;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    pub member: MemberId,
    pub idempotency_key: String,
    /// SHA-256 of the request.
    pub hash: Vec<u8>,
    pub items: Vec<DrinkRequest>,
    /// They are asked for again: they must be as named, and cost this together.
    pub agreed: Option<Beans>,
    /// Hold it until then.
    pub not_before: Option<Timestamp>,
    /// Wait up to this long until it is queued or rejected.
    pub wait: Duration,
}

/// What placing came to.
#[derive(Debug, Clone)]
pub struct Placed {
    pub order: Order,
    /// The same key before: nothing new was placed.
    pub repeated: bool,
}

impl App {
    /// Stores a new order. One statement, one round trip, one commit; two more
    /// for a key that was used before, one or two more when menu or bar have
    /// changed since this replica looked, two more for the first of a day.
    /// Answers when it is stored, or after `wait` when it is queued or rejected.
    pub async fn place(&self, ask: Ask) -> Result<Placed, AppError> {
        let mut changes = self.changes();
        let placed = match self.place_new(&ask).await {
            Ok(placed) => placed,
            Err(refusal) if refusal.is_transient() => return Err(refusal),
            // What was placed stays placed, whatever the house says today.
            Err(refusal) => self.earlier(&ask).await?.ok_or(refusal)?,
        };
        if ask.wait.is_zero() {
            return Ok(placed);
        }
        let order = self.wait_until_queued(placed.order, &mut changes, ask.wait).await?;
        Ok(Placed { order, ..placed })
    }

    async fn place_new(&self, ask: &Ask) -> Result<Placed, AppError> {
        self.check_recipients(&ask.items, ask.member).await?;
        let mut house = self.house().await?;
        let mut is_fresh = false;
        for _ in 0..TRIES {
            let now = self.now();
            let order = match self.decide(ask, &house, now) {
                Ok(order) => order,
                Err(refusal) if is_fresh => return Err(refusal),
                Err(_) => {
                    // What is remembered may be old: only the database refuses.
                    house = self.fresh_house().await?;
                    is_fresh = true;
                    continue;
                }
            };
            let (mut order, event) = order;
            let event = convert::event::of(&order, &event, runtime::telemetry::traceparent());
            let base = self.number_base(now).await?;
            let key = RequestKey { key: &ask.idempotency_key, hash: &ask.hash };
            let placing =
                store::orders::place(self.pool(), &order, &event, key, house.generation, base);
            match placing.await? {
                Placing::Done { number } => {
                    order.number = number;
                    self.0.meters.placed(&order);
                    self.changed(&order);
                    tracing::info!(order.id = %order.id, order.number = number, "placed order");
                    return Ok(Placed { order, repeated: false });
                }
                Placing::KeyUsed => {
                    // Gone already only if its 30 days ended this very moment.
                    return self
                        .earlier(ask)
                        .await?
                        .ok_or_else(|| AppError::new(Code::Conflict, "Please try again."));
                }
                Placing::HouseChanged => {
                    house = self.fresh_house().await?;
                    is_fresh = true;
                }
            }
        }
        Err(AppError::unavailable("menu and bar changed faster than an order could be placed"))
    }

    fn decide(
        &self,
        ask: &Ask,
        house: &super::House,
        now: Timestamp,
    ) -> Result<(Order, order_domain::Event), AppError> {
        let hold_until = order_domain::parse_hold(ask.not_before, now)
            .map_err(|wrong| convert::rejection::invalid(vec![wrong]))?;
        // What is held is made then: it asks for what there will be.
        let made_at = hold_until.unwrap_or(now);
        let wishes = order_domain::parse_wishes(&house.menu, &ask.items, ask.member, made_at);
        let wishes = match ask.agreed {
            None => wishes.map_err(convert::rejection::invalid)?,
            Some(agreed) => {
                let wishes = wishes.map_err(convert::rejection::invalid_by_now)?;
                order_domain::check_as_agreed(&wishes, &ask.items, agreed)
                    .map_err(|changed| convert::rejection::otherwise(&changed))?;
                wishes
            }
        };
        house.bar.accepts(made_at).map_err(|shut| {
            let error = convert::rejection::shut(shut);
            let wait = shut.until().and_then(|until| (until - now).to_std().ok());
            wait.into_iter().fold(error, AppError::retry_after)
        })?;
        let new =
            NewOrder { id: OrderId::new(), number: 0, placed_by: ask.member, wishes, hold_until };
        Order::place(new, now, &self.0.waits)
            .map_err(|rejection| convert::rejection::refused(&rejection))
    }

    /// What this key led to before: the same order for the same request.
    async fn earlier(&self, ask: &Ask) -> Result<Option<Placed>, AppError> {
        self.earlier_by(ask.member, &ask.idempotency_key, &ask.hash).await
    }

    /// The same by its parts. One query.
    pub(super) async fn earlier_by(
        &self,
        member: MemberId,
        key: &str,
        hash: &[u8],
    ) -> Result<Option<Placed>, AppError> {
        match store::orders::find_by_key(self.pool(), member, key).await? {
            None => Ok(None),
            Some(earlier) if earlier.hash == hash => {
                Ok(Some(Placed { order: earlier.order, repeated: true }))
            }
            Some(_) => Err(AppError::new(
                Code::IdempotencyKeyReused,
                "This idempotency key was used for another order.",
            )),
        }
    }

    pub(super) async fn number_base(&self, now: Timestamp) -> sqlx::Result<i64> {
        let day = store::orders::day_of(now, self.0.zone);
        self.0.days.base(self.pool(), day).await
    }

    /// Until it is no longer `placed`, but not longer than `wait`. Memory; one
    /// query if this replica did not see it happen.
    async fn wait_until_queued(
        &self,
        order: Order,
        changes: &mut Receiver<Arc<Order>>,
        wait: Duration,
    ) -> Result<Order, AppError> {
        if order.state.kind() != StateKind::Placed {
            return Ok(order);
        }
        let heard = tokio::time::timeout(wait, async {
            loop {
                match changes.recv().await {
                    Ok(changed)
                        if changed.id == order.id && changed.state.kind() != StateKind::Placed =>
                    {
                        return Some(changed);
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
                }
            }
        })
        .await;
        match heard {
            Ok(Some(changed)) => Ok(Order::clone(&changed)),
            Ok(None) | Err(_) => {
                Ok(store::orders::find(self.pool(), order.id).await?.unwrap_or(order))
            }
        }
    }
}
