//! The codes of `sign_in_links`, and `code_guessers`.

use customer_domain::codes::{ENDURES, Guesser, Stored};
use sqlx::{PgConnection, PgExecutor};
use types::{InvitationId, MemberId, Timestamp};
use uuid::Uuid;

/// A code with what it opens.
#[derive(Debug, Clone)]
pub struct Kept {
    pub invitation: InvitationId,
    pub member: MemberId,
    pub code_hash: Vec<u8>,
    pub stored: Stored,
    pub ends_others: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    member_id: Uuid,
    code_hash: Vec<u8>,
    code_expires_at: Timestamp,
    wrong_guesses: i32,
    used_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
    ends_others: bool,
}

impl From<Row> for Kept {
    fn from(row: Row) -> Self {
        Self {
            invitation: InvitationId::from_uuid(row.id),
            member: MemberId::from_uuid(row.member_id),
            code_hash: row.code_hash,
            stored: Stored {
                expires_at: row.code_expires_at,
                wrong_guesses: u32::try_from(row.wrong_guesses).unwrap_or(u32::MAX),
                used_at: row.used_at,
                withdrawn_at: row.withdrawn_at,
            },
            ends_others: row.ends_others,
        }
    }
}

/// Locks what is known of an address, so that its guesses wait in line: two statements.
pub async fn lock_guesser(connection: &mut PgConnection, address: &str) -> sqlx::Result<Guesser> {
    sqlx::query(
        "insert into code_guessers (address, wrong) values ($1, 0) on conflict (address) do nothing",
    )
    .bind(address)
    .execute(&mut *connection)
    .await?;
    let (wrong, last_wrong_at): (i32, Option<Timestamp>) = sqlx::query_as(
        "select wrong, last_wrong_at from code_guessers where address = $1 for update",
    )
    .bind(address)
    .fetch_one(connection)
    .await?;
    Ok(Guesser { wrong: u32::try_from(wrong).unwrap_or_default(), last_wrong_at })
}

/// Locks every code that may be typed now, in one order: of two who type at once
/// the second sees what the first did.
pub async fn lock_live(connection: &mut PgConnection, now: Timestamp) -> sqlx::Result<Vec<Kept>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, member_id, code_hash, code_expires_at, wrong_guesses, used_at, withdrawn_at,
                ends_others
         from sign_in_links
         where code_hash is not null and used_at is null and withdrawn_at is null
             and code_expires_at > $1 and wrong_guesses < $2
         order by id for update",
    )
    .bind(now)
    .bind(i32::try_from(ENDURES).unwrap_or(i32::MAX))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// Codes that expire after `since`, whatever became of them.
pub async fn recent(connection: &mut PgConnection, since: Timestamp) -> sqlx::Result<Vec<Kept>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, member_id, code_hash, code_expires_at, wrong_guesses, used_at, withdrawn_at,
                ends_others
         from sign_in_links where code_hash is not null and code_expires_at > $1 order by id",
    )
    .bind(since)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// A wrong guess: of an address, against every code that was there to be found.
/// Two statements.
pub async fn record_wrong(
    connection: &mut PgConnection,
    address: &str,
    guesser: Guesser,
    live: &[Kept],
) -> sqlx::Result<()> {
    sqlx::query("update code_guessers set wrong = $2, last_wrong_at = $3 where address = $1")
        .bind(address)
        .bind(i32::try_from(guesser.wrong).unwrap_or(i32::MAX))
        .bind(guesser.last_wrong_at)
        .execute(&mut *connection)
        .await?;
    let ids: Vec<Uuid> = live.iter().map(|code| code.invitation.uuid()).collect();
    sqlx::query("update sign_in_links set wrong_guesses = wrong_guesses + 1 where id = any($1)")
        .bind(ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// Marks a code's invitation as used.
pub async fn mark_used(
    connection: &mut PgConnection,
    invitation: InvitationId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update sign_in_links set used_at = $2 where id = $1")
        .bind(invitation.uuid())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// One at a time makes codes: no two that live are alike. The lock belongs to the
/// transaction.
pub async fn lock_making(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(7311486207)").execute(connection).await?;
    Ok(())
}

/// Forgets addresses that guessed nothing wrong since `before`.
pub async fn forget_guessers(
    executor: impl PgExecutor<'_>,
    before: Timestamp,
) -> sqlx::Result<u64> {
    let deleted =
        sqlx::query("delete from code_guessers where last_wrong_at is null or last_wrong_at < $1")
            .bind(before)
            .execute(executor)
            .await?;
    Ok(deleted.rows_affected())
}
