//! Guests: passes, who comes in by them, and how they go.
//!
//! Costs (statements; commits): making a pass five and one, coming in six and
//! one, ending it three and one, and what leaving costs for each guest.

use std::time::Duration;

use customer_domain::{
    guests::{self, HostRefused, LONGEST_NAME, PassRefused},
    member::Card,
};
use runtime::{AppError, Code, Person, Shutdown, postgres::timed, tokens::Subject};
use secrecy::SecretString;
use types::{GuestPassId, MemberId, Role, Scope, Timestamp};

use super::{App, privacy};
use crate::{
    clock, events,
    identity::{
        secret::Secret,
        sessions::{self, Beginning, Issued},
    },
    metrics,
    store::{
        guests::{self as store, Good, NewGuest, NewPass},
        members::{self, Member},
    },
};

/// How often it is looked whose evening is over.
const LOOK: Duration = Duration::from_secs(30);
const EMOJI: &str = "🎈";
const COLOUR: &str = "#8a6d3b";

/// Makes a pass; its secret exists only here and in its host's hands.
pub async fn create(
    app: &App,
    host: MemberId,
    now: Timestamp,
) -> Result<(SecretString, Good), AppError> {
    let (id, secret) = (GuestPassId::new(), Secret::random());
    let ends_at = guests::ends_at(now, &app.settings.time_zone);
    let unknown = || AppError::not_found("member");
    timed("guests.create", async {
        let mut tx = app.pool.begin().await?;
        // Of two at once the second sees the first one's pass.
        members::lock(&mut tx, host).await?.ok_or_else(unknown)?;
        let member = members::get(&mut *tx, host).await?.ok_or_else(unknown)?;
        let good = store::good(&mut *tx, host, now).await?;
        guests::host(&member.kin, good.len()).map_err(not_hosted)?;
        let new = NewPass { id, hash: &secret.hash(), host, now, ends_at };
        store::insert(&mut *tx, &new).await?;
        tx.commit().await?;
        Ok::<_, AppError>(())
    })
    .await?;
    tracing::info!(guest_pass.id = %id, member.id = %host, "made a guest pass");
    Ok((secret.text(), Good { id, created_at: now, ends_at }))
}

fn not_hosted(error: HostRefused) -> AppError {
    let code = match error {
        HostRefused::NotAdult => Code::Forbidden,
        HostRefused::TooMany => Code::Conflict,
    };
    AppError::new(code, error.to_string())
}

/// A host's passes that are good, newest first, and who is here by each.
pub async fn list(
    app: &App,
    host: MemberId,
    now: Timestamp,
) -> Result<Vec<(Good, Vec<Member>)>, AppError> {
    timed("guests.list", async {
        let good = store::good(&app.pool, host, now).await?;
        let ids: Vec<GuestPassId> = good.iter().map(|pass| pass.id).collect();
        let here = store::of_passes(&app.pool, &ids).await?;
        let members = members::all(&app.pool).await?;
        let by = |pass: GuestPassId| {
            let theirs = here.iter().filter(move |(by, _)| *by == pass);
            theirs.filter_map(|(_, id)| members.iter().find(|member| member.id == *id).cloned())
        };
        Ok(good.into_iter().map(|pass| (pass, by(pass.id).collect())).collect())
    })
    .await
}

/// A visitor comes in: somebody new, who is gone when the evening is over.
pub async fn enter(
    app: &App,
    secret: &str,
    name: &str,
    device: &str,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let card = card(name)?;
    let attempt = app.identity.attempts.take(device, now).await?;
    let admitted = timed("guests.enter", admit(app, secret, &card, device, now)).await;
    if !matches!(admitted, Ok(Err(_))) {
        app.identity.attempts.give_back(attempt).await;
    }
    match admitted? {
        Ok((pass, issued)) => {
            metrics::GUESTS.add(1, &metrics::outcome("came"));
            tracing::info!(guest_pass.id = %pass, guest = ?issued.subject, "a guest came in");
            app.log.wake();
            Ok(issued)
        }
        Err(refused) => {
            metrics::GUESTS.add(1, &metrics::outcome("refused"));
            let code = match refused {
                PassRefused::Unknown | PassRefused::Over => Code::InvalidCredential,
                PassRefused::Full => Code::Conflict,
            };
            Err(AppError::new(code, refused.to_string()))
        }
    }
}

