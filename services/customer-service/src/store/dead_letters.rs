//! `dead_letters`: messages that were set aside.

use sqlx::PgExecutor;
use types::Timestamp;

/// A message that cannot be processed, whole, with where it was and why.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DeadLetter {
    /// SHA-256 of topic, key and payload.
    pub digest: Vec<u8>,
    pub topic: String,
    pub partition: i32,
    pub kafka_offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub event_id: Option<String>,
    pub event_type: Option<String>,
    pub traceparent: Option<String>,
    pub cause: String,
}

/// Sets a message aside. Whether the dead-letter topic still has to get it:
/// the same message again is the same row, and waits again for a replay (after
/// a rebuild what was replayed counts no more; otherwise a replay is harmless).
pub async fn insert(
    executor: impl PgExecutor<'_>,
    letter: &DeadLetter,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "insert into dead_letters (digest, topic, partition, kafka_offset, key, payload,
             event_id, event_type, traceparent, cause, set_aside_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (digest) do update set cause = excluded.cause, replayed_at = null
         returning published_at is null",
    )
    .bind(&letter.digest)
    .bind(&letter.topic)
    .bind(letter.partition)
    .bind(letter.kafka_offset)
    .bind(&letter.key)
    .bind(&letter.payload)
    .bind(&letter.event_id)
    .bind(&letter.event_type)
    .bind(&letter.traceparent)
    .bind(&letter.cause)
    .bind(now)
    .fetch_one(executor)
    .await
}

/// The dead-letter topic has it.
pub async fn mark_published(
    executor: impl PgExecutor<'_>,
    digest: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update dead_letters set published_at = $2 where digest = $1")
        .bind(digest)
        .bind(now)
        .execute(executor)
        .await?;
    Ok(())
}

/// Those that wait for a replay to go through, a bounded number: what was tried
/// least comes first, so that the hopeless keep nobody waiting.
pub async fn waiting(executor: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<DeadLetter>> {
    sqlx::query_as(
        "select digest, topic, partition, kafka_offset, key, payload, event_id, event_type,
                traceparent, cause
         from dead_letters where replayed_at is null
         order by attempts, set_aside_at, digest limit $1",
    )
    .bind(limit)
    .fetch_all(executor)
    .await
}

/// A replay went through …
pub async fn mark_replayed(
    executor: impl PgExecutor<'_>,
    digest: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update dead_letters set replayed_at = $2 where digest = $1")
        .bind(digest)
        .bind(now)
        .execute(executor)
        .await?;
    Ok(())
}

/// … or failed again.
pub async fn mark_failed(
    executor: impl PgExecutor<'_>,
    digest: &[u8],
    cause: &str,
) -> sqlx::Result<()> {
    sqlx::query("update dead_letters set attempts = attempts + 1, cause = $2 where digest = $1")
        .bind(digest)
        .bind(cause)
        .execute(executor)
        .await?;
    Ok(())
}
