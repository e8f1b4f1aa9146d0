//! The event log against the real PostgreSQL and Kafka (`cargo xtask test`).

#![expect(clippy::unwrap_used, reason = "tests")]

mod kafka;
mod live;
mod numbering;
mod relay;

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use outbox::{Head, Log, NewEvent, Position, Record};
use runtime::{Peer, Runtime, tokens::PeerKeys};
use sqlx::PgPool;
use test_kit::Database;
use types::EventId;

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database with the schema, and a service's runtime.
struct World {
    pool: PgPool,
    database: Database,
}

impl World {
    async fn new() -> Self {
        let database = Database::create("outbox").await.unwrap();
        let pool = database.pool().await.unwrap();
        sqlx::raw_sql(outbox::SCHEMA).execute(&pool).await.unwrap();
        Self { pool, database }
    }

    /// A replica of the service: its own pool, numberer and runtime.
    async fn replica(&self) -> Replica {
        let config = runtime::Config::for_test(&[1; 32], &PeerKeys::default());
        let runtime = runtime::start(Peer::OrderService, &config).unwrap();
        let pool = self.database.pool().await.unwrap();
        let log = Log::open(&runtime, pool).await.unwrap();
        Replica { runtime, log }
    }
}

struct Replica {
    runtime: Runtime,
    log: Log,
}

impl Replica {
    async fn leave(self) {
        self.runtime.shutdown.request();
        self.runtime.finish().await.unwrap();
    }
}

fn event(key: &str, version: i64) -> NewEvent {
    NewEvent {
        event_id: EventId::new(),
        stream_key: key.to_owned(),
        version,
        kind: "accepted".to_owned(),
        payload: format!("{key} {version}").into_bytes(),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        at: Utc::now(),
    }
}

async fn write(pool: &PgPool, event: &NewEvent) {
    let mut tx = pool.begin().await.unwrap();
    outbox::append(&mut tx, event).await.unwrap();
    tx.commit().await.unwrap();
}

/// Waits until the log is numbered so far.
async fn reaches(mut head: Head, position: i64) {
    let reached = head.wait_for(|head| head.get() >= position);
    tokio::time::timeout(PATIENCE, reached).await.expect("the head does not move").unwrap();
}

/// Waits for a condition that somebody else's work makes true.
async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}

fn names(records: &[Arc<Record>]) -> Vec<String> {
    records.iter().map(|record| format!("{} {}", record.stream_key, record.version)).collect()
}

async fn cursor(pool: &PgPool, receiver: &str) -> Position {
    let position: Option<i64> =
        sqlx::query_scalar("select position from relay_cursor where receiver = $1")
            .bind(receiver)
            .fetch_optional(pool)
            .await
            .unwrap();
    Position::new(position.unwrap_or(0))
}
