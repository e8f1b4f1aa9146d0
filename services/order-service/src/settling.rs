//! The fast path: takes what is not settled from the database and settles it,
//! woken by each commit, at start, and every second. The workflow guarantees the
//! same, later; both at once are harmless.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use order_domain::Order;
use runtime::postgres;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use types::OrderId;

use crate::{
    app::{App, CommandError, Settling},
    store::{self, orders::Unsettled},
};

/// How many orders are settled at once.
const AT_ONCE: usize = 8;
/// How many are read at once, for the hands that get free next.
const READ_AT_ONCE: i64 = 32;
/// How long until everybody looks again without being woken.
const LOOK: Duration = Duration::from_secs(1);
/// How long everything rests when customer-service is away.
const REST: Duration = Duration::from_secs(1);
/// How long an order rests that changed while it was settled.
const SHORT_REST: Duration = Duration::from_millis(100);
/// How long one rests whose settlement was answered with an error that will not pass.
const LONG_REST: Duration = Duration::from_secs(30);
/// How many may rest; with more they are simply tried again.
const MOST_RESTING: usize = 1_000;

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Done,
    /// It changed meanwhile: its newer revision is next.
    Again,
    /// customer-service or the database is away.
    Away,
    /// This order cannot be settled; the others can.
    Failed,
}

/// What is in hand, and what rests until when.
#[derive(Debug, Default)]
struct Desk {
    under_way: JoinSet<(OrderId, Attempt)>,
    /// Read, and next; may have changed meanwhile, which settling notices.
    next: VecDeque<Unsettled>,
    /// Under way or next (`None`), or resting.
    taken: HashMap<OrderId, Option<Instant>>,
    away_until: Option<Instant>,
    overdue_at: Option<Instant>,
}

/// Settles until told to stop, then ends what is under way. One query per look
/// (one more per second for what is overdue), and per order what
/// [`App::settle_read`] costs.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    let mut desk = Desk::default();
    while !stop.is_cancelled() {
        desk.take(&app).await;
        desk.give_up_overdue(&app).await;
        let free = desk.under_way.len() < AT_ONCE;
        let pause = desk.pause();
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = desk.under_way.join_next() => desk.put_away(ended),
            () = app.settling_wanted(pause), if free => {}
        }
    }
    while desk.under_way.join_next().await.is_some() {}
}

impl Desk {
    /// Begins with as many orders as there are hands, the oldest first.
    async fn take(&mut self, app: &App) {
        let now = Instant::now();
        self.taken.retain(|_, rests_until| rests_until.is_none_or(|until| until > now));
        let free = AT_ONCE.saturating_sub(self.under_way.len());
        let is_away = self.away_until.is_some_and(|until| until > now);
        if free == 0 || is_away || !app.settles_here() {
            return;
        }
        if self.next.is_empty() {
            let but: Vec<_> = self.taken.keys().map(|id| id.uuid()).collect();
            let looked = store::orders::unsettled(app.pool(), &but, READ_AT_ONCE);
            match postgres::in_time(looked).await {
                Ok(orders) => {
                    self.taken.extend(orders.iter().map(|unsettled| (unsettled.order.id, None)));
                    self.next.extend(orders);
                }
                Err(error) => {
                    tracing::debug!(%error, "could not look for what is not settled");
                    self.away_until = Some(Instant::now() + REST);
                }
            }
        }
        for unsettled in self.next.drain(..free.min(self.next.len())) {
            self.under_way.spawn(attempt(app.clone(), unsettled));
        }
    }

    async fn give_up_overdue(&mut self, app: &App) {
        let now = Instant::now();
        if !app.settles_here() || self.overdue_at.is_some_and(|at| at > now) {
            return;
        }
        self.overdue_at = Some(now + LOOK);
        if let Err(error) = postgres::in_time(app.give_up_overdue()).await {
            tracing::debug!(%error, "could not reject what is overdue yet");
        }
    }

    /// Until the first that rests may be taken again, but not longer than until the next look.
    fn pause(&self) -> Duration {
        let now = Instant::now();
        let ends = self.taken.values().flatten().map(|until| until.saturating_duration_since(now));
        ends.min().map_or(LOOK, |end| end.min(LOOK))
    }

    fn put_away(&mut self, ended: Result<(OrderId, Attempt), tokio::task::JoinError>) {
        let now = Instant::now();
        match ended {
            Ok((id, Attempt::Done)) => {
                self.taken.remove(&id);
            }
            Ok((id, Attempt::Again)) => {
                self.taken.insert(id, Some(now + SHORT_REST));
            }
            Ok((id, Attempt::Away)) => {
                self.taken.insert(id, Some(now + REST));
                self.away_until = Some(now + REST);
                self.forget_next();
            }
            Ok((id, Attempt::Failed)) => {
                self.taken.insert(id, Some(now + LONG_REST));
            }
            Err(error) => {
                // A panic in one attempt: nobody knows whose, so all that are
                // under way may be taken again; settling twice is harmless.
                tracing::error!(%error, "settling an order failed");
                self.taken.retain(|_, rests_until| rests_until.is_some());
                self.next.clear();
                self.away_until = Some(now + REST);
            }
        }
        if self.taken.len() > MOST_RESTING {
            self.taken.retain(|_, rests_until| rests_until.is_none());
        }
    }

    /// While everything rests, what was read gets old: it is read again.
    fn forget_next(&mut self) {
        for unsettled in self.next.drain(..) {
            self.taken.remove(&unsettled.order.id);
        }
    }
}

async fn attempt(app: App, unsettled: Unsettled) -> (OrderId, Attempt) {
    let Unsettled { order, traceparent } = unsettled;
    let id = order.id;
    let span = tracing::info_span!("settle order", order.id = %id, order.revision = order.revision);
    // A part of the request that placed it, though nobody waits for it.
    runtime::telemetry::set_parent(&span, traceparent.as_deref());
    let attempt = try_settle(&app, &order).instrument(span).await;
    (id, attempt)
}

async fn try_settle(app: &App, order: &Order) -> Attempt {
    match postgres::in_time(app.settle_read(order)).await {
        Ok(Settling::Settled(_) | Settling::Nothing) => Attempt::Done,
        Ok(Settling::Superseded) => Attempt::Again,
        Ok(Settling::Refused(_)) => {
            tracing::info!("rejected an order: not enough beans");
            Attempt::Done
        }
        Err(CommandError::Rejected(_) | CommandError::Limited(_) | CommandError::NoSuchOrder) => {
            Attempt::Again
        }
        Err(CommandError::Failed(error)) if error.is_transient() => {
            tracing::debug!(cause = error.chain(), "an order waits for its beans");
            Attempt::Away
        }
        Err(CommandError::Failed(error)) => {
            tracing::error!(cause = error.chain(), "an order cannot be settled");
            Attempt::Failed
        }
    }
}
