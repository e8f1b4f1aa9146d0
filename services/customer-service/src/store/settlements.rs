//! `settlements`: the newest settlement of each order.

use customer_domain::ledger::{SettlementState, Standing};
use sqlx::{PgConnection, PgExecutor, PgPool};
use types::{Beans, MemberId, OrderId, Timestamp};
use uuid::Uuid;

use super::{
    ledger::{Account, NewEntry},
    unreadable,
};
use crate::events;

/// An order's settlement, locked. Without a row nothing is locked: then the
/// payer's account, which is locked first, keeps others out.
pub async fn lock(
    connection: &mut PgConnection,
    order: OrderId,
) -> sqlx::Result<Option<SettlementState>> {
    let row: Option<Row> = sqlx::query_as(
        "select payer, revision, owed, standing from settlements where order_id = $1 for update",
    )
    .bind(order.uuid())
    .fetch_optional(connection)
    .await?;
    row.map(state).transpose()
}

/// An order's settlement, as it is at the moment.
pub async fn get(
    executor: impl PgExecutor<'_>,
    order: OrderId,
) -> sqlx::Result<Option<SettlementState>> {
    let row: Option<Row> = sqlx::query_as(
        "select payer, revision, owed, standing from settlements where order_id = $1",
    )
    .bind(order.uuid())
    .fetch_optional(executor)
    .await?;
    row.map(state).transpose()
}

type Row = (Uuid, i64, i64, String);

fn state((payer, revision, owed, standing): Row) -> sqlx::Result<SettlementState> {
    Ok(SettlementState {
        payer: MemberId::from_uuid(payer),
        revision,
        owed: Beans::new(owed),
        standing: Standing::parse(&standing)
            .ok_or_else(|| unreadable("settlements.standing", &standing))?,
    })
}

/// Stores an order's newest settlement; `false` when another member pays for it.
pub async fn put(
    connection: &mut PgConnection,
    order: OrderId,
    state: &SettlementState,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let put = sqlx::query(
        "insert into settlements (order_id, payer, revision, owed, standing, at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (order_id) do update
         set revision = excluded.revision, owed = excluded.owed,
             standing = excluded.standing, at = excluded.at
         where settlements.payer = excluded.payer",
    )
    .bind(order.uuid())
    .bind(state.payer.uuid())
    .bind(state.revision)
    .bind(state.owed.count())
    .bind(state.standing.name())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() == 1)
}

/// Books an order's *first* settlement in one statement and one commit, without
/// a lock taken before: it holds only if the account still stands as `account`
/// says (its version is checked under the row's lock) and the order was never
/// settled (else it fails with `one_settlement_per_order` or
/// `one_entry_per_cause`). `false`: the account moved on, nothing was written.
pub async fn book_first(
    pool: &PgPool,
    account: Account,
    order: OrderId,
    state: &SettlementState,
    entry: Option<&NewEntry>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let after = entry.map_or(account, |entry| account.after(entry.beans));
    let event = entry.map(|entry| events::beans_booked(&after, entry));
    let booked: i64 = sqlx::query_scalar(
        "with payer as (
             update members set version = $3 where id = $1 and version = $2 returning id
         ), settlement as (
             insert into settlements (order_id, payer, revision, owed, standing, at)
             select $4, id, $5, $6, $7, $8 from payer
         ), entry as (
             insert into ledger_entries
                 (member_id, number, id, beans, balance, kind, cause, revision, at)
             select id, $9, $10, $11, $12, $13, $14, $5, $8 from payer where $10 is not null
         ), event as (
             insert into event_log (event_id, stream_key, version, kind, payload, traceparent, at)
             select $15, $16, $3, $17, $18, $19, $8 from payer where $15 is not null
         )
         select count(*) from payer",
    )
    .bind(account.member.uuid())
    .bind(account.version)
    .bind(after.version)
    .bind(order.uuid())
    .bind(state.revision)
    .bind(state.owed.count())
    .bind(state.standing.name())
    .bind(now)
    .bind(after.entries)
    .bind(entry.map(|entry| entry.id.uuid()))
    .bind(entry.map(|entry| entry.beans.count()))
    .bind(after.balance.count())
    .bind(entry.map(|entry| entry.kind.name()))
    .bind(entry.map(|entry| entry.cause.as_str()))
    .bind(event.as_ref().map(|event| event.event_id.uuid()))
    .bind(event.as_ref().map(|event| event.stream_key.as_str()))
    .bind(event.as_ref().map(|event| event.kind.as_str()))
    .bind(event.as_ref().map(|event| event.payload.as_slice()))
    .bind(event.as_ref().and_then(|event| event.traceparent.as_deref()))
    .fetch_one(pool)
    .await?;
    Ok(booked == 1)
}
