//! Grants the weekly allowance: once per member and ISO week of the family's
//! time zone, however often it is asked for; the first with joining.
//!
//! Costs: one statement, one more for each member, and for each who has not got
//! it yet five more and one commit of their own, so that nobody's bookings wait
//! for the whole family's.

use customer_domain::{
    allowance::{self, AllowanceError},
    ledger::EntryKind,
};
use runtime::{AppError, postgres::timed};
use types::{Beans, IsoWeek, LedgerEntryId, MemberId, Timestamp};

use super::{App, settle::committed};
use crate::{
    metrics,
    store::{
        self,
        ledger::{self, NewEntry},
    },
};

/// How many got it now, and how many had it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Granted {
    pub granted: i32,
    pub already: i32,
}

/// Grants a week's allowance to whom it is due; without a week, the present one's.
pub async fn grant_due(
    app: &App,
    week: Option<IsoWeek>,
    now: Timestamp,
) -> Result<Granted, AppError> {
    let present = week_of(app, now);
    let week = week.unwrap_or(present);
    let weekly = app.house.current().weekly_allowance;
    let mut granted = Granted::default();
    let everybody = timed("members.all", store::members::all(&app.pool)).await?;
    for member in everybody.into_iter().filter(|member| !member.kin.is_guest()) {
        let joined = week_of(app, member.joined_at);
        let due =
            allowance::due(joined, week, present, weekly).map_err(|error: AllowanceError| {
                AppError::invalid("iso_week", "not-yet", error.to_string())
            })?;
        let outcome = match due {
            None => "not-due",
            Some(beans) if grant(app, member.id, week, beans, now).await? => {
                granted.granted += 1;
                "granted"
            }
            Some(_) => {
                granted.already += 1;
                "already"
            }
        };
        metrics::ALLOWANCES.add(1, &metrics::outcome(outcome));
    }
    if granted.granted > 0 {
        tracing::info!(%week, granted = granted.granted, "granted allowances");
    }
    Ok(granted)
}

/// What somebody who joins now gets for the week that has begun, as their own
/// booking: it has the cause that the schedule would give it.
pub(super) fn at_joining(app: &App, now: Timestamp) -> Option<NewEntry> {
    let week = week_of(app, now);
    let due = allowance::due(week, week, week, app.house.current().weekly_allowance);
    due.ok().flatten().map(|beans| entry(week, beans, now))
}

fn week_of(app: &App, at: Timestamp) -> IsoWeek {
    IsoWeek::of(at.with_timezone(&app.settings.time_zone).date_naive())
}

fn entry(week: IsoWeek, beans: Beans, at: Timestamp) -> NewEntry {
    NewEntry {
        id: LedgerEntryId::new(),
        beans,
        kind: EntryKind::Allowance,
        cause: week.to_string(),
        revision: 0,
        at,
    }
}

async fn grant(
    app: &App,
    member: MemberId,
    week: IsoWeek,
    beans: Beans,
    now: Timestamp,
) -> Result<bool, AppError> {
    let entry = entry(week, beans, now);
    if ledger::has_cause(&app.pool, member, entry.kind, &entry.cause).await? {
        return Ok(false);
    }
    let booked = timed("beans.grant-allowance", async {
        let mut tx = app.pool.begin().await?;
        let Some(account) = ledger::lock(&mut tx, member).await? else {
            return Ok::<_, AppError>(None);
        };
        // Again, now that nobody else can book for this member.
        if ledger::has_cause(&mut *tx, member, entry.kind, &entry.cause).await? {
            return Ok(None);
        }
        let after = ledger::append(&mut tx, account, &entry).await?;
        tx.commit().await?;
        Ok(Some(after))
    })
    .await?;
    if let Some(after) = booked {
        committed(app, after, [&entry]);
    }
    Ok(booked.is_some())
}
