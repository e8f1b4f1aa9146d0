//! `pins` and `pin_tries`.

use customer_domain::pins::{PinKind, Tries};
use sqlx::{PgConnection, PgExecutor};
use types::{DeviceId, MemberId, Roles, Timestamp};
use uuid::Uuid;

use super::{members::parse_roles, unreadable};
use crate::identity::hashing::{Cost, Hashed};

#[derive(sqlx::FromRow)]
struct PinRow {
    roles: Vec<String>,
    salt: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
    memory_kib: Option<i32>,
    passes: Option<i32>,
}

/// A member's roles, and their PIN if they have one: one statement.
pub async fn of_member(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    kind: PinKind,
) -> sqlx::Result<Option<(Roles, Option<Hashed>)>> {
    let row: Option<PinRow> = sqlx::query_as(
        "select m.roles, p.salt, p.hash, p.memory_kib, p.passes
         from members m left join pins p on p.member_id = m.id and p.kind = $2
         where m.id = $1 and m.left_at is null",
    )
    .bind(member.uuid())
    .bind(kind.name())
    .fetch_optional(executor)
    .await?;
    row.map(|PinRow { roles, salt, hash, memory_kib, passes }| {
        let pin = match (salt, hash, memory_kib, passes) {
            (Some(salt), Some(hash), Some(memory_kib), Some(passes)) => Some(Hashed {
                salt: fixed(&salt)?,
                hash: fixed(&hash)?,
                cost: Cost { memory_kib: memory_kib.unsigned_abs(), passes: passes.unsigned_abs() },
            }),
            _ => None,
        };
        Ok((parse_roles(&roles)?, pin))
    })
    .transpose()
}

fn fixed<const N: usize>(bytes: &[u8]) -> sqlx::Result<[u8; N]> {
    bytes.try_into().map_err(|_| unreadable("pins", "bytes of another length"))
}

/// Keeps a member from leaving until the transaction ends: one statement.
pub async fn lock_member(connection: &mut PgConnection, member: MemberId) -> sqlx::Result<()> {
    sqlx::query("select from members where id = $1 for key share")
        .bind(member.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets a member's PIN, and forgives what was tried before; `false` when there
/// is no such member: one statement.
pub async fn set(
    connection: &mut PgConnection,
    member: MemberId,
    kind: PinKind,
    pin: &Hashed,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let Hashed { salt, hash, cost: Cost { memory_kib, passes } } = pin;
    let set = sqlx::query(
        "with forgiven as (delete from pin_tries where member_id = $1)
         insert into pins (member_id, kind, salt, hash, memory_kib, passes, set_at)
         select id, $2, $3, $4, $5, $6, $7 from members
         where id = $1 and left_at is null and kind <> 'guest' for key share
         on conflict (member_id, kind) do update
         set salt = excluded.salt, hash = excluded.hash, memory_kib = excluded.memory_kib,
             passes = excluded.passes, set_at = excluded.set_at",
    )
    .bind(member.uuid())
    .bind(kind.name())
    .bind(&salt[..])
    .bind(&hash[..])
    .bind(i32::try_from(*memory_kib).unwrap_or(i32::MAX))
    .bind(i32::try_from(*passes).unwrap_or(i32::MAX))
    .bind(now)
    .execute(connection)
    .await?;
    Ok(set.rows_affected() == 1)
}

/// Removes a PIN; `false`: there was none.
pub async fn remove(
    connection: &mut PgConnection,
    member: MemberId,
    kind: PinKind,
) -> sqlx::Result<bool> {
    let removed = sqlx::query("delete from pins where member_id = $1 and kind = $2")
        .bind(member.uuid())
        .bind(kind.name())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() == 1)
}

/// Which PINs a member has, and since when.
pub async fn list(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> sqlx::Result<Vec<(PinKind, Timestamp)>> {
    let rows: Vec<(String, Timestamp)> =
        sqlx::query_as("select kind, set_at from pins where member_id = $1 order by kind")
            .bind(member.uuid())
            .fetch_all(executor)
            .await?;
    rows.into_iter()
        .map(|(kind, at)| {
            let parsed = PinKind::parse(&kind).ok_or_else(|| unreadable("pins.kind", &kind))?;
            Ok((parsed, at))
        })
        .collect()
}

/// As much of a member as a shared device may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    pub id: MemberId,
    pub name: String,
    pub emoji: String,
    pub colour: String,
    pub roles: Roles,
    pub has_pin: bool,
}

#[derive(sqlx::FromRow)]
struct FaceRow {
    id: Uuid,
    name: String,
    emoji: String,
    colour: String,
    roles: Vec<String>,
    has_pin: bool,
}

/// The family by name, with who has a PIN of this kind: one statement.
pub async fn faces(
    executor: impl PgExecutor<'_>,
    kind: Option<PinKind>,
) -> sqlx::Result<Vec<Face>> {
    let rows: Vec<FaceRow> = sqlx::query_as(
        "select m.id, m.name, m.emoji, m.colour, m.roles,
                exists (select from pins p where p.member_id = m.id and p.kind = $1) as has_pin
         from members m where m.left_at is null order by m.name, m.id",
    )
    .bind(kind.map(PinKind::name))
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|FaceRow { id, name, emoji, colour, roles, has_pin }| {
            let id = MemberId::from_uuid(id);
            Ok(Face { id, name, emoji, colour, roles: parse_roles(&roles)?, has_pin })
        })
        .collect()
}

/// The wrong tries of a member at a device, locked: tries at once wait in line.
/// One statement.
pub async fn lock_tries(
    connection: &mut PgConnection,
    member: MemberId,
    device: DeviceId,
) -> sqlx::Result<Tries> {
    let (wrong, last_wrong_at): (i32, Option<Timestamp>) = sqlx::query_as(
        "insert into pin_tries (member_id, device_id, wrong) values ($1, $2, 0)
         on conflict (member_id, device_id) do update set wrong = pin_tries.wrong
         returning wrong, last_wrong_at",
    )
    .bind(member.uuid())
    .bind(device.uuid())
    .fetch_one(connection)
    .await?;
    Ok(Tries { wrong: wrong.unsigned_abs(), last_wrong_at })
}

/// Writes them: one statement.
pub async fn write_tries(
    connection: &mut PgConnection,
    member: MemberId,
    device: DeviceId,
    tries: Tries,
) -> sqlx::Result<()> {
    sqlx::query(
        "update pin_tries set wrong = $3, last_wrong_at = $4
         where member_id = $1 and device_id = $2",
    )
    .bind(member.uuid())
    .bind(device.uuid())
    .bind(i32::try_from(tries.wrong).unwrap_or(i32::MAX))
    .bind(tries.last_wrong_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgives a member at a device: the PIN was right.
pub async fn forgive(
    connection: &mut PgConnection,
    member: MemberId,
    device: DeviceId,
) -> sqlx::Result<()> {
    sqlx::query("delete from pin_tries where member_id = $1 and device_id = $2")
        .bind(member.uuid())
        .bind(device.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets what was tried wrongly before `before`.
pub async fn delete_forgiven(executor: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query("delete from pin_tries where last_wrong_at < $1")
        .bind(before)
        .execute(executor)
        .await?;
    Ok(())
}
