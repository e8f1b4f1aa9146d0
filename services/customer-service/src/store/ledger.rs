//! `ledger_entries`: append-only, numbered per member, each with the balance after it.

use customer_domain::ledger::EntryKind;
use outbox::AppendError;
use sqlx::{PgConnection, PgExecutor};
use types::{Beans, LedgerEntryId, MemberId, Timestamp};
use uuid::Uuid;

use crate::events;

/// Where a member's ledger stands: what a booking builds upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub member: MemberId,
    /// Of the member; the next event about them has the next one.
    pub version: i64,
    /// The number of their last entry; 0 without any.
    pub entries: i64,
    pub balance: Beans,
}

impl Account {
    /// Where it stands after one more entry and its event.
    pub fn after(self, beans: Beans) -> Self {
        Self {
            version: self.version + 1,
            entries: self.entries + 1,
            balance: self.balance + beans,
            ..self
        }
    }
}

/// An entry to append.
#[derive(Debug, Clone)]
pub struct NewEntry {
    pub id: LedgerEntryId,
    pub beans: Beans,
    pub kind: EntryKind,
    pub cause: String,
    /// Of what an order owes; 0 for every other kind.
    pub revision: i64,
    pub at: Timestamp,
}

/// Locks a member's account for a booking, two round trips: the second
/// statement sees what whoever held the lock before has written. A guest has none.
pub async fn lock(
    connection: &mut PgConnection,
    member: MemberId,
) -> sqlx::Result<Option<Account>> {
    let locked = sqlx::query_as(
        "select id, version from members where id = $1 and kind <> 'guest' for no key update",
    );
    let locked = locked.bind(member.uuid()).fetch_optional(&mut *connection).await?;
    standing(connection, locked).await
}

/// The same for who pays what somebody ordered: a guest's host, also when either
/// has left.
pub async fn lock_payer(
    connection: &mut PgConnection,
    orderer: MemberId,
) -> sqlx::Result<Option<Account>> {
    let locked = sqlx::query_as(
        "select id, version from members
         where id = (select coalesce(host_id, id) from members where id = $1) for no key update",
    );
    let locked = locked.bind(orderer.uuid()).fetch_optional(&mut *connection).await?;
    standing(connection, locked).await
}

/// Where a locked account stands.
async fn standing(
    connection: &mut PgConnection,
    locked: Option<(Uuid, i64)>,
) -> sqlx::Result<Option<Account>> {
    let Some((id, version)) = locked else { return Ok(None) };
    let member = MemberId::from_uuid(id);
    let last: Option<(i64, i64)> = sqlx::query_as(
        "select number, balance from ledger_entries where member_id = $1
         order by number desc limit 1",
    )
    .bind(member.uuid())
    .fetch_optional(connection)
    .await?;
    let (entries, balance) = last.unwrap_or((0, 0));
    Ok(Some(Account { member, version, entries, balance: Beans::new(balance) }))
}

/// Locks several accounts, two round trips. Always in the order of their ids, so
/// that two bookings never wait for each other crosswise. Who is unknown, is a guest,
/// or has left, is left out.
pub async fn lock_all(
    connection: &mut PgConnection,
    members: &[MemberId],
) -> sqlx::Result<Vec<Account>> {
    let ids: Vec<Uuid> = members.iter().map(|member| member.uuid()).collect();
    sqlx::query("select from members where id = any($1) order by id for no key update")
        .bind(&ids)
        .execute(&mut *connection)
        .await?;
    // Another statement: it sees whatever was written while we waited.
    let rows: Vec<(Uuid, i64, i64, i64)> = sqlx::query_as(
        "select m.id, m.version, coalesce(last.number, 0), coalesce(last.balance, 0)
         from members m left join lateral (
             select number, balance from ledger_entries where member_id = m.id
             order by number desc limit 1
         ) as last on true
         where m.id = any($1) and m.left_at is null and m.kind <> 'guest'",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let account = |(id, version, entries, balance)| Account {
        member: MemberId::from_uuid(id),
        version,
        entries,
        balance: Beans::new(balance),
    };
    Ok(rows.into_iter().map(account).collect())
}

/// Whether an entry with this cause is there.
pub async fn has_cause(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    kind: EntryKind,
    cause: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from ledger_entries
         where member_id = $1 and kind = $2 and cause = $3)",
    )
    .bind(member.uuid())
    .bind(kind.name())
    .bind(cause)
    .fetch_one(executor)
    .await
}

/// Appends an entry with its event and raises the member's version: two
/// statements, on a locked account.
pub async fn append(
    connection: &mut PgConnection,
    account: Account,
    entry: &NewEntry,
) -> Result<Account, AppendError> {
    let after = account.after(entry.beans);
    sqlx::query(
        "with payer as (update members set version = $2 where id = $1)
         insert into ledger_entries
             (member_id, number, id, beans, balance, kind, cause, revision, at)
         values ($1, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(account.member.uuid())
    .bind(after.version)
    .bind(after.entries)
    .bind(entry.id.uuid())
    .bind(entry.beans.count())
    .bind(after.balance.count())
    .bind(entry.kind.name())
    .bind(&entry.cause)
    .bind(entry.revision)
    .bind(entry.at)
    .execute(&mut *connection)
    .await
    .map_err(AppendError::Database)?;
    outbox::append(connection, &events::beans_booked(&after, entry)).await?;
    Ok(after)
}

/// A balance, and how many coffees are on the stamp cards; `None` for an unknown
/// member. One statement: every look at the menu asks for it.
pub async fn balance(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Option<(Beans, u64)>> {
    let found: Option<(i64, i64)> = sqlx::query_as(
        "select coalesce((select e.balance from ledger_entries e where e.member_id = m.id
                          order by e.number desc limit 1), 0),
                coalesce((select c.coffees from stamp_cards c where c.member_id = m.id), 0)
         from members m where m.id = $1 and m.left_at is null",
    )
    .bind(member.uuid())
    .fetch_optional(executor)
    .await?;
    Ok(found.map(|(beans, coffees)| (Beans::new(beans), coffees.unsigned_abs())))
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: i64,
    pub id: LedgerEntryId,
    pub beans: Beans,
    pub balance: Beans,
    pub kind: String,
    pub cause: String,
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    id: Uuid,
    beans: i64,
    balance: i64,
    kind: String,
    cause: String,
    at: Timestamp,
}

/// The newest entries numbered below `before`, newest first.
pub async fn statement(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<Line>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select number, id, beans, balance, kind, cause, at from ledger_entries
         where member_id = $1 and number < $2 order by number desc limit $3",
    )
    .bind(member.uuid())
    .bind(before)
    .bind(limit)
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|Row { number, id, beans, balance, kind, cause, at }| Line {
            number,
            id: LedgerEntryId::from_uuid(id),
            beans: Beans::new(beans),
            balance: Beans::new(balance),
            kind,
            cause,
            at,
        })
        .collect())
}
