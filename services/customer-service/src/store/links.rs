//! `sign_in_links`.

use customer_domain::links::Link;
use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, Timestamp};
use uuid::Uuid;

/// Stores a link by its secret's hash; `false` when there is no such member.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    hash: &[u8],
    member: MemberId,
    label: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into sign_in_links (hash, member_id, label, created_at, expires_at)
         select $1, id, $3, $4, $5 from members where id = $2",
    )
    .bind(hash)
    .bind(member.uuid())
    .bind(label)
    .bind(now)
    .bind(expires_at)
    .execute(executor)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A link with whose it is, locked: of two exchanges at once the second waits.
pub async fn lock(
    connection: &mut PgConnection,
    hash: &[u8],
) -> sqlx::Result<Option<(MemberId, Link)>> {
    let row: Option<(Uuid, Timestamp, Option<Timestamp>)> = sqlx::query_as(
        "select member_id, expires_at, used_at from sign_in_links where hash = $1 for update",
    )
    .bind(hash)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(member, expires_at, used_at)| {
        (MemberId::from_uuid(member), Link { expires_at, used_at })
    }))
}

/// Marks a link as used.
pub async fn mark_used(
    connection: &mut PgConnection,
    hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update sign_in_links set used_at = $2 where hash = $1")
        .bind(hash)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets links that expired before `before`.
pub async fn delete_expired(executor: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<u64> {
    let deleted = sqlx::query("delete from sign_in_links where expires_at < $1")
        .bind(before)
        .execute(executor)
        .await?;
    Ok(deleted.rows_affected())
}
