//! `revocations` and `outdated_tokens`: which access tokens must be refused
//! though they have not expired yet.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, SessionId, Timestamp};
use uuid::Uuid;

use super::unreadable;

/// What was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// A sign-in.
    Session(SessionId),
    /// A member's tokens of generations below this one.
    Below { member: MemberId, generation: u32 },
}

/// Those still worth knowing, with when to forget them: one statement.
pub async fn live(
    executor: impl PgExecutor<'_>,
    now: Timestamp,
) -> sqlx::Result<BTreeMap<Ended, Timestamp>> {
    let rows: Vec<(Uuid, Option<i32>, Timestamp)> = sqlx::query_as(
        "select session_id, null::integer, until from revocations where until > $1
         union all
         select member_id, generation, until from outdated_tokens where until > $1",
    )
    .bind(now)
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|(id, generation, until)| {
            let ended = match generation {
                None => Ended::Session(SessionId::from_uuid(id)),
                Some(generation) => Ended::Below {
                    member: MemberId::from_uuid(id),
                    generation: u32::try_from(generation)
                        .map_err(|_| unreadable("outdated_tokens.generation", "below zero"))?,
                },
            };
            Ok((ended, until))
        })
        .collect()
}

/// Raises a member's generation and tells the verifiers until the last older
/// token has expired by itself: one statement.
pub async fn outdate(
    connection: &mut PgConnection,
    member: MemberId,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with raised as (
             update members set token_generation = token_generation + 1 where id = $1
             returning token_generation
         )
         insert into outdated_tokens (member_id, generation, until)
         select $1, token_generation, $2 from raised
         on conflict (member_id) do update
         set generation = excluded.generation, until = excluded.until",
    )
    .bind(member.uuid())
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the rest: one statement.
pub async fn delete_over(executor: impl PgExecutor<'_>, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "with sessions as (delete from revocations where until <= $1)
         delete from outdated_tokens where until <= $1",
    )
    .bind(now)
    .execute(executor)
    .await?;
    Ok(())
}