fn card(name: &str) -> Result<Card, AppError> {
    let refused = || {
        let message = format!("a name has 1 to {LONGEST_NAME} characters, and something to see");
        AppError::invalid("name", "malformed", message)
    };
    let card = Card::parse(name, EMOJI, COLOUR).map_err(|_| refused())?;
    if card.name.chars().count() > LONGEST_NAME { Err(refused()) } else { Ok(card) }
}

async fn admit(
    app: &App,
    secret: &str,
    card: &Card,
    device: &str,
    now: Timestamp,
) -> Result<Result<(GuestPassId, Issued), PassRefused>, AppError> {
    let Some(secret) = Secret::parse(secret) else { return Ok(Err(PassRefused::Unknown)) };
    let mut tx = app.pool.begin().await?;
    let found = store::lock_by_secret(&mut tx, &secret.hash()).await?;
    let found = match (guests::enter(found.map(|found| found.pass), now), found) {
        (Ok(()), Some(found)) => found,
        (Ok(()), None) => return Ok(Err(PassRefused::Unknown)),
        (Err(refused), _) => return Ok(Err(refused)),
    };
    let guest = MemberId::new();
    let new = NewGuest { id: guest, card, pass: found.id, host: found.host, now };
    store::admit(&mut tx, &new).await?;
    outbox::append(&mut tx, &events::member_joined(guest, &new.kin(), now)).await?;
    let subject = Subject::Member(guest);
    let until = Some(found.pass.ends_at);
    let beginning = Beginning { subject, scope: Scope::Guest, at_device: None, device, until };
    let issued = sessions::begin_as(&app.identity, &mut tx, beginning, now).await?;
    tx.commit().await?;
    Ok(Ok((found.id, issued)))
}

/// Ends a pass of one's own, or for an admin anybody's, and sees off who came in by
/// it; `false`: it was over already.
pub async fn end(
    app: &App,
    id: GuestPassId,
    by: &Person,
    now: Timestamp,
) -> Result<bool, AppError> {
    let unknown = || AppError::not_found("guest pass");
    let ended = timed("guests.end", async {
        let mut tx = app.pool.begin().await?;
        let found = store::lock(&mut tx, id).await?.ok_or_else(unknown)?;
        if found.host != by.member && !by.is(Role::Admin) {
            return Err(unknown());
        }
        if found.pass.is_over(now) {
            return Ok(false);
        }
        store::end(&mut *tx, id, now).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await?;
    if ended {
        tracing::info!(guest_pass.id = %id, by = %by.member, "ended a guest pass");
    }
    see_off(app, now).await?;
    Ok(ended)
}

/// Everybody leaves whose pass is over: how many did. Who cannot holds up nobody.
pub async fn see_off(app: &App, now: Timestamp) -> Result<usize, AppError> {
    let (mut gone, mut failed) = (0, None);
    for guest in timed("guests.overdue", store::overdue(&app.pool, now)).await? {
        match privacy::see_off(app, guest, now).await {
            Ok(true) => {
                metrics::GUESTS.add(1, &metrics::outcome("gone"));
                gone += 1;
            }
            Ok(false) => {}
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(gone), Err)
}

/// Sees guests off until the service drains.
pub async fn keep_seeing_off(app: &App, shutdown: &Shutdown) {
    loop {
        if let Err(error) = see_off(app, clock::now()).await {
            tracing::debug!(error = error.chain(), "could not see guests off");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.draining().cancelled() => return,
        }
    }
}
