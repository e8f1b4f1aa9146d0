//! Personal API tokens: made by a member, exchanged by the gateway for the one
//! kind of access token, and ended like any other sign-in.
//!
//! Costs: making, listing and exchanging are one statement, revoking two and a commit.

use customer_domain::{
    api_tokens::{MOST, PREFIX},
    sessions::Session,
};
use runtime::{AppError, Code, Person, postgres::timed, tokens::Grant};
use secrecy::{ExposeSecret, SecretString};
use types::{MemberId, Scope, SessionId, Timestamp, TokenId};

use super::{ACCESS_LIFETIME, Identity, LEEWAY, refused, secret::Secret};
use crate::store::{
    api_tokens::{self, Listed, NewToken},
    sessions::{self, SignedIn},
};

/// A new token, whose secret exists only here and in its holder's hands.
#[derive(Debug)]
pub struct Made {
    pub token: Listed,
    pub secret: SecretString,
}

/// Makes a token of a member for something.
pub async fn create(
    identity: &Identity,
    member: MemberId,
    name: &str,
    scope: Scope,
    now: Timestamp,
) -> Result<Made, AppError> {
    let secret = Secret::random();
    let (id, session, hash) = (TokenId::new(), SessionId::new(), secret.hash());
    let expires_at = now + identity.lifetimes.refresh;
    let new = NewToken { id, session, member, name, scope, hash: &hash, at: now, expires_at };
    let made = api_tokens::insert(&identity.pool, &new, MOST);
    if !timed("api-tokens.create", made).await? {
        return Err(AppError::new(Code::TooMany, format!("You have {MOST} tokens already.")));
    }
    tracing::info!(member.id = %member, token.id = %id, %scope, "made an API token");
    let text = format!("{PREFIX}{}", secret.text().expose_secret());
    let name = name.to_owned();
    Ok(Made {
        token: Listed { id, name, scope, created_at: now, used_at: None },
        secret: SecretString::from(text),
    })
}

/// A member's living tokens, made last first.
pub async fn list(
    identity: &Identity,
    member: MemberId,
    now: Timestamp,
) -> Result<Vec<Listed>, AppError> {
    Ok(timed("api-tokens.list", api_tokens::of_member(&identity.pool, member, now)).await?)
}

/// Ends one of somebody's own; `false`: it was over already. Somebody else's is
/// not told from one that there is not.
pub async fn revoke(
    identity: &Identity,
    id: TokenId,
    by: &Person,
    now: Timestamp,
) -> Result<bool, AppError> {
    let unknown = || AppError::not_found("token");
    let ended = timed("api-tokens.revoke", async {
        let mut tx = identity.pool.begin().await?;
        let (member, session, life) = api_tokens::lock(&mut tx, id).await?.ok_or_else(unknown)?;
        if member != by.member {
            return Err(unknown());
        }
        if life == Session::Revoked {
            return Ok(false);
        }
        sessions::revoke(&mut tx, session, now, now + ACCESS_LIFETIME + LEEWAY).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await?;
    if ended {
        tracing::info!(member.id = %by.member, token.id = %id, "revoked an API token");
        identity.revocations.look_again();
    }
    Ok(ended)
}

/// An access token for what a token may do.
pub async fn exchange(
    identity: &Identity,
    secret: &str,
    now: Timestamp,
) -> Result<(SecretString, Timestamp), AppError> {
    let unknown = || refused("This API token is none of ours, or was revoked.");
    let secret = secret.strip_prefix(PREFIX).and_then(Secret::parse).ok_or_else(unknown)?;
    let (hash, until) = (secret.hash(), now + identity.lifetimes.refresh);
    let used = api_tokens::used(&identity.pool, &hash, now, until);
    let used = timed("api-tokens.exchange", used).await?;
    let (session, holder) = used.ok_or_else(unknown)?;
    let SignedIn { subject, roles, scope, device, generation } = holder;
    let grant = Grant { subject, session, scope, roles, device, generation };
    let (access_token, expires_at) = identity.keys.sign(&grant, now)?;
    Ok((SecretString::from(access_token), expires_at))
}
