//! Placing an order.

use std::{sync::Arc, time::Duration};

use order_domain::{DrinkRequest, NewOrder, Order, Permission, StateKind, Wish};
use runtime::{AppError, Code};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use types::{Beans, MemberId, OrderId, Timestamp};

use super::{
    App, House,
    diners::Diners,
    serving::{self, Bitten, Serving},
};
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
    pub where_limited: WhereLimited,
}

/// What is to be done where a child's limits say no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhereLimited {
    /// Say so.
    Refuse,
    /// Hold it, and ask the guardian; a guardian's own order is a yes.
    AskGuardian,
}

/// What was asked for, checked.
struct Wished {
    wishes: Vec<Wish>,
    hold_until: Option<Timestamp>,
}

/// What placing came to.
#[derive(Debug, Clone)]
pub struct Placed {
    pub order: Order,
    /// The same key before: nothing new was placed.
    pub repeated: bool,
}

impl App {
    /// Stores a new order. One statement, one round trip, one commit; with something
    /// for a child one call, and a transaction of five statements and two for each
    /// child; two more for a key that was used before, one or two more when menu or
    /// bar have changed since this replica looked, two more for the first of a day.
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
        let diners = self.diners_of(serving::eaters(&ask.items, ask.member)).await?;
        let mut house = self.house().await?;
        let mut is_fresh = false;
        for _ in 0..TRIES {
            let now = self.now();
            let placing = match self.wished(ask, &house, &diners, now) {
                Ok(wished) => self.store(ask, wished, &house, &diners, now).await,
                Err(refusal) => Err(refusal),
            };
            match placing {
                Ok((order, Placing::Done { number })) => {
                    let order = Order { number, ..order };
                    self.0.meters.placed(&order);
                    self.changed(&order);
                    tracing::info!(order.id = %order.id, order.number = number, "placed order");
                    return Ok(Placed { order, repeated: false });
                }
                Ok((_, Placing::KeyUsed)) => {
                    // Gone already only if its 30 days ended this very moment.
                    return self
                        .earlier(ask)
                        .await?
                        .ok_or_else(|| AppError::new(Code::Conflict, "Please try again."));
                }
                Err(refusal) if is_fresh || refusal.is_transient() => return Err(refusal),
                // What is remembered may be old: only the database refuses.
                Err(_) | Ok((_, Placing::HouseChanged)) => {
                    house = self.fresh_house().await?;
                    is_fresh = true;
                }
            }
        }
        Err(AppError::unavailable("menu and bar changed faster than an order could be placed"))
    }

    /// What is asked for, as the house and those for whom it is allow it.
    fn wished(
        &self,
        ask: &Ask,
        house: &House,
        diners: &Diners,
        now: Timestamp,
    ) -> Result<Wished, AppError> {
        let hold_until = order_domain::parse_hold(ask.not_before, now)
            .map_err(|wrong| convert::rejection::invalid(vec![wrong]))?;
        // What is held is made then: it asks for what there will be.
        let made_at = hold_until.unwrap_or(now);
        let wishes = serving::wishes(&house.menu, &ask.items, ask.member, made_at, diners);
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
        Ok(Wished { wishes, hold_until })
    }

    /// Stores it: for adults in one statement; where something is for a child, in a
    /// transaction that holds the child's lock while it looks what the limits leave.
    async fn store(
        &self,
        ask: &Ask,
        wished: Wished,
        house: &House,
        diners: &Diners,
        now: Timestamp,
    ) -> Result<(Order, Placing), AppError> {
        let base = self.number_base(now).await?;
        let recipients = wished.wishes.iter().map(|wish| &wish.recipient);
        let children = serving::children_among(recipients, diners);
        if children.is_empty() {
            let (order, event) = self.placed_now(ask, wished, None, now)?;
            let placing = store_order(self.pool(), &order, &event, ask, house, base).await?;
            return Ok((order, placing));
        }
        let made_at = wished.hold_until.unwrap_or(now);
        let serving = Serving {
            diners: Diners::clone(diners),
            made_at,
            menu: house.menu.clone(),
            limits: serving::Limits::Count,
        };
        let mut tx = self.pool().begin().await?;
        let drinks: Vec<_> = wished.wishes.iter().enumerate().collect();
        let drinks: Vec<_> =
            drinks.iter().map(|(at, wish)| (*at, &wish.recipient, &wish.drink)).collect();
        let bitten = self.bitten(&mut tx, &serving, &drinks, None).await?;
        let permission = bitten.map(|bitten| permission(ask, &bitten)).transpose()?;
        let (order, event) = self.placed_now(ask, wished, permission, now)?;
        let placing = store_order(&mut *tx, &order, &event, ask, house, base).await?;
        if let Placing::Done { .. } = placing {
            let day = self.day_of(made_at);
            store::diners::put(&mut tx, order.id, &children, day).await?;
            tx.commit().await?;
        }
        Ok((order, placing))
    }

    fn placed_now(
        &self,
        ask: &Ask,
        wished: Wished,
        permission: Option<Permission>,
        now: Timestamp,
    ) -> Result<(Order, order_domain::Event), AppError> {
        let Wished { wishes, hold_until } = wished;
        let (id, placed_by) = (OrderId::new(), ask.member);
        let new = NewOrder { id, number: 0, placed_by, wishes, hold_until, permission };
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

/// Order and event, unless the house changed or the key was used.
async fn store_order(
    db: impl sqlx::PgExecutor<'_>,
    order: &Order,
    event: &order_domain::Event,
    ask: &Ask,
    house: &House,
    base: i64,
) -> sqlx::Result<Placing> {
    let event = convert::event::of(order, event, runtime::telemetry::traceparent());
    let key = RequestKey { key: &ask.idempotency_key, hash: &ask.hash };
    store::orders::place(db, order, &event, key, house.generation, base).await
}

/// Whether it can be had all the same.
fn permission(ask: &Ask, bitten: &Bitten) -> Result<Permission, AppError> {
    let is_guardian = bitten.is_for(ask.member);
    // Somebody who could say yes can do so by ordering it all the same.
    let refused = || convert::rejection::limited(bitten).detail("may_decide", is_guardian);
    match ask.where_limited {
        WhereLimited::Refuse => Err(refused()),
        WhereLimited::AskGuardian if is_guardian => Ok(Permission::Given(ask.member)),
        WhereLimited::AskGuardian => bitten.ask().map(Permission::Asked).ok_or_else(refused),
    }
}
