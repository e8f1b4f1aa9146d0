//! `sessions` and their `refresh_tokens`.

use customer_domain::sessions::{Rotation, Session, Standing, Successor, Token};
use sqlx::{PgConnection, PgExecutor};
use types::{MemberId, Roles, SessionId, Timestamp};
use uuid::Uuid;

use super::members::parse_roles;

/// A session, locked, with whose it is.
#[derive(Debug, Clone)]
pub struct Owner {
    pub session: SessionId,
    pub member: MemberId,
    pub roles: Roles,
    pub life: Session,
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

/// Begins a session with its first token: one statement. The member's roles.
pub async fn begin(
    connection: &mut PgConnection,
    session: SessionId,
    member: MemberId,
    device: &str,
    token_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<Roles> {
    let roles: Vec<String> = sqlx::query_scalar(
        "with session as (
             insert into sessions (id, member_id, device, created_at, expires_at)
             values ($1, $2, $3, $5, $6)
         ), token as (
             insert into refresh_tokens (hash, session_id, created_at, expires_at)
             values ($4, $1, $5, $6)
         )
         select roles from members where id = $2",
    )
    .bind(session.uuid())
    .bind(member.uuid())
    .bind(device)
    .bind(token_hash)
    .bind(now)
    .bind(expires_at)
    .fetch_one(connection)
    .await?;
    parse_roles(&roles)
}

/// Locks the session that a token belongs to: all refreshes of one family wait in line.
pub async fn lock_by_token(
    connection: &mut PgConnection,
    token_hash: &[u8],
) -> sqlx::Result<Option<Owner>> {
    let row: Option<(Uuid, Uuid, Vec<String>, Option<Timestamp>)> = sqlx::query_as(
        "select s.id, s.member_id, m.roles, s.revoked_at
         from sessions s join members m on m.id = s.member_id
         where s.id = (select session_id from refresh_tokens where hash = $1)
         for update of s",
    )
    .bind(token_hash)
    .fetch_optional(connection)
    .await?;
    row.map(|(session, member, roles, revoked_at)| {
        Ok(Owner {
            session: SessionId::from_uuid(session),
            member: MemberId::from_uuid(member),
            roles: parse_roles(&roles)?,
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
             update sessions set expires_at = $6 where id = $1
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
