//! The relay: takes the log to one receiver, in order, at least once. Its cursor
//! moves only forward, and only one replica at a time holds its lease.

use std::{sync::Arc, time::Duration};

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge},
};
use runtime::{Runtime, postgres, telemetry};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    cursor::Position,
    log::{Log, Record},
};

/// How long a replica that died keeps others from going on.
const LEASE: Duration = Duration::from_secs(10);
const RENEW: Duration = Duration::from_secs(4);
/// How often a replica without the lease asks for it.
const ASK: Duration = Duration::from_secs(2);
/// How often an idle receiver is asked whether it still has what it got.
const CHECK: Duration = Duration::from_secs(30);
/// What a delivery under way gets when the service drains.
const LAST: Duration = Duration::from_secs(2);
const BATCH: usize = 128;
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where a relay delivers to. Every receiver dedupes by event id.
pub trait Receiver: Send + 'static {
    /// Delivers all of them, in order per key. Each is delivered again after a
    /// failure, unless `up_to` covers it.
    fn deliver(
        &mut self,
        batch: &[Arc<Record>],
    ) -> impl Future<Output = Result<(), Undelivered>> + Send;

    /// Asked at the start, after each failure, and now and then when idle: where
    /// to go on, given where we stand. Less than `cursor` fills up again a
    /// receiver that lost what it had; more is not heeded.
    fn resume(
        &mut self,
        cursor: Position,
    ) -> impl Future<Output = anyhow::Result<Position>> + Send {
        async move { Ok(cursor) }
    }
}

/// A delivery that failed, maybe not from its beginning.
#[derive(Debug, thiserror::Error)]
#[error("delivery failed")]
pub struct Undelivered {
    /// Everything up to here was delivered.
    pub up_to: Option<Position>,
    #[source]
    pub cause: anyhow::Error,
}

impl From<anyhow::Error> for Undelivered {
    fn from(cause: anyhow::Error) -> Self {
        Self { up_to: None, cause }
    }
}

/// Delivers until the service drains. Spawn it with the runtime; `name` is the
/// receiver's for ever: its cursor stands under it.
pub async fn relay(
    runtime: Runtime,
    log: Log,
    name: &'static str,
    receiver: impl Receiver,
) -> anyhow::Result<()> {
    let mut relay = Relay {
        lease: Lease {
            pool: log.inner.pool.clone(),
            receiver: name,
            holder: format!("{}/{}", runtime.peer().name(), uuid::Uuid::new_v4()),
        },
        meters: Meters::new(name),
        draining: runtime.shutdown.draining().clone(),
        log,
        receiver,
        pause: PAUSE,
    };
    while !relay.draining.is_cancelled() {
        let wait = match relay.lease.claim().await {
            Ok(Some(cursor)) => {
                relay.meters.active.record(1, &relay.meters.labels);
                let end = relay.hold(cursor).await;
                relay.meters.active.record(0, &relay.meters.labels);
                match end {
                    Ok(()) => ASK,
                    Err(error) => relay.failed(&error.into()),
                }
            }
            Ok(None) => ASK,
            Err(error) => relay.failed(&error.into()),
        };
        relay.sleep(wait).await;
    }
    relay.lease.release().await;
    Ok(())
}

struct Relay<R> {
    lease: Lease,
    meters: Meters,
    draining: CancellationToken,
    log: Log,
    receiver: R,
    pause: Duration,
}

