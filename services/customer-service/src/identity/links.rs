//! Sign-in links: made by an admin or the operator, exchanged once.

use chrono::TimeDelta;
use customer_domain::links::{self, LinkRefused};
use runtime::{AppError, postgres::timed};
use secrecy::SecretString;
use types::{MemberId, Scope, Timestamp};

use super::{Identity, refused, secret::Secret, sessions::Issued};
use crate::{metrics, store};

/// A new link's secret, which exists only here and in its holder's hands.
#[derive(Debug)]
pub struct NewLink {
    pub secret: SecretString,
    pub expires_at: Timestamp,
}

/// Makes a link for a member.
pub async fn create(
    identity: &Identity,
    member: MemberId,
    label: &str,
    validity: TimeDelta,
    now: Timestamp,
) -> Result<NewLink, AppError> {
    let secret = Secret::random();
    let expires_at = now + validity;
    let hash = secret.hash();
    let made = store::links::insert(&identity.pool, &hash, member, label, now, expires_at);
    if !timed("links.create", made).await? {
        return Err(AppError::not_found("member"));
    }
    tracing::info!(member.id = %member, %expires_at, "made a sign-in link");
    Ok(NewLink { secret: secret.text(), expires_at })
}

/// Exchanges a link's secret for a session's first tokens: of two at once, one wins.
pub async fn exchange(
    identity: &Identity,
    secret: &str,
    device: &str,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let attempt = identity.attempts.take(device, now).await?;
    let redeemed = timed("links.exchange", redeem(identity, secret, device, now)).await;
    if !matches!(redeemed, Ok(Err(_))) {
        identity.attempts.give_back(attempt).await;
    }
    match redeemed? {
        Ok(issued) => {
            metrics::SIGN_INS.add(1, &metrics::outcome("signed-in"));
            tracing::info!(member.id = %issued.member, session.id = %issued.session, "signed in");
            Ok(issued)
        }
        Err(reason) => {
            metrics::SIGN_INS.add(1, &metrics::outcome("refused"));
            Err(refused(match reason {
                LinkRefused::Unknown => "This is not a sign-in link of ours.",
                LinkRefused::Used => "This sign-in link was used already. Ask for a new one.",
                LinkRefused::Expired => "This sign-in link has expired. Ask for a new one.",
            }))
        }
    }
}

async fn redeem(
    identity: &Identity,
    secret: &str,
    device: &str,
    now: Timestamp,
) -> Result<Result<Issued, LinkRefused>, AppError> {
    let Some(secret) = Secret::parse(secret) else { return Ok(Err(LinkRefused::Unknown)) };
    let hash = secret.hash();
    let mut tx = identity.pool.begin().await?;
    let found = store::links::lock(&mut tx, &hash).await?;
    let member = match (links::redeem(found.map(|(_, link)| link), now), found) {
        (Ok(()), Some((member, _))) => member,
        (Ok(()), None) => return Ok(Err(LinkRefused::Unknown)),
        (Err(reason), _) => return Ok(Err(reason)),
    };
    store::links::mark_used(&mut tx, &hash, now).await?;
    let issued =
        super::sessions::begin(identity, &mut tx, member, Scope::Full, device, now).await?;
    tx.commit().await?;
    Ok(Ok(issued))
}
