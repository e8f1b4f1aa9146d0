//! `api_tokens`, each with its row in `sessions`.

use customer_domain::sessions::Session;
use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, Scope, SessionId, Timestamp, TokenId};
use uuid::Uuid;

use super::{
    sessions::{SignedIn, SignedInRow},
    unreadable,
};

/// A new token of a member.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    pub id: TokenId,
    pub session: SessionId,
    pub member: MemberId,
    pub name: &'a str,
    pub scope: Scope,
    pub hash: &'a [u8],
    pub at: Timestamp,
    /// When it is over unless it is used before.
    pub expires_at: Timestamp,
}

/// Makes a token with its session; `false`: the member has `most` already. One statement.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    new: &NewToken<'_>,
    most: i64,
) -> sqlx::Result<bool> {
    let NewToken { id, session, member, name, scope, hash, at, expires_at } = *new;
    let inserted = sqlx::query(
        "with session as (
             insert into sessions
                 (id, member_id, device, scope, created_at, last_used_at, expires_at)
             select $2, $3, $4, $5, $7, $7, $8
             where (select count(*) from api_tokens t join sessions s on s.id = t.session_id
                    where s.member_id = $3 and s.revoked_at is null and s.expires_at > $7) < $9
             returning id
         )
         insert into api_tokens (id, session_id, hash) select $1, id, $6 from session",
    )
    .bind(id.uuid())
    .bind(session.uuid())
    .bind(member.uuid())
    .bind(name)
    .bind(scope.name())
    .bind(hash)
    .bind(at)
    .bind(expires_at)
    .bind(most)
    .execute(executor)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

/// A token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: TokenId,
    pub name: String,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    device: String,
    scope: String,
    created_at: Timestamp,
    used_at: Option<Timestamp>,
}

/// A member's living tokens, made last first. One statement.
pub async fn of_member(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    now: Timestamp,
) -> sqlx::Result<Vec<Listed>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select t.id, s.device, s.scope, s.created_at, t.used_at
         from api_tokens t join sessions s on s.id = t.session_id
         where s.member_id = $1 and s.revoked_at is null and s.expires_at > $2
         order by s.created_at desc, t.id desc",
    )
    .bind(member.uuid())
    .bind(now)
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|Row { id, device: name, scope, created_at, used_at }| {
            let scope = Scope::parse(&scope).ok_or_else(|| unreadable("sessions.scope", &scope))?;
            Ok(Listed { id: TokenId::from_uuid(id), name, scope, created_at, used_at })
        })
        .collect()
}

/// Locks a token's session: whose, which, and whether it lives. One statement.
pub async fn lock(
    connection: &mut PgConnection,
    id: TokenId,
) -> sqlx::Result<Option<(MemberId, SessionId, Session)>> {
    let row: Option<(Uuid, Uuid, Option<Timestamp>)> = sqlx::query_as(
        "select s.member_id, s.id, s.revoked_at
         from api_tokens t join sessions s on s.id = t.session_id
         where t.id = $1 for update of s",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(member, session, revoked_at)| {
        let life = if revoked_at.is_some() { Session::Revoked } else { Session::Live };
        (MemberId::from_uuid(member), SessionId::from_uuid(session), life)
    }))
}

#[derive(sqlx::FromRow)]
struct UsedRow {
    id: Uuid,
    #[sqlx(flatten)]
    holder: SignedInRow,
}

/// Notes that a living token is used, which keeps it until `expires_at`: whose it
/// is. One statement.
pub async fn used(
    executor: impl PgExecutor<'_>,
    hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<Option<(SessionId, SignedIn)>> {
    let row: Option<UsedRow> = sqlx::query_as(
        "with used as (
             update sessions s set last_used_at = $2, expires_at = $3
             from api_tokens t
             where t.hash = $1 and s.id = t.session_id
               and s.revoked_at is null and s.expires_at > $2
             returning s.id, s.member_id, s.device_id, s.scope
         ), noted as (
             update api_tokens set used_at = $2 where session_id in (select id from used)
         )
         select u.id, u.member_id, u.device_id, u.scope, m.roles, m.token_generation
         from used u join members m on m.id = u.member_id",
    )
    .bind(hash)
    .bind(now)
    .bind(expires_at)
    .fetch_optional(executor)
    .await?;
    row.map(|UsedRow { id, holder }| Ok((SessionId::from_uuid(id), holder.try_into()?))).transpose()
}
