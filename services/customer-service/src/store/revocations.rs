//! `revocations`.

use std::collections::BTreeMap;

use sqlx::PgExecutor;
use types::{SessionId, Timestamp};
use uuid::Uuid;

/// Those still worth knowing, with when to forget them.
pub async fn live(
    executor: impl PgExecutor<'_>,
    now: Timestamp,
) -> sqlx::Result<BTreeMap<SessionId, Timestamp>> {
    let rows: Vec<(Uuid, Timestamp)> =
        sqlx::query_as("select session_id, until from revocations where until > $1")
            .bind(now)
            .fetch_all(executor)
            .await?;
    Ok(rows.into_iter().map(|(id, until)| (SessionId::from_uuid(id), until)).collect())
}

/// Forgets the rest.
pub async fn delete_over(executor: impl PgExecutor<'_>, now: Timestamp) -> sqlx::Result<u64> {
    let deleted = sqlx::query("delete from revocations where until <= $1")
        .bind(now)
        .execute(executor)
        .await?;
    Ok(deleted.rows_affected())
}
