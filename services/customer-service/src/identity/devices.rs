//! Shared devices: how one is paired, what it is told, how it ends.

use customer_domain::devices::{
    self as rules, Answer, DeviceKind, FIRST_INTERVAL, MOST_PAIRINGS, PAIRING_VALIDITY,
    Undecidable, UserCode,
};
use runtime::{
    AppError, Code,
    grpc::{Device as Holder, Person},
    postgres::timed,
    tokens::Subject,
};
use secrecy::SecretString;
use types::{DeviceId, Timestamp};

use super::{
    ACCESS_LIFETIME, Identity, LEEWAY,
    secret::Secret,
    sessions::{self, Beginning, Issued},
};
use crate::{
    metrics,
    store::{
        devices::{self, Asking, Device, NewDevice, NewPairing, Sessions},
        pins::{self, Face},
    },
};

/// What a device gets that asks.
#[derive(Debug)]
pub struct Started {
    /// To come back with; it exists only here and in the device.
    pub secret: SecretString,
    pub code: UserCode,
    pub expires_at: Timestamp,
}

/// A device asks to be paired.
pub async fn start(identity: &Identity, says: &str, now: Timestamp) -> Result<Started, AppError> {
    let (secret, code) = (Secret::random(), UserCode::of(rand::random()));
    let expires_at = now + PAIRING_VALIDITY;
    let (hash, interval) = (&secret.hash()[..], FIRST_INTERVAL);
    let new = NewPairing { hash, code: &code, says, interval, now, expires_at };
    let started = devices::start(&identity.pool, &new, MOST_PAIRINGS);
    if !timed("pairings.start", started).await? {
        let says = "Many devices ask to be paired already. Please try again in a few minutes.";
        return Err(AppError::new(Code::TooManyRequests, says)
            .retry_after(std::time::Duration::from_secs(60)));
    }
    metrics::PAIRINGS.add(1, &metrics::outcome("started"));
    Ok(Started { secret: secret.text(), code, expires_at })
}

/// What a device hears that comes back with its secret.
#[derive(Debug)]
pub enum Came {
    /// Ask again after so long.
    Waits {
        asking: Asking,
        interval: chrono::TimeDelta,
    },
    Refused,
    Expired,
    Paired(Box<(Device, Issued)>),
}

/// What became of a pairing; where it was approved, its tokens, once.
pub async fn finish(identity: &Identity, secret: &str, now: Timestamp) -> Result<Came, AppError> {
    let Some(secret) = Secret::parse(secret) else { return Ok(Came::Expired) };
    let came = timed("pairings.finish", answer(identity, &secret.hash(), now)).await?;
    if let Came::Paired(paired) = &came {
        metrics::PAIRINGS.add(1, &metrics::outcome("paired"));
        tracing::info!(device.id = %paired.0.id, kind = ?paired.0.kind, "paired a device");
    }
    Ok(came)
}

async fn answer(identity: &Identity, hash: &[u8], now: Timestamp) -> Result<Came, AppError> {
    let mut tx = identity.pool.begin().await?;
    let asking = devices::lock_by_secret(&mut tx, hash).await?;
    let pairing = asking.as_ref().map(|asking| asking.pairing);
    match (rules::answer(pairing, now), asking) {
        (Answer::Wait(interval), Some(asking)) => {
            devices::came_back(&mut tx, hash, interval, now).await?;
            tx.commit().await?;
            Ok(Came::Waits { asking, interval })
        }
        (Answer::Paired, Some(Asking { device: Some(id), .. })) => {
            // Ended before it came: there is nothing to fetch.
            let Some((_, None)) = devices::lock(&mut tx, id).await? else {
                return Ok(Came::Expired);
            };
            let Some(device) = devices::living(&mut *tx, Some(id), now).await?.pop() else {
                return Ok(Came::Expired);
            };
            let beginning = Beginning {
                subject: Subject::Device(id),
                scope: device.kind.scope(),
                at_device: None,
                device: &device.name,
                until: None,
            };
            let issued = sessions::begin_as(identity, &mut tx, beginning, now).await?;
            devices::done(&mut tx, hash).await?;
            tx.commit().await?;
            Ok(Came::Paired(Box::new((device, issued))))
        }
        (Answer::Refused, _) => Ok(Came::Refused),
        (Answer::Expired | Answer::Wait(_) | Answer::Paired, _) => Ok(Came::Expired),
    }
}

