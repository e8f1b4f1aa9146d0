//! PINs: set by their owner, tried at a shared device.

use std::time::Duration;

use chrono::TimeDelta;
use customer_domain::{
    devices::DeviceKind,
    pins::{self as rules, PinKind, PinRefused, Tries},
};
use runtime::{
    AppError, Code,
    grpc::{Device as Holder, Person},
    postgres::timed,
    tokens::Subject,
};
use types::{MemberId, Role, Roles, Timestamp};

use super::{
    ACCESS_LIFETIME, Identity, LEEWAY,
    devices::ended,
    hashing::Hashed,
    sessions::{self, Beginning, Issued},
};
use crate::{
    metrics,
    store::{
        devices::{self, Sessions},
        pins,
        sessions::revoke_at_devices,
    },
};

/// The kind of PIN with which somebody signs in at such a device.
pub fn of_device(kind: DeviceKind) -> Option<PinKind> {
    match kind {
        DeviceKind::Counter => Some(PinKind::Digits),
        DeviceKind::Kiosk => Some(PinKind::Pictures),
        DeviceKind::Display => None,
    }
}

/// Whether somebody with these roles works there at all.
pub fn may_sign_in(kind: DeviceKind, roles: Roles) -> bool {
    match kind {
        DeviceKind::Counter => roles.contains(Role::Barista) || roles.contains(Role::Admin),
        DeviceKind::Kiosk => roles.contains(Role::Member),
        DeviceKind::Display => false,
    }
}

fn refused(why: PinRefused) -> AppError {
    AppError::invalid("pin", why.code(), why.to_string())
}

/// Sets a member's PIN. Whoever came in by the one before is signed out.
pub async fn set(
    identity: &Identity,
    member: MemberId,
    kind: PinKind,
    typed: &str,
    by: &Person,
    now: Timestamp,
) -> Result<(), AppError> {
    let pin = rules::new(kind, typed).map_err(refused)?;
    let hashed = identity.hasher.hash(identity.hasher.turn().await?, pin).await?;
    let set = timed("pins.set", async {
        let mut tx = identity.pool.begin().await?;
        let set = pins::set(&mut tx, member, kind, &hashed, now).await?;
        revoke_at_devices(&mut tx, member, now, now + ACCESS_LIFETIME + LEEWAY).await?;
        tx.commit().await?;
        Ok::<_, sqlx::Error>(set)
    });
    if !set.await? {
        return Err(AppError::not_found("member"));
    }
    identity.revocations.look_again();
    tracing::info!(member.id = %member, by = %by.member, kind = kind.name(), "set a PIN");
    Ok(())
}

/// Removes a PIN; `false`: there was none. Whoever came in by it is signed out.
pub async fn remove(
    identity: &Identity,
    member: MemberId,
    kind: PinKind,
    by: &Person,
    now: Timestamp,
) -> Result<bool, AppError> {
    let removed = timed("pins.remove", async {
        let mut tx = identity.pool.begin().await?;
        let removed = pins::remove(&mut tx, member, kind).await?;
        revoke_at_devices(&mut tx, member, now, now + ACCESS_LIFETIME + LEEWAY).await?;
        tx.commit().await?;
        Ok::<_, sqlx::Error>(removed)
    })
    .await?;
    if removed {
        identity.revocations.look_again();
        tracing::info!(member.id = %member, by = %by.member, kind = kind.name(), "removed a PIN");
    }
    Ok(removed)
}

/// Which PINs a member has, and since when.
pub async fn list(
    identity: &Identity,
    member: MemberId,
) -> Result<Vec<(PinKind, Timestamp)>, AppError> {
    Ok(timed("pins.list", pins::list(&identity.pool, member)).await?)
}

/// Somebody says at a device who they are. The try is counted before it is
/// checked, in PostgreSQL, so that neither many at once nor a restart of
/// anything is a way around the waits.
pub async fn sign_in(
    identity: &Identity,
    holder: &Holder,
    member: MemberId,
    typed: &str,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let device = DeviceKind::of(holder.scope).ok_or_else(ended)?;
    let kind = of_device(device)
        .ok_or_else(|| AppError::new(Code::Forbidden, "Nobody signs in at a display."))?;
    let pin = rules::typed(kind, typed).map_err(refused)?;
    let turn = identity.hasher.turn().await?;
    let counted = count(identity, holder, device, member, kind, now);
    let (stored, tries) = timed("pins.try", counted).await?;
    if !identity.hasher.is_right(turn, pin, &stored).await? {
        tracing::info!(member.id = %member, device.id = %holder.device, "a wrong PIN");
        return Err(wrong(tries, now));
    }
    let issued = timed("pins.sign-in", enter(identity, holder, device, member, now)).await?;
    metrics::PINS.add(1, &metrics::outcome("right"));
    tracing::info!(
        member.id = %member, device.id = %holder.device, session.id = %issued.session,
        "signed in at a device"
    );
    identity.revocations.look_again();
    Ok(issued)
}

