//! The meeting point of the one stream from order-service and all listeners.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use types::Timestamp;
use uuid::Uuid;
use wire::order::v1 as pb;

use super::ring::{Entry, Position, Resume, Ring, What};
use crate::{
    api::dto::{order::OrderState, time},
    metrics,
    problem::Problem,
};

/// Shared by the upstream task and every listener. Its locks are never held
/// across an await.
#[derive(Debug)]
pub struct Hub {
    ring: Mutex<Ring>,
    /// Rises with each change of the ring.
    changed: watch::Sender<u64>,
    listeners: Mutex<Listeners>,
}

#[derive(Debug, Default)]
struct Listeners {
    next: u64,
    open: HashMap<u64, Arc<Listener>>,
}

/// What the hub knows of one listener.
#[derive(Debug)]
struct Listener {
    /// The member's, or the device's.
    who: Uuid,
    /// The generation and number up to which it was served; `u64::MAX`: not yet.
    generation: AtomicU64,
    seen: AtomicU64,
    /// Ends its connection, also while nobody reads from it.
    drop_it: CancellationToken,
}

const NOT_YET: u64 = u64::MAX;

/// One listener's place; leaving is dropping it.
#[derive(Debug)]
pub struct Seat {
    hub: Arc<Hub>,
    id: u64,
    listener: Arc<Listener>,
    changed: watch::Receiver<u64>,
}

/// What a listener gets next.
#[derive(Debug)]
pub enum Next {
    /// Events, oldest first, and the position after them.
    Events(Vec<Arc<Entry>>, Position),
    /// It cannot be told what it missed; it goes on from here.
    Reset(Position),
    /// Nothing; the position it is at, once that is known.
    Nothing(Option<Position>),
}

/// The data of an `order` event.
#[derive(Serialize)]
struct OrderData<'a> {
    order: &'a str,
    version: u64,
    state: OrderState,
    kind: &'a str,
    number: i32,
    at: Option<Timestamp>,
}

/// Events that a listener gets at once, so that one far behind does not hold
/// the lock for long.
const BATCH: usize = 64;

