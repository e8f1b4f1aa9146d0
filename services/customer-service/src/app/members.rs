//! Members: joining, and who is there.
//!
//! Costs: joining is three statements between `begin` and `commit`, then one
//! that reads the member; reading is one statement.

use customer_domain::{ledger::EntryKind, member::Card};
use runtime::{AppError, postgres::timed};
use types::{Beans, LedgerEntryId, MemberId, Roles, Timestamp};

use super::{App, settle::committed};
use crate::{
    events::Booked,
    metrics,
    store::{
        self,
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

/// Makes a member, with their opening beans as an entry. Who is there already
/// stays as they are.
pub async fn create(app: &App, joining: Joining, now: Timestamp) -> Result<Member, AppError> {
    let Joining { id, card, roles, opening } = joining;
    let joined = timed("members.create", async {
        let mut tx = app.pool.begin().await?;
        if !members::insert(&mut tx, id, &card, roles, now).await? {
            return Ok::<_, sqlx::Error>(None);
        }
        store::events::append_joined(&mut tx, id, &Booked::joined(id, now), now).await?;
        let account = ledger::Account { member: id, version: 1, entries: 0, balance: Beans::ZERO };
        let mut after = account;
        let entry = (opening != Beans::ZERO).then(|| NewEntry {
            id: LedgerEntryId::new(),
            beans: opening,
            kind: EntryKind::Opening,
            cause: OPENING.to_owned(),
            revision: 0,
            at: now,
        });
        if let Some(entry) = &entry {
            after = ledger::append(&mut tx, account, entry).await?;
        }
        tx.commit().await?;
        Ok(Some((after, entry)))
    })
    .await?;
    if let Some((after, entry)) = joined {
        committed(app, after, entry.as_ref());
        app.log.wake();
        metrics::MEMBERS_JOINED.add(1, &[]);
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