fn code(typed: &str) -> Result<UserCode, AppError> {
    UserCode::parse(typed).ok_or_else(|| {
        AppError::invalid("user_code", "malformed", "a code has eight letters, as WDJB-MJHT")
    })
}

fn undecidable(why: Undecidable) -> AppError {
    let code = match why {
        Undecidable::Unknown => Code::NotFound,
        Undecidable::Decided => Code::Conflict,
    };
    AppError::new(code, why.to_string())
}

/// What asks under a code that an admin typed.
pub async fn look_up(
    identity: &Identity,
    typed: &str,
    now: Timestamp,
) -> Result<(UserCode, Asking), AppError> {
    let code = code(typed)?;
    let found = timed("pairings.look-up", devices::by_code(&identity.pool, &code)).await?;
    rules::decidable(found.as_ref().map(|asking| asking.pairing), now).map_err(undecidable)?;
    let asking = found.ok_or_else(|| undecidable(Undecidable::Unknown))?;
    Ok((code, asking))
}

/// What an admin says about a code.
#[derive(Debug)]
pub enum Verdict {
    Approve { name: String, kind: DeviceKind },
    Refuse,
}

/// An admin decides; the new device, unless it is refused.
pub async fn decide(
    identity: &Identity,
    typed: &str,
    verdict: Verdict,
    by: &Person,
    now: Timestamp,
) -> Result<Option<Device>, AppError> {
    let code = code(typed)?;
    let decided = timed("pairings.decide", async {
        let mut tx = identity.pool.begin().await?;
        let found = devices::lock_by_code(&mut tx, &code).await?;
        rules::decidable(found.map(|asking| asking.pairing), now).map_err(undecidable)?;
        let device = match &verdict {
            Verdict::Approve { name, kind } => {
                let id = DeviceId::new();
                let new = NewDevice { id, name, kind: *kind, by: by.member, now };
                devices::approve(&mut tx, &code, &new).await?;
                devices::living(&mut *tx, Some(id), now).await?.pop()
            }
            Verdict::Refuse => {
                devices::refuse(&mut tx, &code).await?;
                None
            }
        };
        tx.commit().await?;
        Ok::<_, AppError>(device)
    })
    .await?;
    let outcome = if decided.is_some() { "approved" } else { "refused" };
    metrics::PAIRINGS.add(1, &metrics::outcome(outcome));
    tracing::info!(by = %by.member, outcome, "decided about a device");
    Ok(decided)
}

/// The devices that were not ended, paired first.
pub async fn list(identity: &Identity, now: Timestamp) -> Result<Vec<Device>, AppError> {
    Ok(timed("devices.list", devices::living(&identity.pool, None, now)).await?)
}

/// Ends a device, and every sign-in at it; `false`: it was ended already.
pub async fn end(
    identity: &Identity,
    id: DeviceId,
    by: &Person,
    now: Timestamp,
) -> Result<bool, AppError> {
    let ended = timed("devices.end", async {
        let mut tx = identity.pool.begin().await?;
        let found = devices::lock(&mut tx, id).await?;
        let (_, ended_at) = found.ok_or_else(|| AppError::not_found("device"))?;
        devices::mark_ended(&mut tx, id, now).await?;
        let until = now + ACCESS_LIFETIME + LEEWAY;
        devices::end_sessions(&mut tx, id, Sessions::All, now, until).await?;
        tx.commit().await?;
        Ok::<_, AppError>(ended_at.is_none())
    })
    .await?;
    if ended {
        metrics::PAIRINGS.add(1, &metrics::outcome("ended"));
        tracing::info!(device.id = %id, by = %by.member, "ended a device");
        identity.revocations.look_again();
    }
    Ok(ended)
}

/// What a device shows of itself and of the family.
pub async fn of_itself(
    identity: &Identity,
    holder: &Holder,
    now: Timestamp,
) -> Result<(Device, Vec<Face>), AppError> {
    let kind = DeviceKind::of(holder.scope);
    timed("devices.of-itself", async {
        let mut found = devices::living(&identity.pool, Some(holder.device), now).await?;
        let device = found.pop().ok_or_else(ended)?;
        let faces = pins::faces(&identity.pool, kind.and_then(super::pins::of_device)).await?;
        Ok((device, faces))
    })
    .await
}

/// What a device hears that is one no more.
pub fn ended() -> AppError {
    AppError::new(Code::Unauthenticated, "This device was unpaired.")
}
