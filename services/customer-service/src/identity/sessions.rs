//! Sessions: the tokens that a sign-in grows into, their rotation, their end.

use chrono::TimeDelta;
use customer_domain::sessions::{Refresh, Session, refresh as decide};
use runtime::{
    AppError, Person,
    postgres::timed,
    tokens::{Grant, Subject},
};
use secrecy::SecretString;
use sqlx::PgConnection;
use types::{DeviceId, MemberId, Role, Roles, Scope, SessionId, Timestamp};

use super::{ACCESS_LIFETIME, Identity, LEEWAY, refused, secret::Secret};
use crate::{
    metrics,
    store::{
        devices::{self, Sessions},
        passkeys,
        sessions::{self, Listed, NewSession, Owner, SignedIn, StoredSuccessor},
    },
};

/// How long somebody's sign-in at a shared device may lie unused. The device
/// locks itself much sooner; this is for one that was carried away.
const AT_A_DEVICE: TimeDelta = TimeDelta::hours(1);

/// A pair of tokens, on its way to whom it belongs.
#[derive(Debug)]
pub struct Issued {
    pub subject: Subject,
    pub session: SessionId,
    pub access_token: SecretString,
    pub access_expires_at: Timestamp,
    pub refresh_token: SecretString,
    pub refresh_expires_at: Timestamp,
}

/// Who signs in, where, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    pub subject: Subject,
    pub scope: Scope,
    /// The paired device at which a member acts.
    pub at_device: Option<DeviceId>,
    /// What the list of sign-ins calls it.
    pub device: &'a str,
    /// Over by then, however much it is used; a guest's.
    pub until: Option<Timestamp>,
}

/// Begins a session of a member on a device of their own, within the caller's transaction.
pub async fn begin(
    identity: &Identity,
    connection: &mut PgConnection,
    member: MemberId,
    scope: Scope,
    device: &str,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let subject = Subject::Member(member);
    let beginning = Beginning { subject, scope, at_device: None, device, until: None };
    begin_as(identity, connection, beginning, now).await
}

/// Begins a session, within the caller's transaction.
pub async fn begin_as(
    identity: &Identity,
    connection: &mut PgConnection,
    beginning: Beginning<'_>,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let Beginning { subject, scope, at_device, device, until } = beginning;
    let id = SessionId::new();
    let token = Secret::random();
    let unused = now + unused_for(identity, subject, at_device);
    let expires_at = until.map_or(unused, |until| until.min(unused));
    let token_hash = &token.hash()[..];
    let new = NewSession { id, subject, at_device, device, scope, token_hash, at: now, expires_at };
    let holder = sessions::begin(connection, &new).await?;
    let holder = holder.ok_or_else(|| refused("You are not of this family any more."))?;
    issue(identity, id, holder, &token, expires_at, now)
}

/// Ends all other sessions of whom a session was begun for, and forgets their
/// passkeys, with which the old phone would sign in again; within the caller's
/// transaction. The caller looks again at the revocations when it is committed.
pub async fn end_others(
    connection: &mut PgConnection,
    begun: &Issued,
    now: Timestamp,
) -> sqlx::Result<()> {
    // A device has the one.
    let Subject::Member(member) = begun.subject else { return Ok(()) };
    let until = now + ACCESS_LIFETIME + LEEWAY;
    passkeys::delete_all(&mut *connection, member).await?;
    sessions::revoke_others(connection, member, begun.session, now, until).await
}

/// How long a sign-in may lie unused: nobody stays at a shared device.
fn unused_for(identity: &Identity, subject: Subject, at_device: Option<DeviceId>) -> TimeDelta {
    match (subject, at_device) {
        (Subject::Member(_), Some(_)) => AT_A_DEVICE,
        (Subject::Member(_), None) | (Subject::Device(_), _) => identity.lifetimes.refresh,
    }
}

/// Exchanges a refresh token for the next pair; see [`customer_domain::sessions`].
pub async fn refresh(identity: &Identity, token: &str, now: Timestamp) -> Result<Issued, AppError> {
    let token = Secret::parse(token).ok_or_else(|| refused("Please sign in again."))?;
    let (outcome, issued) = timed("sessions.refresh", rotate(identity, &token, now)).await?;
    metrics::REFRESHES.add(1, &metrics::outcome(outcome_name(outcome)));
    issued.ok_or_else(|| refused("Please sign in again."))
}

