//! `event_log`, for the event that no ledger entry carries along.

use sqlx::PgConnection;
use types::{MemberId, Timestamp};

use crate::events::Booked;

/// Appends a member's first event and sets their version to 1: one statement.
pub async fn append_joined(
    connection: &mut PgConnection,
    member: MemberId,
    event: &Booked,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with member as (update members set version = 1 where id = $1)
         insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
         values ($2, $3, 1, $4, $5, $6, $7)",
    )
    .bind(member.uuid())
    .bind(event.id.uuid())
    .bind(&event.stream_key)
    .bind(event.kind)
    .bind(&event.payload)
    .bind(&event.traceparent)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}
