//! Members: joining, and who is there.
//!
//! Costs: joining is two statements between `begin` and `commit` and two more
//! for each of the first bookings, then one that reads the member; reading is
//! one statement.

use customer_domain::{ledger::EntryKind, member::Card};
use runtime::{AppError, postgres::timed};
use types::{Beans, LedgerEntryId, MemberId, Roles, Timestamp};

use super::{App, allowances, settle::committed};
use crate::{
    events, metrics,
    store::{
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
    /// What they start with; zero or more.
    pub opening: Beans,
}

/// Makes a member, with their opening beans and this week's allowance as
/// entries. Who is there already stays as they are.
pub async fn create(app: &App, joining: Joining, now: Timestamp) -> Result<Member, AppError> {
    let Joining { id, card, roles, opening } = joining;
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
        if !members::insert(&mut tx, id, &card, roles, now).await? {
            return Ok::<_, AppError>(None);
        }
        outbox::append(&mut tx, &events::member_joined(id, now)).await?;
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
    get(app, id).await
}

/// One member.
pub async fn get(app: &App, id: MemberId) -> Result<Member, AppError> {
    timed("members.get", members::get(&app.pool, id))
        .await?
        .ok_or_else(|| AppError::not_found("member"))
}

/// The whole family, by name.
pub async fn all(app: &App) -> Result<Vec<Member>, AppError> {
    Ok(timed("members.all", members::all(&app.pool)).await?)
}
