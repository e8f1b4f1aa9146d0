//! Codes: typed instead of opening a link. What guessing them may do is counted
//! in rows that are locked while somebody guesses, so many at once are no way
//! around, and nothing is forgotten when Valkey or a replica begins anew.
//!
//! A code costs 8 round trips and 1 commit, a wrong one 7 and 1; whoever has to
//! wait costs 3 and none.

use chrono::TimeDelta;
use customer_domain::codes::{Code, CodeRefused};
use runtime::{AppError, Code as Refusal, postgres::timed};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use types::{InvitationId, Scope, Timestamp};

use super::{
    Identity, refused,
    sessions::{self, Issued},
};
use crate::{
    metrics,
    store::codes::{self, Kept},
};

/// What is stored of a code: another hash for each invitation.
pub fn hash(invitation: InvitationId, code: Code) -> [u8; 32] {
    Sha256::new().chain_update(invitation.uuid()).chain_update(code.digits()).finalize().into()
}

/// Exchanges a code for a session's first tokens. `address`: whose guess it is,
/// as the gateway sees it.
pub async fn exchange(
    identity: &Identity,
    typed: &str,
    address: &str,
    device: &str,
    now: Timestamp,
) -> Result<Issued, AppError> {
    // What is no code is no guess either.
    let code = Code::parse(typed)
        .ok_or_else(|| AppError::invalid("code", "malformed", "a code has six digits"))?;
    match timed("codes.exchange", redeem(identity, code, address, device, now)).await? {
        Redeemed::SignedIn(issued) => {
            metrics::SIGN_INS.add(1, &metrics::outcome("signed-in"));
            tracing::info!(subject = ?issued.subject, session.id = %issued.session, "signed in");
            Ok(issued)
        }
        Redeemed::Refused(why) => {
            metrics::SIGN_INS.add(1, &metrics::outcome("refused"));
            Err(refused(match why {
                CodeRefused::Unknown => {
                    "This code opens nothing. Look again, or ask for a new one."
                }
                CodeRefused::Used => "This code was used already. Ask for a new one.",
                CodeRefused::Withdrawn => "This code was taken back. Ask for a new one.",
                CodeRefused::Expired => "This code has expired. Ask for a new one.",
                CodeRefused::Void => "This code was guessed at too often. Ask for a new one.",
            }))
        }
        Redeemed::Waits(until) => {
            metrics::SIGN_INS.add(1, &metrics::outcome("too-many-attempts"));
            let wait = (until - now).to_std().unwrap_or_default();
            Err(AppError::new(Refusal::TooManyRequests, "Too many wrong codes from here.")
                .retry_after(wait))
        }
    }
}

enum Redeemed {
    SignedIn(Issued),
    Refused(CodeRefused),
    Waits(Timestamp),
}

/// So long whoever comes too late with a code hears why.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

async fn redeem(
    identity: &Identity,
    code: Code,
    address: &str,
    device: &str,
    now: Timestamp,
) -> Result<Redeemed, AppError> {
    let mut tx = identity.pool.begin().await?;
    let guesser = codes::lock_guesser(&mut tx, address).await?;
    if let Some(until) = guesser.waits_until(now) {
        return Ok(Redeemed::Waits(until));
    }
    let live = codes::lock_live(&mut tx, now).await?;
    let Some(found) = opened_by(code, &live) else {
        let recent = codes::recent(&mut tx, now - REMEMBERED).await?;
        let over = opened_by(code, &recent).and_then(|over| over.stored.check(now).err());
        codes::record_wrong(&mut tx, address, guesser.guessed_wrong(now), &live).await?;
        tx.commit().await?;
        return Ok(Redeemed::Refused(over.unwrap_or(CodeRefused::Unknown)));
    };
    codes::mark_used(&mut tx, found.invitation, now).await?;
    let issued = sessions::begin(identity, &mut tx, found.member, Scope::Full, device, now).await?;
    if found.ends_others {
        sessions::end_others(&mut tx, &issued, now).await?;
    }
    tx.commit().await?;
    if found.ends_others {
        identity.revocations.look_again();
    }
    Ok(Redeemed::SignedIn(issued))
}

fn opened_by(code: Code, kept: &[Kept]) -> Option<&Kept> {
    kept.iter().find(|one| {
        let expected = hash(one.invitation, code);
        bool::from(one.code_hash.ct_eq(&expected))
    })
}
