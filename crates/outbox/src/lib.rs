//! The event log of a service and the ways out of it.
//!
//! * In the transaction that changes the state: [`append`] (or the same insert
//!   inside of a statement of your own, see there).
//! * After commit: [`Log::wake`]; the numberer deals dense positions and moves
//!   the [`Log::head`].
//! * Readers: [`Log::read_after`], [`relay()`] with one cursor per receiver
//!   ([`kafka::KafkaReceiver`] is one), [`live`] for streams that resume.
//!
//! ```ignore
//! let log = outbox::Log::open(&runtime, pool.clone()).await?;      // starts the numberer
//! runtime.spawn("relay to kafka", outbox::relay(
//!     runtime.clone(), log.clone(), "kafka",
//!     outbox::kafka::KafkaReceiver::new(&runtime, outbox::kafka::Config {
//!         brokers: config.kafka_brokers.clone(),
//!         topic: "everything.orders.v1".into(),
//!         dead_letters: "everything.dead-letters.v1".into(),
//!     }),
//! ));
//!
//! // a command
//! let mut tx = pool.begin().await?;
//! // … lock, decide, update …
//! outbox::append(&mut tx, &NewEvent { event_id, stream_key: order.id.to_string(), version, kind,
//!     payload: event.encode_to_vec(), traceparent: runtime::telemetry::traceparent(), at }).await?;
//! tx.commit().await?;
//! log.wake();
//!
//! // a live stream
//! let mut events = log.subscribe(after);            // after: Option<Cursor>
//! loop {
//!     match events.next().await? {
//!         Live::Event(record) => …,                 // Arc<Record>
//!         Live::Reset(cursor) => …,                 // load again, go on from here
//!     }
//! }
//! ```

mod append;
mod cursor;
pub mod kafka;
mod live;
mod log;
mod numberer;
mod relay;

pub use append::{AppendError, NewEvent, append};
pub use cursor::{Cursor, Epoch, ParseCursorError, Position};
pub use live::{FURTHEST_BEHIND, Live, Subscription};
pub use log::{Head, Log, Record, Wake, epoch, read_after};
pub use relay::{Receiver, Undelivered, relay};

/// The schema, for tests that have no migrations of their own.
pub const SCHEMA: &str = include_str!("../schema.sql");
