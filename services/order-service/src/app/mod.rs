//! What this service does, without saying over which wire it was asked.
//!
//! Menu and bar are remembered per replica, but a cache never decides: the
//! statement that places an order compares the generation it decided by.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono_tz::Tz;
use order_domain::{Actor, Order, Reader, Rejection, Waits};
use runtime::AppError;
use sqlx::PgPool;
use tokio::sync::{Notify, broadcast};
use types::{OrderId, Timestamp};

use crate::{
    convert,
    store::{self, days::Days},
};

mod again;
mod command;
mod customers;
mod diners;
mod estimates;
mod house;
mod members;
mod meters;
mod notify;
mod place;
mod privacy;
mod recent;
mod serving;
mod settle;

pub use again::{Again, AskAgain, Key};
pub use command::Done;
pub use customers::Customers;
pub(crate) use estimates::Counter;
pub use house::{Availability, Bar, House};
pub use meters::Meters;
pub use order_domain::NoticeKind;
pub use place::{Ask, Placed, WhereLimited};
pub use recent::Facts;
pub use serving::{Bitten, Day};
pub use settle::Settling;

/// How long an idempotency key is remembered.
const KEYS_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(30);
/// How many changes a slow waiter may be behind before it looks itself.
const CHANGES_KEPT: usize = 1_024;

/// What placing, commanding and reading share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    zone: Tz,
    waits: Waits,
    days: Days,
    house: house::Cache,
    members: members::Cache,
    diners: diners::Cache,
    estimates: estimates::Cache,
    customers: Customers,
    numberer: outbox::Wake,
    settling: Notify,
    changes: broadcast::Sender<Arc<Order>>,
    recent: recent::Recent,
    meters: Meters,
    settling_is_off: AtomicBool,
}

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The order's own rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A child's limits say no.
    #[error("{}", .0.why())]
    Limited(Box<Bitten>),
    /// There is no such order, or it is none of the caller's business.
    #[error("there is no such order")]
    NoSuchOrder,
    /// Something else is in the way, or broken.
    #[error(transparent)]
    Failed(#[from] AppError),
}

impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CommandError> for AppError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Rejected(rejection) => convert::rejection::refused(&rejection),
            CommandError::Limited(bitten) => convert::rejection::limited(&bitten),
            CommandError::NoSuchOrder => Self::not_found("order"),
            CommandError::Failed(error) => error,
        }
    }
}

impl App {
    pub fn new(
        pool: PgPool,
        zone: Tz,
        waits: Waits,
        customers: Customers,
        numberer: outbox::Wake,
    ) -> Self {
        Self(Arc::new(Inner {
            pool,
            zone,
            waits,
            days: Days::default(),
            house: house::Cache::default(),
            members: members::Cache::default(),
            diners: diners::Cache::default(),
            estimates: estimates::Cache::default(),
            customers,
            numberer,
            settling: Notify::new(),
            changes: broadcast::channel(CHANGES_KEPT).0,
            recent: recent::Recent::default(),
            meters: Meters::new(),
            settling_is_off: AtomicBool::new(false),
        }))
    }

    /// The database of orders.
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// The present, to the microsecond that PostgreSQL keeps.
    pub fn now(&self) -> Timestamp {
        let now = chrono::Utc::now();
        Timestamp::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    pub fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// One order, for this service itself. One query.
    pub async fn order(&self, id: OrderId) -> Result<Order, CommandError> {
        store::orders::find(self.pool(), id).await?.ok_or(CommandError::NoSuchOrder)
    }

    /// One order, if it is any of the reader's business. One query.
    pub async fn order_for(&self, id: OrderId, reader: &Reader) -> Result<Order, CommandError> {
        let order = self.order(id).await?;
        if reader.may_see(&order) { Ok(order) } else { Err(CommandError::NoSuchOrder) }
    }

    /// Orders past their due time, the longest first. One query.
    pub(crate) async fn due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<store::orders::Overdue>, AppError> {
        Ok(store::orders::due(self.pool(), now, limit).await?)
    }

    /// Forgets the idempotency keys of orders placed more than 30 days before
    /// now; answers how many there were. One statement.
    pub async fn forget_keys(&self, now: Timestamp) -> Result<u64, AppError> {
        Ok(store::orders::forget_keys(self.pool(), now - KEYS_KEPT).await?)
    }

    /// The end of the family's day: until then an uncollected drink can still be fetched.
    pub fn end_of_day(&self, now: Timestamp) -> Timestamp {
        house::next_day_at(now, self.0.zone, 0)
    }

    /// What happens to orders in this replica, from now on.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Order>> {
        self.0.changes.subscribe()
    }

    /// Somebody should number events now, and settle what is unsettled.
    fn changed(&self, order: &Order) {
        self.0.numberer.wake();
        if !order.is_settled() {
            self.0.settling.notify_one();
        }
        self.0.recent.remember(order);
        // Nobody may be waiting: that is no error.
        let _ = self.0.changes.send(Arc::new(order.clone()));
    }

    /// Waits until the settling worker is wanted, at most that long.
    pub async fn settling_wanted(&self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.0.settling.notified()).await;
    }

    /// Leaves settling to the workflow alone, for tests of the workflow.
    pub fn leave_settling_to_the_workflow(&self) {
        self.0.settling_is_off.store(true, Ordering::Relaxed);
    }

    pub(crate) fn settles_here(&self) -> bool {
        !self.0.settling_is_off.load(Ordering::Relaxed)
    }
}

/// Whether the actor may know of this order at all.
fn may_see(actor: &Actor, order: &Order) -> bool {
    match actor {
        Actor::System => true,
        Actor::Person(reader) => reader.may_see(order),
    }
}