/// Counts one more try as if it were wrong: what it is checked against, and the
/// tries with this one.
async fn count(
    identity: &Identity,
    holder: &Holder,
    device: DeviceKind,
    member: MemberId,
    kind: PinKind,
    now: Timestamp,
) -> Result<(Hashed, Tries), AppError> {
    let mut tx = identity.pool.begin().await?;
    let (roles, stored) = pins::of_member(&mut *tx, member, kind)
        .await?
        .ok_or_else(|| AppError::not_found("member"))?;
    if !may_sign_in(device, roles) {
        return Err(AppError::new(Code::Forbidden, "Only baristas work at the counter."));
    }
    let Some(stored) = stored else {
        metrics::PINS.add(1, &metrics::outcome("none"));
        return Err(AppError::new(Code::NoPin, "There is no PIN yet. Set one on your own phone."));
    };
    let tries = pins::lock_tries(&mut tx, member, holder.device).await?;
    if let Some(until) = tries.waits_until(now) {
        metrics::PINS.add(1, &metrics::outcome("waiting"));
        return Err(locked(until - now));
    }
    let tries = tries.one_more(now);
    pins::write_tries(&mut tx, member, holder.device, tries).await?;
    tx.commit().await?;
    Ok((stored, tries))
}

/// What somebody hears whose try was wrong; it is counted already.
fn wrong(tries: Tries, now: Timestamp) -> AppError {
    metrics::PINS.add(1, &metrics::outcome("wrong"));
    let wait = tries.waits_until(now).map(|until| until - now);
    match (wait, tries.left()) {
        (Some(wait), _) => locked(wait),
        (None, left) => {
            let left_says = if left == 1 { "one more try" } else { "a few more tries" };
            let says = format!("That was not it. You have {left_says} before you have to wait.");
            AppError::new(Code::WrongPin, says).detail("tries_left", left)
        }
    }
}

fn locked(wait: TimeDelta) -> AppError {
    let seconds = u64::try_from(wait.num_seconds()).unwrap_or_default() + 1;
    let says = format!("Too many wrong tries. Please wait {}.", say(wait));
    AppError::new(Code::PinLocked, says).retry_after(Duration::from_secs(seconds))
}

/// "30 seconds", "4 minutes".
fn say(wait: TimeDelta) -> String {
    match (wait.num_milliseconds() + 999) / 1000 {
        ..=1 => "a second".to_owned(),
        seconds @ ..90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", (seconds + 59) / 60),
    }
}

/// The PIN was right: whoever was there before is signed out, and this member in.
async fn enter(
    identity: &Identity,
    holder: &Holder,
    device: DeviceKind,
    member: MemberId,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let mut tx = identity.pool.begin().await?;
    // First, as whoever leaves does it: nobody waits crosswise.
    pins::lock_member(&mut tx, member).await?;
    let (name, ended_at) = devices::lock(&mut tx, holder.device).await?.ok_or_else(ended)?;
    if ended_at.is_some() {
        return Err(ended());
    }
    pins::forgive(&mut tx, member, holder.device).await?;
    let until = now + ACCESS_LIFETIME + LEEWAY;
    devices::end_sessions(&mut tx, holder.device, Sessions::OfPeople, now, until).await?;
    let beginning = Beginning {
        subject: Subject::Member(member),
        scope: device.scope(),
        at_device: Some(holder.device),
        device: &name,
        until: None,
    };
    let issued = sessions::begin_as(identity, &mut tx, beginning, now).await?;
    tx.commit().await?;
    Ok(issued)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_as_people_say_it() {
        let said = |seconds| say(TimeDelta::seconds(seconds));
        assert_eq!(said(0), "a second");
        assert_eq!(said(30), "30 seconds");
        assert_eq!(said(60), "60 seconds");
        assert_eq!(said(120), "2 minutes");
        assert_eq!(said(899), "15 minutes");
    }
}
