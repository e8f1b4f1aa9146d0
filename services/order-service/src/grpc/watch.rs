//! The live feed: the event log from a position on, then what comes.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt as _, Stream, stream};
use order_domain::StateKind;
use outbox::{Cursor, Epoch, Live, Position, Record, Subscription};
use runtime::AppError;
use tokio::time::Instant;
use tonic::Status;
use types::OrderId;
use wire::order::v1 as pb;

use super::Handlers;
use crate::{
    app::{App, Facts},
    convert::{event::HouseChange, order::state_of, time},
};

/// While the database is there, silence is never longer.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Events that are looked up together.
const BATCH: usize = 64;
/// How long a reader waits for the database before it is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// What one gateway listens to.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<pb::LiveEvent, Status>> + Send>>;

impl Handlers {
    /// Costs nothing while nothing happens; per batch of events at most one query.
    pub(super) fn watch(&self, request: pb::WatchEventsRequest) -> Events {
        let pb::WatchEventsRequest { after } = request;
        let after = match after.as_str() {
            "" => None,
            // What is no position of ours is answered with a reset, as another log's is.
            text => Some(text.parse().unwrap_or_else(|_| Cursor {
                epoch: Epoch::new("unreadable"),
                position: Position::START,
            })),
        };
        let is_new = after.is_none();
        let subscription = self.log.subscribe(after);
        // A gateway that has just come learns at once where the log is.
        let ready = is_new.then(|| heartbeat(&subscription.cursor())).into_iter().collect();
        let watcher = Watcher {
            app: self.app.clone(),
            log: self.log.clone(),
            subscription,
            ready,
            beat_at: Instant::now() + HEARTBEAT,
        };
        Box::pin(stream::unfold(watcher, |mut watcher| async move {
            let event = watcher.next().await;
            Some((Ok(event), watcher))
        }))
    }
}

struct Watcher {
    app: App,
    log: outbox::Log,
    subscription: Subscription,
    ready: VecDeque<pb::LiveEvent>,
    beat_at: Instant,
}

impl Watcher {
    async fn next(&mut self) -> pb::LiveEvent {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.beat_at = Instant::now() + HEARTBEAT;
                return event;
            }
            tokio::select! {
                item = self.subscription.next() => match item {
                    Ok(item) => self.take(item).await,
                    Err(error) => {
                        tracing::debug!(%error, "the live feed waits for the database");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                () = tokio::time::sleep_until(self.beat_at) => {
                    self.ready.push_back(heartbeat(&self.subscription.cursor()));
                }
            }
        }
    }

    /// This item and those that are there already, in order.
    async fn take(&mut self, first: Live) {
        let mut items = vec![first];
        while items.len() < BATCH
            && let Some(Ok(item)) = self.subscription.next().now_or_never()
        {
            items.push(item);
        }
        let orders: Vec<(OrderId, u64)> = items.iter().filter_map(order_of).collect();
        let house_changes = items.iter().any(is_house_change);
        let facts = loop {
            match known(&self.app, &orders, house_changes).await {
                Ok(facts) => break facts,
                Err(error) => {
                    tracing::debug!(cause = error.chain(), "the live feed waits for the database");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        for item in items {
            match item {
                Live::Reset(cursor) => {
                    let what = pb::live_event::What::Reset(pb::Reset {});
                    self.ready.push_back(live(&cursor, what));
                }
                Live::Event(record) => {
                    let cursor = self.log.cursor(record.position);
                    let order = record.stream_key.parse::<OrderId>();
                    let what = match order.ok().and_then(|id| facts.get(&id)) {
                        Some(facts) => Some(order_changed(&record, facts)),
                        None => house_changed(&record),
                    };
                    self.ready.extend(what.map(|what| live(&cursor, what)));
                }
            }
        }
    }
}

/// News of the house is told once this replica itself answers with it.
async fn known(
    app: &App,
    orders: &[(OrderId, u64)],
    house_changes: bool,
) -> Result<HashMap<OrderId, Facts>, AppError> {
    if house_changes {
        app.fresh_house().await?;
    }
    app.facts(orders).await
}

fn heartbeat(cursor: &Cursor) -> pb::LiveEvent {
    live(cursor, pb::live_event::What::Heartbeat(pb::Heartbeat {}))
}

fn live(cursor: &Cursor, what: pb::live_event::What) -> pb::LiveEvent {
    pb::LiveEvent { position: cursor.to_string(), what: Some(what) }
}

fn order_of(item: &Live) -> Option<(OrderId, u64)> {
    match item {
        Live::Event(record) => {
            Some((record.stream_key.parse().ok()?, record.version.unsigned_abs()))
        }
        Live::Reset(_) => None,
    }
}

fn is_house_change(item: &Live) -> bool {
    matches!(item, Live::Event(record) if house_changed(record).is_some())
}

fn house_changed(record: &Record) -> Option<pb::live_event::What> {
    let house = [HouseChange::Bar, HouseChange::Menu];
    house
        .iter()
        .any(|change| change.kind() == record.kind)
        .then_some(pb::live_event::What::Bar(pb::BarChanged {}))
}

fn order_changed(record: &Arc<Record>, facts: &Facts) -> pb::live_event::What {
    let state = entered_by(&record.kind).unwrap_or(facts.state);
    pb::live_event::What::Order(pb::OrderChanged {
        order_id: record.stream_key.clone(),
        version: record.version.unsigned_abs(),
        state: state_of(state).into(),
        kind: record.kind.clone(),
        number: i32::try_from(facts.number).unwrap_or(i32::MAX),
        placed_by: facts.placed_by.to_string(),
        recipients: facts.recipients.iter().map(ToString::to_string).collect(),
        at: Some(time::to_wire(record.at)),
        traceparent: record.traceparent.clone().unwrap_or_default(),
    })
}

/// The state that an event of this kind always leads to; for the others it is
/// the one that the order is in.
fn entered_by(kind: &str) -> Option<StateKind> {
    Some(match kind {
        "held" => StateKind::Held,
        "placed" => StateKind::Placed,
        "queued" | "released" => StateKind::Queued,
        "accepted" | "handed_over" | "recalled" => StateKind::Preparing,
        "ready" => StateKind::Ready,
        "completed" => StateKind::Completed,
        "rejected" => StateKind::Rejected,
        "declined" => StateKind::Declined,
        "cancelled" => StateKind::Cancelled,
        "expired" => StateKind::Expired,
        "uncollected" => StateKind::Uncollected,
        _ => return None,
    })
}
