//! `devices` and `pairings`.

use chrono::TimeDelta;
use customer_domain::devices::{Decision, DeviceKind, Pairing, UserCode};
use sqlx::{PgConnection, PgExecutor};
use types::{DeviceId, MemberId, Scope, Timestamp};
use uuid::Uuid;

use super::unreadable;

/// A paired device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    pub name: String,
    pub kind: DeviceKind,
    /// What its browser said it is.
    pub says: String,
    pub paired_by: MemberId,
    pub paired_at: Timestamp,
    /// To some 15 minutes; none: it is not signed in.
    pub last_used_at: Option<Timestamp>,
    /// Who is signed in at it.
    pub member: Option<MemberId>,
}

#[derive(sqlx::FromRow)]
struct DeviceRow {
    id: Uuid,
    name: String,
    kind: String,
    says: String,
    paired_by: Uuid,
    paired_at: Timestamp,
    last_used_at: Option<Timestamp>,
    member_id: Option<Uuid>,
}

impl TryFrom<DeviceRow> for Device {
    type Error = sqlx::Error;

    fn try_from(row: DeviceRow) -> sqlx::Result<Self> {
        let DeviceRow { id, name, kind, says, paired_by, paired_at, last_used_at, member_id } = row;
        Ok(Self {
            id: DeviceId::from_uuid(id),
            name,
            kind: Scope::parse(&kind)
                .and_then(DeviceKind::of)
                .ok_or_else(|| unreadable("devices.kind", &kind))?,
            says,
            paired_by: MemberId::from_uuid(paired_by),
            paired_at,
            last_used_at,
            member: member_id.map(MemberId::from_uuid),
        })
    }
}

/// Those that were not ended, paired first; or one of them: one statement.
pub async fn living(
    executor: impl PgExecutor<'_>,
    one: Option<DeviceId>,
    now: Timestamp,
) -> sqlx::Result<Vec<Device>> {
    let rows: Vec<DeviceRow> = sqlx::query_as(
        "select d.id, d.name, d.kind, d.says, d.paired_by, d.paired_at,
                max(s.last_used_at) filter (where s.member_id is null) as last_used_at,
                (array_agg(s.member_id order by s.created_at desc)
                     filter (where s.member_id is not null))[1] as member_id
         from devices d
         left join sessions s
                on s.device_id = d.id and s.revoked_at is null and s.expires_at > $2
         where d.ended_at is null and ($1::uuid is null or d.id = $1)
         group by d.id
         order by d.paired_at, d.id",
    )
    .bind(one.map(DeviceId::uuid))
    .bind(now)
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Device::try_from).collect()
}

/// A new device.
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    pub id: DeviceId,
    pub name: &'a str,
    pub kind: DeviceKind,
    pub by: MemberId,
    pub now: Timestamp,
}

/// Makes a device of what asked under a locked code: one statement.
pub async fn approve(
    connection: &mut PgConnection,
    code: &UserCode,
    new: &NewDevice<'_>,
) -> sqlx::Result<()> {
    let NewDevice { id, name, kind, by, now } = *new;
    sqlx::query(
        "with device as (
             insert into devices (id, name, kind, says, paired_by, paired_at)
             select $2, $3, $4, says, $5, $6 from pairings where user_code = $1
         )
         update pairings set decision = 'approved', device_id = $2 where user_code = $1",
    )
    .bind(code.letters())
    .bind(id.uuid())
    .bind(name)
    .bind(kind.scope().name())
    .bind(by.uuid())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Refuses what asked under a locked code: one statement.
pub async fn refuse(connection: &mut PgConnection, code: &UserCode) -> sqlx::Result<()> {
    sqlx::query("update pairings set decision = 'refused' where user_code = $1")
        .bind(code.letters())
        .execute(connection)
        .await?;
    Ok(())
}

/// A device that asks, as it is stored.
#[derive(Debug, Clone)]
pub struct Asking {
    pub code: String,
    pub says: String,
    pub started_at: Timestamp,
    pub pairing: Pairing,
    pub device: Option<DeviceId>,
}

#[derive(sqlx::FromRow)]
struct AskingRow {
    user_code: String,
    says: String,
    started_at: Timestamp,
    expires_at: Timestamp,
    asked_at: Option<Timestamp>,
    interval_seconds: i32,
    decision: Option<String>,
    device_id: Option<Uuid>,
}

impl TryFrom<AskingRow> for Asking {
    type Error = sqlx::Error;

    fn try_from(row: AskingRow) -> sqlx::Result<Self> {
        let AskingRow {
            user_code,
            says,
            started_at,
            expires_at,
            asked_at,
            interval_seconds,
            decision,
            device_id,
        } = row;
        let decision = match decision.as_deref() {
            None => Decision::None,
            Some("approved") => Decision::Approved,
            Some("refused") => Decision::Refused,
            Some("done") => Decision::Done,
            Some(other) => return Err(unreadable("pairings.decision", other)),
        };
        let interval = TimeDelta::seconds(i64::from(interval_seconds));
        Ok(Self {
            code: user_code,
            says,
            started_at,
            pairing: Pairing { expires_at, decision, interval, asked_at },
            device: device_id.map(DeviceId::from_uuid),
        })
    }
}