impl Hub {
    /// Keeps so many events for those who resume.
    pub fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            ring: Mutex::new(Ring::new(capacity)),
            changed: watch::Sender::new(0),
            listeners: Mutex::default(),
        })
    }

    /// Where the log is, once upstream has said so.
    pub fn head(&self) -> Option<Position> {
        self.ring().head()
    }

    /// How many listen.
    pub fn listening(&self) -> usize {
        self.listeners().open.len()
    }

    /// Takes in what upstream sent. What cannot be understood is logged and left out.
    pub fn take(&self, event: pb::LiveEvent) {
        let pb::LiveEvent { position, what } = event;
        let Ok(position) = position.parse::<Position>() else {
            tracing::error!(position, "a live event without a position");
            return;
        };
        let floor = {
            let mut ring = self.ring();
            match what {
                Some(pb::live_event::What::Order(order)) => match order_entry(order) {
                    Ok(what) => {
                        ring.push(position, what);
                    }
                    Err(_) => ring.advance(position),
                },
                Some(pb::live_event::What::Bar(pb::BarChanged {})) => {
                    ring.push(position, What::Bar);
                }
                Some(pb::live_event::What::Reset(pb::Reset {})) => ring.restart(position),
                Some(pb::live_event::What::Heartbeat(pb::Heartbeat {})) | None => {
                    ring.advance(position);
                }
            }
            (ring.generation(), ring.floor())
        };
        self.drop_the_slow(floor);
        self.changed.send_modify(|count| *count += 1);
    }

    /// A listener that has not even been asked for what fell out of the ring
    /// does not read: its connection is closed, and its browser resumes.
    fn drop_the_slow(&self, (generation, floor): (u64, u64)) {
        if floor == 0 {
            return;
        }
        for listener in self.listeners().open.values() {
            let seen = listener.seen.load(Ordering::Relaxed);
            let current = listener.generation.load(Ordering::Relaxed) == generation;
            if current && seen != NOT_YET && seen < floor && !listener.drop_it.is_cancelled() {
                listener.drop_it.cancel();
                metrics::slow_reader();
            }
        }
    }

    /// A new listener, unless the same has `most` already. `drop_it` closes
    /// its connection.
    pub fn sit_down(
        self: &Arc<Self>,
        who: Uuid,
        most: usize,
        drop_it: CancellationToken,
    ) -> Option<Seat> {
        let changed = self.changed.subscribe();
        let listener = Arc::new(Listener {
            who,
            generation: AtomicU64::new(0),
            seen: AtomicU64::new(NOT_YET),
            drop_it,
        });
        let mut listeners = self.listeners();
        if listeners.open.values().filter(|other| other.who == who).count() >= most {
            return None;
        }
        listeners.next += 1;
        let id = listeners.next;
        listeners.open.insert(id, listener.clone());
        drop(listeners);
        metrics::stream_opened();
        Some(Seat { hub: self.clone(), id, listener, changed })
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

impl Seat {
    /// Finds this listener's place. `Ahead` may be tried again; with `Reset` the
    /// caller tells its client, and the place is the head. `None`: upstream has
    /// not said anything yet.
    pub fn begin(&self, after: &Position) -> Option<(Resume, Position)> {
        let ring = self.hub.ring();
        let head = ring.head()?;
        let resume = ring.resume(after);
        let number = match resume {
            Resume::From(number) => number,
            Resume::Reset => head.number,
            Resume::Ahead => return Some((resume, head)),
        };
        self.remember(ring.generation(), number);
        Some((resume, Position { epoch: head.epoch, number }))
    }

    /// Begins with what comes now.
    pub fn begin_at_head(&self) -> Option<Position> {
        let ring = self.hub.ring();
        let head = ring.head()?;
        self.remember(ring.generation(), head.number);
        Some(head)
    }

    /// What comes next, after [`Seat::begin`].
    pub fn next(&self) -> Next {
        let ring = self.hub.ring();
        let Some(head) = ring.head() else { return Next::Nothing(None) };
        let seen = self.listener.seen.load(Ordering::Relaxed);
        if self.listener.generation.load(Ordering::Relaxed) != ring.generation()
            || seen < ring.floor()
        {
            self.remember(ring.generation(), head.number);
            return Next::Reset(head);
        }
        let entries = ring.after(seen, BATCH);
        let number = if entries.len() < BATCH {
            head.number
        } else {
            entries.last().map_or(head.number, |entry| entry.number)
        };
        self.remember(ring.generation(), number);
        let position = Position { epoch: head.epoch, number };
        if entries.is_empty() {
            Next::Nothing(Some(position))
        } else {
            Next::Events(entries, position)
        }
    }

    /// Returns when the ring has changed since the last time.
    pub async fn changed(&mut self) {
        // The hub outlives its seats, so the sender is there.
        let _ = self.changed.changed().await;
    }

    /// Cancelled when this listener is too slow.
    pub fn dropped(&self) -> CancellationToken {
        self.listener.drop_it.clone()
    }

    fn remember(&self, generation: u64, number: u64) {
        self.listener.generation.store(generation, Ordering::Relaxed);
        self.listener.seen.store(number, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.listeners().open.remove(&self.id);
        metrics::stream_closed();
    }
}

fn order_entry(order: pb::OrderChanged) -> Result<What, Problem> {
    let pb::OrderChanged {
        order_id,
        version,
        state,
        kind,
        number,
        placed_by,
        recipients,
        at,
        traceparent,
    } = order;
    let span =
        tracing::info_span!("live event", otel.kind = "consumer", order.id = %order_id, kind);
    runtime::telemetry::set_parent(
        &span,
        Some(traceparent.as_str()).filter(|text| !text.is_empty()),
    );
    let _entered = span.enter();
    let at = at.and_then(time);
    let state = OrderState::of_wire(state)?;
    let data = OrderData { order: &order_id, version, state, kind: &kind, number, at };
    let data = serde_json::to_string(&data).unwrap_or_default();
    let concerned = std::iter::once(placed_by)
        .chain(recipients)
        .filter_map(|member| member.parse().ok())
        .collect();
    Ok(What::Order { data, concerned, at })
}
