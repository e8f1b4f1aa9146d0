//! `passkey_requests`.

use customer_domain::passkeys::Request;
use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, Timestamp};
use uuid::Uuid;

/// Notes a request, by its challenge's hash; `false` while `most` wait for their
/// answer.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    challenge_hash: &[u8],
    member: Option<MemberId>,
    most: i64,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into passkey_requests (challenge_hash, member_id, expires_at)
         select $1, $2, $3
         where (select count(*) from passkey_requests where expires_at > $4) < $5",
    )
    .bind(challenge_hash)
    .bind(member.map(MemberId::uuid))
    .bind(expires_at)
    .bind(now)
    .bind(most)
    .execute(executor)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A request with for whom it was, locked: of two answers at once the second waits.
pub async fn lock(
    connection: &mut PgConnection,
    challenge_hash: &[u8],
) -> sqlx::Result<Option<(Option<MemberId>, Request)>> {
    let row: Option<(Option<Uuid>, Timestamp, Option<Timestamp>)> = sqlx::query_as(
        "select member_id, expires_at, answered_at
         from passkey_requests where challenge_hash = $1 for update",
    )
    .bind(challenge_hash)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(member, expires_at, answered_at)| {
        (member.map(MemberId::from_uuid), Request { expires_at, answered_at })
    }))
}

/// Marks a request as answered.
pub async fn mark_answered(
    connection: &mut PgConnection,
    challenge_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update passkey_requests set answered_at = $2 where challenge_hash = $1")
        .bind(challenge_hash)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets requests that expired before `before`.
pub async fn delete_expired(executor: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query("delete from passkey_requests where expires_at < $1")
        .bind(before)
        .execute(executor)
        .await?;
    Ok(())
}
