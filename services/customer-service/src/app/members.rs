//! Members: joining, and who is there.
//!
//! Costs: joining is two statements between `begin` and `commit`, four more for a
//! child, and two for each of the first bookings, then one that reads the member;
//! reading is one statement.

use customer_domain::{
    family::{self, RolesRefused},
    kin::{self, Kin, KinRefused},
    ledger::EntryKind,
    member::Card,
};
use runtime::{AppError, Code, Person, postgres::timed};
use types::{Beans, LedgerEntryId, MemberId, Role, Roles, Timestamp};

use super::{App, allowances, settle::committed};
use crate::{
    events,
    identity::{ACCESS_LIFETIME, LEEWAY},
    metrics,
    store::{
        self, guardians,
        ledger::{self, NewEntry},
        members::{self, Member},
    },
};

/// What the ledger calls a member's first beans.
const OPENING: &str = "opening";

/// Somebody who joins.
#[derive(Debug, Clone)]
pub struct Joining {
    pub id: MemberId,
    pub card: Card,
    pub roles: Roles,
    pub kin: Kin,
    /// What they start with; zero or more.
    pub opening: Beans,
}

/// Makes a member, with their opening beans and this week's allowance as
/// entries. Who is there already stays as they are.
pub async fn create(app: &App, joining: Joining, now: Timestamp) -> Result<Member, AppError> {
    let Joining { id, card, roles, kin, opening } = joining;
    let opening = (opening != Beans::ZERO).then(|| NewEntry {
        id: LedgerEntryId::new(),
        beans: opening,
        kind: EntryKind::Opening,
        cause: OPENING.to_owned(),
        revision: 0,
        at: now,
    });
    let allowance = allowances::at_joining(app, now);
    let joined = timed("members.create", async {
        let mut tx = app.pool.begin().await?;
        if kin.is_child() {
            let relatives = guardians::lock(&mut tx).await?;
            // Who is there already stays as they are, whatever was asked for.
            if !relatives.contains_key(&id) {
                kin::check(id, &kin, roles, &relatives).map_err(not_kin)?;
            }
        }
        if !members::insert(&mut tx, id, &card, roles, &kin, now).await? {
            return Ok::<_, AppError>(None);
        }
        if kin.is_child() {
            guardians::put(&mut tx, id, &kin).await?;
        }
        outbox::append(&mut tx, &events::member_joined(id, &kin, now)).await?;
        let mut account =
            ledger::Account { member: id, version: 1, entries: 0, balance: Beans::ZERO };
        for entry in opening.iter().chain(&allowance) {
            account = ledger::append(&mut tx, account, entry).await?;
        }
        tx.commit().await?;
        Ok(Some(account))
    })
    .await?;
    if let Some(account) = joined {
        committed(app, account, opening.iter().chain(&allowance));
        app.log.wake();
        metrics::MEMBERS_JOINED.add(1, &[]);
        if allowance.is_some() {
            metrics::ALLOWANCES.add(1, &metrics::outcome("granted"));
        }
        tracing::info!(member.id = %id, "joined");
    }
    match timed("members.get", members::get(&app.pool, id)).await? {
        Some(member) => Ok(member),
        None => Err(AppError::new(Code::AlreadyExists, "Somebody of this id has left.")),
    }
}

/// What is to be different about somebody; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub name: Option<String>,
    pub emoji: Option<String>,
    pub colour: Option<String>,
    pub roles: Option<Roles>,
    pub kin: Option<Kin>,
}

/// Changes one's own card, or for an admin anybody's card, roles and kin. With
/// other roles the tokens that say the old ones are refused within seconds, and the
/// sign-ins go on with new ones. Six statements, four more for kin; one commit.
pub async fn update(
    app: &App,
    id: MemberId,
    changes: Changes,
    by: &Person,
    now: Timestamp,
) -> Result<Member, AppError> {
    if id != by.member && !by.is(Role::Admin) {
        return Err(AppError::new(Code::Forbidden, "This is somebody else's."));
    }
    let Changes { name, emoji, colour, roles: wanted, kin: wanted_kin } = changes;
    let changed = timed("members.update", async {
        let mut tx = app.pool.begin().await?;
        let unknown = || AppError::not_found("member");
        // Always before the rows: nobody waits crosswise.
        let relatives = match &wanted_kin {
            Some(_) => Some(guardians::lock(&mut tx).await?),
            None => None,
        };
        let (version, before, other_admins) =
            members::lock(&mut tx, id).await?.ok_or_else(unknown)?;
        let member = members::get(&mut *tx, id).await?.ok_or_else(unknown)?;
        let card = Card::parse(
            name.as_deref().unwrap_or(&member.card.name),
            emoji.as_deref().unwrap_or(&member.card.emoji),
            colour.as_deref().unwrap_or(&member.card.colour),
        )
        .map_err(|error| AppError::invalid(error.field(), "malformed", error.to_string()))?;
        let roles = family::change_roles(before, wanted.unwrap_or(before), by.roles, other_admins)
            .map_err(refused)?;
        if member.kin.is_guest() && roles != before {
            return Err(not_kin(KinRefused::Guest));
        }
        let kin = wanted_kin.unwrap_or_else(|| member.kin.clone());
        if let Some(relatives) = relatives {
            kin::change(id, &kin, roles, by.roles, &relatives).map_err(not_kin)?;
        } else if kin.is_child() && roles.contains(Role::Admin) {
            return Err(not_kin(KinRefused::ChildAsAdmin));
        }
        if card == member.card && roles == before && kin == member.kin {
            return Ok(false);
        }
        let version = version + 1;
        members::update(&mut tx, id, &card, roles, &kin, version).await?;
        if kin != member.kin {
            guardians::put(&mut tx, id, &kin).await?;
        }
        outbox::append(&mut tx, &events::member_changed(id, version, roles, &kin, now)).await?;
        if roles != before {
            store::revocations::outdate(&mut tx, id, now + ACCESS_LIFETIME + LEEWAY).await?;
        }
        tx.commit().await?;
        Ok::<_, AppError>(roles != before)
    })
    .await?;
    if changed {
        tracing::info!(member.id = %id, by = %by.member, "changed roles");
        app.identity.revocations.look_again();
    }
    app.log.wake();
    get(app, id).await
}

fn refused(error: RolesRefused) -> AppError {
    let code = match error {
        RolesRefused::NotAdmin => Code::Forbidden,
        RolesRefused::LastAdmin => Code::LastAdmin,
    };
    AppError::new(code, error.to_string())
}

pub(super) fn not_kin(error: KinRefused) -> AppError {
    let message = error.to_string();
    if let Some(field) = error.field() {
        return AppError::invalid(field, error.code(), message);
    }
    match error {
        KinRefused::LastGuardian { child } => {
            AppError::new(Code::LastGuardian, message).detail("child", child)
        }
        KinRefused::NotAdmin => AppError::new(Code::Forbidden, message),
        _ => AppError::new(Code::Conflict, message),
    }
}

/// One member.
pub async fn get(app: &App, id: MemberId) -> Result<Member, AppError> {
    timed("members.get", members::get(&app.pool, id))
        .await?
        .ok_or_else(|| AppError::not_found("member"))
}

/// Who was of the family, and left.
pub async fn left(app: &App) -> Result<Vec<MemberId>, AppError> {
    Ok(timed("departures.all", store::departures::all(&app.pool)).await?)
}

/// The whole family, by name.
pub async fn all(app: &App) -> Result<Vec<Member>, AppError> {
    Ok(timed("members.all", members::all(&app.pool)).await?)
}
