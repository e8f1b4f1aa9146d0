//! `sessions` and their `refresh_tokens`.

use customer_domain::sessions::{Rotation, Session, Standing, Successor, Token};
use runtime::tokens::Subject;
use sqlx::{PgConnection, PgExecutor};
use types::{DeviceId, MemberId, Roles, Scope, SessionId, Timestamp};
use uuid::Uuid;

use super::{members::parse_roles, unreadable};

/// A session, locked, with whose it is.
#[derive(Debug, Clone)]
pub struct Owner {
    pub session: SessionId,
    pub holder: SignedIn,
    pub life: Session,
}

/// What an access token of a session says of whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    pub subject: Subject,
    pub roles: Roles,
    pub scope: Scope,
    /// The paired device at which somebody acts.
    pub device: Option<DeviceId>,
    /// Of the member's tokens.
    pub generation: u32,
}

#[derive(sqlx::FromRow)]
pub(super) struct SignedInRow {
    member_id: Option<Uuid>,
    device_id: Option<Uuid>,
    roles: Option<Vec<String>>,
    scope: String,
    token_generation: Option<i32>,
}

impl TryFrom<SignedInRow> for SignedIn {
    type Error = sqlx::Error;

    fn try_from(row: SignedInRow) -> sqlx::Result<Self> {
        let SignedInRow { member_id, device_id, roles, scope, token_generation } = row;
        let device = device_id.map(DeviceId::from_uuid);
        let (subject, device) = match (member_id, device) {
            (Some(member), device) => (Subject::Member(MemberId::from_uuid(member)), device),
            (None, Some(device)) => (Subject::Device(device), None),
            (None, None) => return Err(unreadable("sessions.member_id", "nobody")),
        };
        Ok(Self {
            subject,
            roles: parse_roles(&roles.unwrap_or_default())?,
            scope: Scope::parse(&scope).ok_or_else(|| unreadable("sessions.scope", &scope))?,
            device,
            generation: u32::try_from(token_generation.unwrap_or_default())
                .map_err(|_| unreadable("members.token_generation", "below zero"))?,
        })
    }
}

/// A new session.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    pub id: SessionId,
    pub subject: Subject,
    /// The paired device at which a member acts.
    pub at_device: Option<DeviceId>,
    /// What the device says it is.
    pub device: &'a str,
    pub scope: Scope,
    pub token_hash: &'a [u8],
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// A token as stored, and what it takes to hand out the same successor again.
#[derive(Debug, Clone)]
pub struct StoredToken {
    pub token: Token,
    pub successor: Option<StoredSuccessor>,
}

/// What a successor was derived with.
#[derive(Debug, Clone)]
pub struct StoredSuccessor {
    pub hash: Vec<u8>,
    pub nonce: Vec<u8>,
    pub expires_at: Timestamp,
}

/// Begins a session with its first token: one statement. `None` for somebody who
/// has left, also at this moment.
pub async fn begin(
    connection: &mut PgConnection,
    new: &NewSession<'_>,
) -> sqlx::Result<Option<SignedIn>> {
    let NewSession { id, subject, at_device, device, scope, token_hash, at, expires_at } = *new;
    let (member, device_id) = match subject {
        Subject::Member(member) => (Some(member.uuid()), at_device.map(DeviceId::uuid)),
        Subject::Device(device) => (None, Some(device.uuid())),
    };
    let row: Option<SignedInRow> = sqlx::query_as(
        "with member as (
             select id, roles, token_generation from members
             where id = $2 and left_at is null for key share
         ), owner as (
             select id, roles, token_generation from member
             union all select null, null, null where $2::uuid is null
         ), session as (
             insert into sessions
                 (id, member_id, device_id, device, scope, created_at, last_used_at, expires_at)
             select $1, id, $8, $3, $7, $5, $5, $6 from owner
         ), token as (
             insert into refresh_tokens (hash, session_id, created_at, expires_at)
             select $4, $1, $5, $6 from owner
         ), arrival as (
             update members set first_signed_in_at = $5 from member
             where members.id = member.id and first_signed_in_at is null
         )
         select id as member_id, $8::uuid as device_id, roles, $7 as scope, token_generation
         from owner",
    )
    .bind(id.uuid())
    .bind(member)
    .bind(device)
    .bind(token_hash)
    .bind(at)
    .bind(expires_at)
    .bind(scope.name())
    .bind(device_id)
    .fetch_optional(connection)
    .await?;
    row.map(SignedIn::try_from).transpose()
}

#[derive(sqlx::FromRow)]
struct OwnerRow {
    id: Uuid,
    revoked_at: Option<Timestamp>,
    #[sqlx(flatten)]
    holder: SignedInRow,
}

/// Locks the session that a token belongs to: all refreshes of one family wait in line.
pub async fn lock_by_token(
    connection: &mut PgConnection,
    token_hash: &[u8],
) -> sqlx::Result<Option<Owner>> {
    let row: Option<OwnerRow> = sqlx::query_as(
        "select s.id, s.member_id, s.device_id, s.scope, m.roles, m.token_generation, s.revoked_at
         from sessions s left join members m on m.id = s.member_id
         where s.id = (select session_id from refresh_tokens where hash = $1)
         for update of s",
    )
    .bind(token_hash)
    .fetch_optional(connection)
    .await?;
    row.map(|OwnerRow { id, revoked_at, holder }| {
        Ok(Owner {
            session: SessionId::from_uuid(id),
            holder: holder.try_into()?,
            life: match revoked_at {
                Some(_) => Session::Revoked,
                None => Session::Live,
            },
        })
    })
    .transpose()
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    expires_at: Timestamp,
    void: bool,
    rotated_at: Option<Timestamp>,
    successor_hash: Option<Vec<u8>>,
    successor_nonce: Option<Vec<u8>>,
    successor_expires_at: Option<Timestamp>,
    successor_used: bool,
}

