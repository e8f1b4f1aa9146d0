//! `guest_passes`, and the members who came in by them.

use customer_domain::{guests::Pass, kin::Kin, member::Card};
use sqlx::{PgConnection, PgExecutor};
use types::{GuestPassId, MemberId, Role, Timestamp};
use uuid::Uuid;

use super::members::role_names;

/// A pass to be stored, by its secret's hash.
#[derive(Debug, Clone, Copy)]
pub struct NewPass<'a> {
    pub id: GuestPassId,
    pub hash: &'a [u8],
    pub host: MemberId,
    pub now: Timestamp,
    pub ends_at: Timestamp,
}

/// Stores it: one statement.
pub async fn insert(executor: impl PgExecutor<'_>, new: &NewPass<'_>) -> sqlx::Result<()> {
    let NewPass { id, hash, host, now, ends_at } = *new;
    sqlx::query(
        "insert into guest_passes (id, hash, host_id, created_at, ends_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(id.uuid())
    .bind(hash)
    .bind(host.uuid())
    .bind(now)
    .bind(ends_at)
    .execute(executor)
    .await?;
    Ok(())
}

/// A pass with whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub id: GuestPassId,
    pub host: MemberId,
    pub pass: Pass,
}

/// A pass by its secret, locked: of two who come in at once the second waits. Who
/// has left is counted, too. Its host stays for so long, and is locked first, as
/// whoever leaves does it. Three statements.
pub async fn lock_by_secret(
    connection: &mut PgConnection,
    hash: &[u8],
) -> sqlx::Result<Option<Found>> {
    sqlx::query(
        "select from members where id = (select host_id from guest_passes where hash = $1)
         for key share",
    )
    .bind(hash)
    .execute(&mut *connection)
    .await?;
    let row: Option<Row> = sqlx::query_as(
        "select id, host_id, ends_at, ended_at is not null from guest_passes
         where hash = $1 for update",
    )
    .bind(hash)
    .fetch_optional(&mut *connection)
    .await?;
    counted(connection, row).await
}

/// The same by its id.
pub async fn lock(connection: &mut PgConnection, id: GuestPassId) -> sqlx::Result<Option<Found>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, host_id, ends_at, ended_at is not null from guest_passes
         where id = $1 for update",
    )
    .bind(id.uuid())
    .fetch_optional(&mut *connection)
    .await?;
    counted(connection, row).await
}

type Row = (Uuid, Uuid, Timestamp, bool);

/// Another statement than the one that locks: it sees who came in meanwhile.
async fn counted(connection: &mut PgConnection, row: Option<Row>) -> sqlx::Result<Option<Found>> {
    let Some((id, host, ends_at, ended)) = row else { return Ok(None) };
    let guests: i64 = sqlx::query_scalar("select count(*) from members where guest_pass_id = $1")
        .bind(id)
        .fetch_one(connection)
        .await?;
    let guests = usize::try_from(guests).unwrap_or(usize::MAX);
    Ok(Some(Found {
        id: GuestPassId::from_uuid(id),
        host: MemberId::from_uuid(host),
        pass: Pass { ends_at, ended, guests },
    }))
}

/// Ends a locked pass: one statement.
pub async fn end(
    executor: impl PgExecutor<'_>,
    id: GuestPassId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update guest_passes set ended_at = $2 where id = $1")
        .bind(id.uuid())
        .bind(now)
        .execute(executor)
        .await?;
    Ok(())
}

/// A pass that is good, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Good {
    pub id: GuestPassId,
    pub created_at: Timestamp,
    pub ends_at: Timestamp,
}

/// A host's passes that are good, newest first: one statement.
pub async fn good(
    executor: impl PgExecutor<'_>,
    host: MemberId,
    now: Timestamp,
) -> sqlx::Result<Vec<Good>> {
    let rows: Vec<(Uuid, Timestamp, Timestamp)> = sqlx::query_as(
        "select id, created_at, ends_at from guest_passes
         where host_id = $1 and ended_at is null and ends_at > $2
         order by created_at desc, id",
    )
    .bind(host.uuid())
    .bind(now)
    .fetch_all(executor)
    .await?;
    let good =
        |(id, created_at, ends_at)| Good { id: GuestPassId::from_uuid(id), created_at, ends_at };
    Ok(rows.into_iter().map(good).collect())
}

/// Somebody who comes in.
#[derive(Debug, Clone, Copy)]
pub struct NewGuest<'a> {
    pub id: MemberId,
    pub card: &'a Card,
    pub pass: GuestPassId,
    pub host: MemberId,
    pub now: Timestamp,
}

impl NewGuest<'_> {
    pub const fn kin(&self) -> Kin {
        Kin::Guest { host: self.host }
    }
}

/// Inserts a guest at version 1, that of their first event: one statement.
pub async fn admit(connection: &mut PgConnection, new: &NewGuest<'_>) -> sqlx::Result<()> {
    let NewGuest { id, card: Card { name, emoji, colour }, pass, host, now } = *new;
    sqlx::query(
        "insert into members
             (id, name, emoji, colour, roles, kind, version, joined_at, host_id, guest_pass_id)
         values ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9)",
    )
    .bind(id.uuid())
    .bind(name)
    .bind(emoji)
    .bind(colour)
    .bind(role_names([Role::Member].into()))
    .bind(new.kin().name())
    .bind(now)
    .bind(host.uuid())
    .bind(pass.uuid())
    .execute(connection)
    .await?;
    Ok(())
}

/// Guests who are here, by their pass, in the order in which they came: one statement.
pub async fn of_passes(
    executor: impl PgExecutor<'_>,
    passes: &[GuestPassId],
) -> sqlx::Result<Vec<(GuestPassId, MemberId)>> {
    let ids: Vec<Uuid> = passes.iter().map(|pass| pass.uuid()).collect();
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select guest_pass_id, id from members
         where guest_pass_id = any($1) and left_at is null order by joined_at, id",
    )
    .bind(ids)
    .fetch_all(executor)
    .await?;
    let ids = |(pass, guest)| (GuestPassId::from_uuid(pass), MemberId::from_uuid(guest));
    Ok(rows.into_iter().map(ids).collect())
}

/// Guests who are here while their pass is over, for whom it was over first: one statement.
pub async fn overdue(executor: impl PgExecutor<'_>, now: Timestamp) -> sqlx::Result<Vec<MemberId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select m.id from members m join guest_passes p on p.id = m.guest_pass_id
         where m.left_at is null and (p.ended_at is not null or p.ends_at <= $1)
         order by p.ends_at, m.id limit 100",
    )
    .bind(now)
    .fetch_all(executor)
    .await?;
    Ok(ids.into_iter().map(MemberId::from_uuid).collect())
}

/// Forgets passes that were over before `before` and by which nobody came in, who
/// would still have a row: one statement.
pub async fn delete_over(executor: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "delete from guest_passes p where p.ends_at < $1
         and not exists (select from members m where m.guest_pass_id = p.id)",
    )
    .bind(before)
    .execute(executor)
    .await?;
    Ok(())
}