async fn rotate(
    identity: &Identity,
    token: &Secret,
    now: Timestamp,
) -> Result<(Option<Refresh>, Option<Issued>), AppError> {
    let hash = token.hash();
    let mut tx = identity.pool.begin().await?;
    let Some(owner) = sessions::lock_by_token(&mut tx, &hash).await? else {
        return Ok((None, None));
    };
    let Some(stored) = sessions::token(&mut tx, &hash).await? else { return Ok((None, None)) };
    let Owner { session, holder, life } = owner;
    let answer = decide(life, stored.token, now);
    let given = match (answer, stored.successor) {
        (Refresh::Rotate, _) | (Refresh::Replace, _) => {
            let nonce: [u8; 32] = rand::random();
            let successor = token.successor(&nonce);
            let row = StoredSuccessor {
                hash: successor.hash().to_vec(),
                nonce: nonce.to_vec(),
                expires_at: match holder.scope {
                    // However much it is used: it is over with the evening.
                    Scope::Guest => stored.token.expires_at,
                    _ => now + unused_for(identity, holder.subject, holder.device),
                },
            };
            sessions::rotate(&mut tx, session, &hash, &row, now).await?;
            Some((successor, row.expires_at))
        }
        (Refresh::Repeat, Some(row)) => Some((token.successor(&row.nonce), row.expires_at)),
        (Refresh::RevokeFamily, _) => {
            let until = now + ACCESS_LIFETIME + LEEWAY;
            sessions::revoke(&mut tx, session, now, until).await?;
            tracing::warn!(
                subject = ?holder.subject, session.id = %session,
                "a used refresh token came again: revoked its family"
            );
            None
        }
        (Refresh::Repeat, None) | (Refresh::Expired | Refresh::Over, _) => None,
    };
    tx.commit().await?;
    if answer == Refresh::RevokeFamily {
        identity.revocations.look_again();
    }
    let issued = given
        .map(|(token, expires_at)| issue(identity, session, holder, &token, expires_at, now))
        .transpose()?;
    Ok((Some(answer), issued))
}

/// Ends the session that a refresh token belongs to. A token that we do not
/// know has no session to end: that is fine too.
pub async fn sign_out(identity: &Identity, token: &str, now: Timestamp) -> Result<(), AppError> {
    let Some(token) = Secret::parse(token) else { return Ok(()) };
    let hash = token.hash();
    let ended = timed("sessions.sign-out", async {
        let mut tx = identity.pool.begin().await?;
        let Some(owner) = sessions::lock_by_token(&mut tx, &hash).await? else {
            return Ok::<_, sqlx::Error>(None);
        };
        let until = now + ACCESS_LIFETIME + LEEWAY;
        match owner.holder.subject {
            Subject::Member(_) => sessions::revoke(&mut tx, owner.session, now, until).await?,
            // It is paired no more, and nobody stays at it.
            Subject::Device(device) => {
                devices::mark_ended(&mut tx, device, now).await?;
                devices::end_sessions(&mut tx, device, Sessions::All, now, until).await?;
            }
        }
        tx.commit().await?;
        Ok(Some(owner))
    })
    .await?;
    if let Some(Owner { session, holder: SignedIn { subject, .. }, .. }) = ended {
        metrics::SIGN_OUTS.add(1, &[]);
        tracing::info!(?subject, session.id = %session, "signed out");
        identity.revocations.look_again();
    }
    Ok(())
}

/// A member's living sessions, used last first.
pub async fn list(
    identity: &Identity,
    member: MemberId,
    now: Timestamp,
) -> Result<Vec<Listed>, AppError> {
    let listed = sessions::of_member(&identity.pool, member, now);
    Ok(timed("sessions.list", listed).await?)
}

/// Ends one's own session, or for an admin anybody's; `false`: it was over
/// already. Somebody else's is not told from one that there is not.
pub async fn end(
    identity: &Identity,
    session: SessionId,
    by: &Person,
    now: Timestamp,
) -> Result<bool, AppError> {
    let unknown = || AppError::not_found("session");
    let ended = timed("sessions.end", async {
        let mut tx = identity.pool.begin().await?;
        let (member, life) = sessions::lock(&mut tx, session).await?.ok_or_else(unknown)?;
        if member != by.member && !by.is(types::Role::Admin) {
            return Err(unknown());
        }
        if life == Session::Revoked {
            return Ok(None);
        }
        sessions::revoke(&mut tx, session, now, now + ACCESS_LIFETIME + LEEWAY).await?;
        tx.commit().await?;
        Ok(Some(member))
    })
    .await?;
    let Some(member) = ended else { return Ok(false) };
    metrics::SIGN_OUTS.add(1, &[]);
    tracing::info!(member.id = %member, session.id = %session, by = %by.member, "ended a session");
    identity.revocations.look_again();
    Ok(true)
}

fn issue(
    identity: &Identity,
    session: SessionId,
    holder: SignedIn,
    token: &Secret,
    refresh_expires_at: Timestamp,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let SignedIn { subject, roles, scope, device, generation } = holder;
    let roles = roles_within(roles, scope);
    let grant = Grant { subject, session, scope, roles, device, generation };
    let (access_token, access_expires_at) = identity.keys.sign(&grant, now)?;
    Ok(Issued {
        subject,
        session,
        access_token: SecretString::from(access_token),
        access_expires_at,
        refresh_token: token.text(),
        refresh_expires_at,
    })
}

/// In the kitchen a barista is a member like everybody else.
fn roles_within(roles: Roles, scope: Scope) -> Roles {
    match scope {
        Scope::Kiosk => roles.iter().filter(|role| *role == Role::Member).collect(),
        _ => roles,
    }
}

fn outcome_name(answer: Option<Refresh>) -> &'static str {
    match answer {
        None => "unknown",
        Some(Refresh::Rotate) => "rotated",
        Some(Refresh::Repeat) => "repeated",
        Some(Refresh::Replace) => "replaced",
        Some(Refresh::RevokeFamily) => "family-revoked",
        Some(Refresh::Expired) => "expired",
        Some(Refresh::Over) => "over",
    }
}