/// A token of a locked session.
pub async fn token(
    connection: &mut PgConnection,
    hash: &[u8],
) -> sqlx::Result<Option<StoredToken>> {
    let row: Option<TokenRow> = sqlx::query_as(
        "select t.expires_at, t.void, t.rotated_at, t.successor_hash, t.successor_nonce,
                next.expires_at as successor_expires_at,
                next.rotated_at is not null as successor_used
         from refresh_tokens t left join refresh_tokens next on next.hash = t.successor_hash
         where t.hash = $1",
    )
    .bind(hash)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| StoredToken {
        token: Token {
            standing: if row.void { Standing::Void } else { Standing::Good },
            expires_at: row.expires_at,
            rotation: row.rotated_at.map(|at| Rotation {
                at,
                successor: if row.successor_used { Successor::Used } else { Successor::Unused },
            }),
        },
        successor: match (row.successor_hash, row.successor_nonce, row.successor_expires_at) {
            (Some(hash), Some(nonce), Some(expires_at)) => {
                Some(StoredSuccessor { hash, nonce, expires_at })
            }
            _ => None,
        },
    }))
}

/// Gives a token a successor: one statement. An unused successor that it had is
/// void from now on.
pub async fn rotate(
    connection: &mut PgConnection,
    session: SessionId,
    hash: &[u8],
    successor: &StoredSuccessor,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with former as (
             update refresh_tokens set void = true
             where hash = (select successor_hash from refresh_tokens where hash = $2)
         ), successor as (
             insert into refresh_tokens (hash, session_id, created_at, expires_at)
             values ($3, $1, $5, $6)
         ), session as (
             update sessions set expires_at = $6, last_used_at = $5 where id = $1
         )
         update refresh_tokens
         set rotated_at = $5, successor_hash = $3, successor_nonce = $4 where hash = $2",
    )
    .bind(session.uuid())
    .bind(hash)
    .bind(&successor.hash)
    .bind(&successor.nonce)
    .bind(now)
    .bind(successor.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a session and tells the verifiers until its last access token has
/// expired by itself: one statement.
pub async fn revoke(
    connection: &mut PgConnection,
    session: SessionId,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with session as (
             update sessions set revoked_at = coalesce(revoked_at, $2) where id = $1
         )
         insert into revocations (session_id, at, until) values ($1, $2, $3)
         on conflict (session_id) do nothing",
    )
    .bind(session.uuid())
    .bind(now)
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends every session of a member but one: one statement. In one order, so that
/// of two who do that at once nobody waits crosswise.
pub async fn revoke_others(
    connection: &mut PgConnection,
    member: MemberId,
    but: SessionId,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with others as (
             select id from sessions
             where member_id = $1 and id <> $2 and revoked_at is null order by id for update
         ), ended as (
             update sessions set revoked_at = $3 where id in (select id from others) returning id
         )
         insert into revocations (session_id, at, until) select id, $3, $4 from ended
         on conflict (session_id) do nothing",
    )
    .bind(member.uuid())
    .bind(but.uuid())
    .bind(now)
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends every session of a member at shared devices: one statement.
pub async fn revoke_at_devices(
    connection: &mut PgConnection,
    member: MemberId,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with there as (
             select id from sessions
             where member_id = $1 and device_id is not null and revoked_at is null
             order by id for update
         ), ended as (
             update sessions set revoked_at = $2 where id in (select id from there) returning id
         )
         insert into revocations (session_id, at, until) select id, $2, $3 from ended
         on conflict (session_id) do nothing",
    )
    .bind(member.uuid())
    .bind(now)
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: SessionId,
    pub device: String,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    id: Uuid,
    device: String,
    scope: String,
    created_at: Timestamp,
    last_used_at: Timestamp,
}

/// A member's living sessions, used last first: one statement.
pub async fn of_member(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    now: Timestamp,
) -> sqlx::Result<Vec<Listed>> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        "select id, device, scope, created_at, last_used_at from sessions
         where member_id = $1 and revoked_at is null and expires_at > $2
         order by last_used_at desc, id desc",
    )
    .bind(member.uuid())
    .bind(now)
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|ListedRow { id, device, scope, created_at, last_used_at }| {
            let scope = Scope::parse(&scope).ok_or_else(|| unreadable("sessions.scope", &scope))?;
            Ok(Listed { id: SessionId::from_uuid(id), device, scope, created_at, last_used_at })
        })
        .collect()
}

/// Locks a person's session: whose it is, and whether it still lives.
pub async fn lock(
    connection: &mut PgConnection,
    session: SessionId,
) -> sqlx::Result<Option<(MemberId, Session)>> {
    let row: Option<(Uuid, Option<Timestamp>)> = sqlx::query_as(
        "select member_id, revoked_at from sessions
             where id = $1 and member_id is not null for update",
    )
    .bind(session.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(member, revoked_at)| {
        let life = if revoked_at.is_some() { Session::Revoked } else { Session::Live };
        (MemberId::from_uuid(member), life)
    }))
}

/// Forgets sessions with their tokens, and the old tokens of living sessions,
/// that expired before `before`.
pub async fn delete_expired(executor: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "with sessions as (delete from sessions where expires_at < $1)
         delete from refresh_tokens where expires_at < $1",
    )
    .bind(before)
    .execute(executor)
    .await?;
    Ok(())
}