impl<R: Receiver> Relay<R> {
    /// Delivers while we hold the lease. `Ok`: it was lost, or the end has come.
    async fn hold(&mut self, mut cursor: Position) -> Result<(), sqlx::Error> {
        let mut head = self.log.head();
        let mut sure = false;
        let mut checked = Instant::now();
        while !self.draining.is_cancelled() {
            if !sure || checked.elapsed() > CHECK {
                match self.keeping(|receiver| receiver.resume(cursor)).await? {
                    None => return Ok(()),
                    Some(Err(error)) => {
                        let wait = self.failed(&error);
                        self.sleep(wait).await;
                        if !self.lease.renew().await? {
                            return Ok(());
                        }
                        continue;
                    }
                    Some(Ok(from)) if from < cursor => {
                        tracing::warn!(
                            receiver = self.lease.receiver, %cursor, %from,
                            "the receiver lost what it had: delivering again"
                        );
                        if !self.lease.rewind(cursor, from).await? {
                            return Ok(());
                        }
                        cursor = from;
                    }
                    Some(Ok(_)) => {}
                }
                (sure, checked) = (true, Instant::now());
            }
            self.meters.lag(*head.borrow_and_update(), cursor);
            let batch = self.log.read_after(cursor, BATCH).await?;
            let Some(last) = batch.last().map(|record| record.position) else {
                tokio::select! {
                    _ = head.changed() => {}
                    () = tokio::time::sleep(RENEW) => if !self.lease.renew().await? {
                        return Ok(());
                    },
                    () = self.draining.cancelled() => {}
                }
                continue;
            };
            let span = self.span(&batch);
            let delivered =
                self.keeping(|receiver| receiver.deliver(&batch).instrument(span.clone()));
            let (to, failure) = match delivered.await? {
                None => return Ok(()),
                Some(Ok(())) => (last, None),
                Some(Err(Undelivered { up_to, cause })) => {
                    (up_to.map_or(cursor, |to| to.clamp(cursor, last)), Some(cause))
                }
            };
            if cursor < to {
                if !self.lease.advance(cursor, to).instrument(span).await? {
                    return Ok(());
                }
                self.meters.delivered.add((to.get() - cursor.get()) as u64, &self.meters.labels);
                cursor = to;
                self.pause = PAUSE;
            }
            if let Some(cause) = failure {
                sure = false;
                let wait = self.failed(&cause);
                self.sleep(wait).await;
                if !self.lease.renew().await? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Lets the receiver work while the lease is renewed. `None`: the lease was
    /// lost, or the service drains and it took too long.
    async fn keeping<'a, F: Future>(
        &'a mut self,
        work: impl FnOnce(&'a mut R) -> F,
    ) -> Result<Option<F::Output>, sqlx::Error> {
        let (lease, draining) = (&self.lease, &self.draining);
        let mut work = std::pin::pin!(work(&mut self.receiver));
        let last = async {
            draining.cancelled().await;
            tokio::time::sleep(LAST).await;
        };
        let mut last = std::pin::pin!(last);
        loop {
            tokio::select! {
                done = &mut work => return Ok(Some(done)),
                () = tokio::time::sleep(RENEW) => if !lease.renew().await? {
                    return Ok(None);
                },
                () = &mut last => return Ok(None),
            }
        }
    }

    fn span(&self, batch: &[Arc<Record>]) -> tracing::Span {
        let span = tracing::info_span!(
            "relay",
            otel.name = format!("relay {}", self.lease.receiver),
            messaging.batch.message_count = batch.len(),
        );
        for record in batch {
            telemetry::link(&span, record.traceparent.as_deref());
        }
        span
    }

    /// Counts and tells; answers how long to wait.
    fn failed(&mut self, error: &anyhow::Error) -> Duration {
        self.meters.failures.add(1, &self.meters.labels);
        let wait = self.pause.mul_f64(rand::random_range(0.5..1.0));
        tracing::warn!(
            receiver = self.lease.receiver,
            error = format!("{error:#}"),
            ?wait,
            "delivery failed, will go on from the cursor"
        );
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        wait
    }

    async fn sleep(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.draining.cancelled() => {}
        }
    }
}

struct Meters {
    labels: [KeyValue; 1],
    lag: Gauge<i64>,
    active: Gauge<i64>,
    delivered: Counter<u64>,
    failures: Counter<u64>,
}

impl Meters {
    fn new(name: &'static str) -> Self {
        let meter = telemetry::meter();
        Self {
            labels: [KeyValue::new("outbox.receiver", name)],
            lag: meter
                .i64_gauge("outbox.relay.lag")
                .with_description("Numbered events that the receiver does not have yet.")
                .build(),
            active: meter
                .i64_gauge("outbox.relay.active")
                .with_description("1: this replica delivers to the receiver.")
                .build(),
            delivered: meter
                .u64_counter("outbox.relay.delivered")
                .with_description("Events delivered.")
                .build(),
            failures: meter
                .u64_counter("outbox.relay.failures")
                .with_description("Deliveries that failed and were begun again.")
                .build(),
        }
    }

    fn lag(&self, head: Position, cursor: Position) {
        self.lag.record((head.get() - cursor.get()).max(0), &self.labels);
    }
}

/// The row of one receiver. Its writes need not survive a crash of the database
/// (then some events are delivered again), so they do not wait for the disk.
struct Lease {
    pool: PgPool,
    receiver: &'static str,
    holder: String,
}

impl Lease {
    /// The cursor, if nobody else holds the lease.
    async fn claim(&self) -> Result<Option<Position>, sqlx::Error> {
        let made =
            sqlx::query("insert into relay_cursor (receiver) values ($1) on conflict do nothing")
                .bind(self.receiver)
                .execute(&self.pool);
        postgres::in_time(made).await?;
        let cursor = sqlx::query_scalar(
            "update relay_cursor set holder = $2, leased_until = now() + $3 * interval '1 second'
             where receiver = $1
               and (holder is null or holder = $2 or leased_until < now())
             returning position",
        )
        .bind(self.receiver)
        .bind(&self.holder)
        .bind(LEASE.as_secs_f64())
        .fetch_optional(&self.pool);
        let cursor: Option<i64> = postgres::in_time(cursor).await?;
        Ok(cursor.map(Position::new))
    }

    /// False: somebody else has it now.
    async fn renew(&self) -> Result<bool, sqlx::Error> {
        let renewed = sqlx::query(
            "update relay_cursor set leased_until = now() + $3 * interval '1 second'
             from (select set_config('synchronous_commit', 'off', true) as commit) as lazily
             where receiver = $1 and holder = $2 and lazily.commit = 'off'",
        )
        .bind(self.receiver)
        .bind(&self.holder)
        .bind(LEASE.as_secs_f64())
        .execute(&self.pool);
        Ok(postgres::in_time(renewed).await?.rows_affected() == 1)
    }

    /// Moves the cursor from where we know it to be; only forward.
    async fn advance(&self, from: Position, to: Position) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query(
            "update relay_cursor
             set position = $4, moved_at = now(), leased_until = now() + $5 * interval '1 second'
             from (select set_config('synchronous_commit', 'off', true) as commit) as lazily
             where receiver = $1 and holder = $2 and position = $3 and $3 < $4
               and lazily.commit = 'off'",
        )
        .bind(self.receiver)
        .bind(&self.holder)
        .bind(from.get())
        .bind(to.get())
        .bind(LEASE.as_secs_f64())
        .execute(&self.pool);
        let moved = postgres::timed("relay_cursor.advance", postgres::in_time(moved)).await?;
        Ok(moved.rows_affected() == 1)
    }

    /// The one exception, when the receiver lost what it had.
    async fn rewind(&self, from: Position, to: Position) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query(
            "update relay_cursor set position = $4, moved_at = now()
             where receiver = $1 and holder = $2 and position = $3",
        )
        .bind(self.receiver)
        .bind(&self.holder)
        .bind(from.get())
        .bind(to.get())
        .execute(&self.pool);
        Ok(postgres::in_time(moved).await?.rows_affected() == 1)
    }

    /// So that another replica goes on at once.
    async fn release(&self) {
        let released = sqlx::query(
            "update relay_cursor set holder = null, leased_until = null
             where receiver = $1 and holder = $2",
        )
        .bind(self.receiver)
        .bind(&self.holder)
        .execute(&self.pool);
        if let Ok(Err(error)) = tokio::time::timeout(LAST, released).await {
            tracing::debug!(%error, "the relay's lease runs out by itself");
        }
    }
}
