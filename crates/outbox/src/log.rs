//! The log as its readers see it: numbered events, a head that moves, and the
//! last of them in memory, so that the receivers of this replica read what the
//! numberer just dealt without asking the database again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use runtime::{Runtime, postgres};
use sqlx::{PgPool, Row, postgres::PgRow};
use tokio::sync::{Notify, watch};
use types::{EventId, Timestamp};

use crate::{
    cursor::{Cursor, Epoch, Position},
    live::Subscription,
    numberer,
};

/// How far the log is numbered; changes wake whoever waits for more.
pub type Head = watch::Receiver<Position>;

/// What is kept in memory: events, and bytes of their payloads.
const TAIL_EVENTS: usize = 512;
const TAIL_BYTES: usize = 512 * 1024;

/// One numbered event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub position: Position,
    pub event_id: EventId,
    pub stream_key: String,
    pub version: i64,
    pub kind: String,
    /// Protobuf.
    pub payload: Bytes,
    pub traceparent: Option<String>,
    pub at: Timestamp,
}

impl Record {
    pub(crate) fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: Position::new(row.try_get("position")?),
            event_id: EventId::from_uuid(row.try_get("event_id")?),
            stream_key: row.try_get("stream_key")?,
            version: row.try_get("version")?,
            kind: row.try_get("kind")?,
            payload: row.try_get::<Vec<u8>, _>("payload")?.into(),
            traceparent: row.try_get("traceparent")?,
            at: row.try_get("at")?,
        })
    }
}

/// Which log this database has.
pub async fn epoch(pool: &PgPool) -> Result<Epoch, sqlx::Error> {
    let epoch = sqlx::query_scalar("select epoch from event_log_epoch").fetch_one(pool);
    let epoch: String = postgres::in_time(epoch).await?;
    Ok(Epoch::new(&epoch))
}

/// Numbered events after a position, in order, at most `limit`. A slice with no
/// gaps: whoever goes on after its last misses nothing.
pub async fn read_after(
    pool: &PgPool,
    after: Position,
    limit: usize,
) -> Result<Vec<Arc<Record>>, sqlx::Error> {
    let rows = sqlx::query(
        "select position, event_id, stream_key, version, kind, payload, traceparent, at
         from event_log where position > $1 order by position limit $2",
    )
    .bind(after.get())
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(pool);
    let rows = postgres::timed("event_log.read", postgres::in_time(rows)).await?;
    rows.iter().map(|row| Record::from_row(row).map(Arc::new)).collect()
}

/// Wakes the numberer; call it after each commit that appended.
#[derive(Debug, Clone, Default)]
pub struct Wake(pub(crate) Arc<Notify>);

impl Wake {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// How far the log is numbered, asked of the database. One query.
pub(crate) async fn head(pool: &PgPool) -> Result<Position, sqlx::Error> {
    let head = sqlx::query_scalar("select coalesce(max(position), 0) from event_log");
    Ok(Position::new(postgres::in_time(head.fetch_one(pool)).await?))
}

/// A service's log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Log {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pool: PgPool,
    pub(crate) wake: Wake,
    epoch: Epoch,
    head: watch::Sender<Position>,
    tail: Mutex<Tail>,
}

#[derive(Debug, Default)]
struct Tail {
    records: VecDeque<Arc<Record>>,
    bytes: usize,
}

impl Log {
    /// Opens the log and starts its numberer; waits while the database is away.
    pub async fn open(runtime: &Runtime, pool: PgPool) -> anyhow::Result<Self> {
        let (epoch, head) = postgres::patiently(runtime, "open the event log", || async {
            Ok((epoch(&pool).await?, head(&pool).await?))
        })
        .await?;
        let inner = Inner {
            pool,
            wake: Wake::default(),
            epoch,
            head: watch::Sender::new(head),
            tail: Mutex::default(),
        };
        let log = Self { inner: Arc::new(inner) };
        let draining = runtime.shutdown.draining().clone();
        runtime.spawn("numberer", numberer::number(log.clone(), draining.clone()));
        runtime.spawn("numberer's ear", numberer::listen(log.clone(), draining));
        Ok(log)
    }

    /// After each commit that appended.
    pub fn wake(&self) {
        self.inner.wake.wake();
    }

    /// The same as a handle of its own.
    pub fn waker(&self) -> Wake {
        self.inner.wake.clone()
    }

    pub fn epoch(&self) -> &Epoch {
        &self.inner.epoch
    }

    /// How far the log is numbered.
    pub fn head(&self) -> Head {
        self.inner.head.subscribe()
    }

    /// Where the log is now, for "this list shows …": take it before reading.
    pub fn position(&self) -> Cursor {
        self.cursor(*self.inner.head.borrow())
    }

    pub fn cursor(&self, position: Position) -> Cursor {
        Cursor { epoch: self.inner.epoch.clone(), position }
    }

    /// Numbered events after a position, without gaps, from memory where it has
    /// them. Fewer than `limit` do not mean the end; none do.
    pub async fn read_after(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<Record>>, sqlx::Error> {
        if *self.inner.head.borrow() <= after {
            return Ok(Vec::new());
        }
        if let Some(records) = self.remembered(after, limit) {
            return Ok(records);
        }
        read_after(&self.inner.pool, after, limit).await
    }

    /// Events after a cursor, then live; see [`Subscription`].
    pub fn subscribe(&self, after: Option<Cursor>) -> Subscription {
        Subscription::new(self.clone(), after)
    }

    fn remembered(&self, after: Position, limit: usize) -> Option<Vec<Arc<Record>>> {
        let tail = self.tail();
        let first = tail.records.front()?.position;
        let skip = usize::try_from(after.get() + 1 - first.get()).ok()?;
        let records: Vec<_> = tail.records.iter().skip(skip).take(limit).cloned().collect();
        (!records.is_empty()).then_some(records)
    }

    /// Takes in what this replica just dealt, in order of position.
    pub(crate) fn dealt(&self, records: Vec<Arc<Record>>) {
        let Some(last) = records.last().map(|record| record.position) else { return };
        let mut tail = self.tail();
        for record in records {
            // Another replica dealt in between: memory has no gaps, so it starts anew.
            if tail.records.back().is_some_and(|back| back.position.next() != record.position) {
                *tail = Tail::default();
            }
            tail.bytes += record.payload.len();
            tail.records.push_back(record);
            while tail.records.len() > TAIL_EVENTS || tail.bytes > TAIL_BYTES {
                let Some(gone) = tail.records.pop_front() else { break };
                tail.bytes -= gone.payload.len();
            }
        }
        drop(tail);
        self.advance(last);
    }

    /// The head moves only forward.
    pub(crate) fn advance(&self, to: Position) {
        self.inner.head.send_if_modified(|head| {
            let moved = *head < to;
            *head = (*head).max(to);
            moved
        });
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.inner.tail.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}
