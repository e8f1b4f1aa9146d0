//! `sign_in_links`, but for what typing their codes asks for (`codes`).

use customer_domain::links::Link;
use sqlx::{PgConnection, PgExecutor};
use types::{InvitationId, MemberId, Timestamp};
use uuid::Uuid;

/// A link to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewLink<'a> {
    pub id: InvitationId,
    /// Of its secret.
    pub hash: &'a [u8],
    pub member: MemberId,
    pub label: &'a str,
    pub at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Of its code, and until when that is good.
    pub code: Option<(&'a [u8], Timestamp)>,
    /// Nobody: the operator's own program.
    pub created_by: Option<MemberId>,
    pub ends_others: bool,
}

/// Stores a link by its secret's hash; `false` when there is no such member.
pub async fn insert(executor: impl PgExecutor<'_>, link: &NewLink<'_>) -> sqlx::Result<bool> {
    let NewLink { id, hash, member, label, at, expires_at, code, created_by, ends_others } = *link;
    let inserted = sqlx::query(
        "insert into sign_in_links
             (id, hash, member_id, label, created_at, expires_at,
              code_hash, code_expires_at, created_by, ends_others)
         select $1, $2, id, $4, $5, $6, $7, $8, $9, $10 from members
         where id = $3 and left_at is null and kind <> 'guest'",
    )
    .bind(id.uuid())
    .bind(hash)
    .bind(member.uuid())
    .bind(label)
    .bind(at)
    .bind(expires_at)
    .bind(code.map(|(hash, _)| hash))
    .bind(code.map(|(_, expires_at)| expires_at))
    .bind(created_by.map(MemberId::uuid))
    .bind(ends_others)
    .execute(executor)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Forgets a member's links. What one of them begins at this moment is waited for.
pub async fn forget(connection: &mut PgConnection, member: MemberId) -> sqlx::Result<()> {
    sqlx::query("delete from sign_in_links where member_id = $1")
        .bind(member.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// A stored link and what its use brings.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub member: MemberId,
    pub link: Link,
    pub ends_others: bool,
}

type Row = (Uuid, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, bool);

fn found((member, expires_at, withdrawn_at, used_at, ends_others): Row) -> Found {
    let link = Link { expires_at, withdrawn_at, used_at };
    Found { member: MemberId::from_uuid(member), link, ends_others }
}

/// A link by its secret, locked: of two exchanges at once the second waits.
pub async fn lock(connection: &mut PgConnection, hash: &[u8]) -> sqlx::Result<Option<Found>> {
    let row: Option<Row> = sqlx::query_as(
        "select member_id, expires_at, withdrawn_at, used_at, ends_others
         from sign_in_links where hash = $1 for update",
    )
    .bind(hash)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(found))
}

/// The same by its id.
pub async fn lock_by_id(
    connection: &mut PgConnection,
    id: InvitationId,
) -> sqlx::Result<Option<Found>> {
    let row: Option<Row> = sqlx::query_as(
        "select member_id, expires_at, withdrawn_at, used_at, ends_others
         from sign_in_links where id = $1 for update",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(found))
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

/// Takes a locked link back.
pub async fn withdraw(
    connection: &mut PgConnection,
    id: InvitationId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update sign_in_links set withdrawn_at = $2 where id = $1")
        .bind(id.uuid())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes back a member's links without an end, so that there is never more than one.
pub async fn withdraw_endless(
    connection: &mut PgConnection,
    member: MemberId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update sign_in_links set withdrawn_at = $2
         where member_id = $1 and expires_at is null and used_at is null and withdrawn_at is null",
    )
    .bind(member.uuid())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// What may still be used, as its maker may see it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Open {
    pub id: Uuid,
    pub member_id: Uuid,
    pub label: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Of its code; none: it has none, or no more.
    pub code_expires_at: Option<Timestamp>,
}

/// The links of these members that may still be used, newest first: one statement.
pub async fn open(
    executor: impl PgExecutor<'_>,
    members: &[MemberId],
    now: Timestamp,
) -> sqlx::Result<Vec<Open>> {
    let members: Vec<Uuid> = members.iter().map(|member| member.uuid()).collect();
    sqlx::query_as(
        "select id, member_id, label, created_at, expires_at,
                case when code_expires_at > $2 and wrong_guesses < $3 then code_expires_at end
                    as code_expires_at
         from sign_in_links
         where member_id = any($1) and used_at is null and withdrawn_at is null
             and (expires_at is null or expires_at > $2)
         order by created_at desc, id desc",
    )
    .bind(members)
    .bind(now)
    .bind(i32::try_from(customer_domain::codes::ENDURES).unwrap_or(i32::MAX))
    .fetch_all(executor)
    .await
}

/// Forgets links that expired before `before`, and endless ones that were used
/// or withdrawn before it.
pub async fn delete_expired(executor: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<u64> {
    let deleted = sqlx::query(
        "delete from sign_in_links
         where coalesce(expires_at, used_at, withdrawn_at) < $1",
    )
    .bind(before)
    .execute(executor)
    .await?;
    Ok(deleted.rows_affected())
}