/// A new one that asks.
#[derive(Debug, Clone, Copy)]
pub struct NewPairing<'a> {
    pub hash: &'a [u8],
    pub code: &'a UserCode,
    pub says: &'a str,
    pub interval: TimeDelta,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// Stores that a device asks; `false` when `most` wait already: one statement.
pub async fn start(
    executor: impl PgExecutor<'_>,
    new: &NewPairing<'_>,
    most: i64,
) -> sqlx::Result<bool> {
    let NewPairing { hash, code, says, interval, now, expires_at } = *new;
    let started = sqlx::query(
        "insert into pairings (hash, user_code, says, interval_seconds, started_at, expires_at)
         select $1, $2, $3, $4, $5, $6
         where (select count(*) from pairings where expires_at > $5 and decision is null) < $7
         on conflict (user_code) do nothing",
    )
    .bind(hash)
    .bind(code.letters())
    .bind(says)
    .bind(i32::try_from(interval.num_seconds()).unwrap_or(i32::MAX))
    .bind(now)
    .bind(expires_at)
    .bind(most)
    .execute(executor)
    .await?;
    Ok(started.rows_affected() == 1)
}

/// What asks under a code.
pub async fn by_code(
    executor: impl PgExecutor<'_>,
    code: &UserCode,
) -> sqlx::Result<Option<Asking>> {
    let row: Option<AskingRow> = sqlx::query_as(
        "select user_code, says, started_at, expires_at, asked_at, interval_seconds, decision,
                device_id
         from pairings where user_code = $1",
    )
    .bind(code.letters())
    .fetch_optional(executor)
    .await?;
    row.map(Asking::try_from).transpose()
}

/// The same, locked: of two who decide at once the second sees what the first said.
pub async fn lock_by_code(
    connection: &mut PgConnection,
    code: &UserCode,
) -> sqlx::Result<Option<Asking>> {
    let row: Option<AskingRow> = sqlx::query_as(
        "select user_code, says, started_at, expires_at, asked_at, interval_seconds, decision,
                device_id
         from pairings where user_code = $1 for update",
    )
    .bind(code.letters())
    .fetch_optional(connection)
    .await?;
    row.map(Asking::try_from).transpose()
}

/// What a device's secret belongs to, locked: its tokens are fetched once.
pub async fn lock_by_secret(
    connection: &mut PgConnection,
    hash: &[u8],
) -> sqlx::Result<Option<Asking>> {
    let row: Option<AskingRow> = sqlx::query_as(
        "select user_code, says, started_at, expires_at, asked_at, interval_seconds, decision,
                device_id
         from pairings where hash = $1 for update",
    )
    .bind(hash)
    .fetch_optional(connection)
    .await?;
    row.map(Asking::try_from).transpose()
}

/// That a device came back, and how long it was told to wait: one statement.
pub async fn came_back(
    connection: &mut PgConnection,
    hash: &[u8],
    interval: TimeDelta,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update pairings set asked_at = $2, interval_seconds = $3 where hash = $1")
        .bind(hash)
        .bind(now)
        .bind(i32::try_from(interval.num_seconds()).unwrap_or(i32::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

/// That a device has its tokens: one statement.
pub async fn done(connection: &mut PgConnection, hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query("update pairings set decision = 'done' where hash = $1")
        .bind(hash)
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks a device: its name and kind, and whether it was ended.
pub async fn lock(
    connection: &mut PgConnection,
    id: DeviceId,
) -> sqlx::Result<Option<(String, Option<Timestamp>)>> {
    sqlx::query_as("select name, ended_at from devices where id = $1 for update")
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
}

/// Whose sessions at a device are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// Its own, and everybody's.
    All,
    /// Those of people; the device stays.
    OfPeople,
}

/// Ends sessions at a device, and tells the verifiers: one statement.
pub async fn end_sessions(
    connection: &mut PgConnection,
    id: DeviceId,
    which: Sessions,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with ended as (
             update sessions set revoked_at = $2
             where device_id = $1 and revoked_at is null and (member_id is not null or $4)
             returning id
         )
         insert into revocations (session_id, at, until) select id, $2, $3 from ended
         on conflict (session_id) do nothing",
    )
    .bind(id.uuid())
    .bind(now)
    .bind(until)
    .bind(which == Sessions::All)
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks a device as ended: one statement.
pub async fn mark_ended(
    connection: &mut PgConnection,
    id: DeviceId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update devices set ended_at = coalesce(ended_at, $2) where id = $1")
        .bind(id.uuid())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets what asked and expired before `before`: one statement.
pub async fn delete_expired(executor: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query("delete from pairings where expires_at < $1")
        .bind(before)
        .execute(executor)
        .await?;
    Ok(())
}
