//! Settle: brings the sum of an order's ledger entries to minus what it owes.
//!
//! Costs: an order's first settlement is one statement, one round trip and one
//! commit (it updates the payer's version and adds a settlement, a ledger entry
//! and an event) when this process saw the payer's account before and nobody
//! else moved it. Otherwise, and for every later revision, it is five
//! statements between `begin` and `commit` (six with something to book), seven
//! or eight round trips and still one commit. A repeat or a superseded claim reads three statements and writes
//! nothing; with something to pay, after a first statement that fails.

use customer_domain::ledger::{
    self, Claim, EntryKind, SettleDecision, SettleError, SettlementState, Standing,
};
use opentelemetry::KeyValue;
use runtime::{AppError, Code, postgres::timed};
use types::{Beans, LedgerEntryId, OrderId, Timestamp};

use super::App;
use crate::{
    metrics,
    store::{
        self,
        ledger::{Account, NewEntry},
        settlements, violates,
    },
};

/// How a claim was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Settled,
    Superseded,
    Refused,
}

/// The answer, and the payer's balance after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    pub answer: Answer,
    pub balance: Beans,
}

/// Settles one claim.
pub async fn settle(
    app: &App,
    order: OrderId,
    claim: Claim,
    now: Timestamp,
) -> Result<Settled, AppError> {
    if let Some(settled) = directly(app, order, claim, now).await? {
        return Ok(settled);
    }
    timed("beans.settle", under_lock(app, order, claim, now)).await
}

/// The ordinary case: a first settlement that is not refused, booked upon the
/// account as last seen. `None`: it was not the ordinary case, nothing is
/// written, look properly.
async fn directly(
    app: &App,
    order: OrderId,
    claim: Claim,
    now: Timestamp,
) -> Result<Option<Settled>, AppError> {
    // What owes nothing is hardly ever an order's first settlement: it ends one.
    if claim.owed == Beans::ZERO {
        return Ok(None);
    }
    let Some(account) = app.accounts.take(claim.payer) else { return Ok(None) };
    let decision = ledger::settle(None, claim, account.balance, app.house.current().house);
    let Ok(SettleDecision::Book { entry, state }) = decision else {
        app.accounts.put(account);
        return Ok(None);
    };
    let entry = new_entry(order, &state, entry, now);
    let entry = entry.as_ref();
    let booking = settlements::book_first(&app.pool, account, order, &state, entry, now);
    match timed("beans.settle-first", booking).await {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        // It was settled before; which constraint says so first is PostgreSQL's choice.
        Err(error)
            if violates(&error, "one_settlement_per_order")
                || violates(&error, "one_entry_per_cause") =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    }
    let after = entry.map_or(account, |entry| account.after(entry.beans));
    count("settled", "direct");
    committed(app, after, entry);
    Ok(Some(Settled { answer: Answer::Settled, balance: after.balance }))
}

/// Every case, one claim of a payer after the other.
async fn under_lock(
    app: &App,
    order: OrderId,
    claim: Claim,
    now: Timestamp,
) -> Result<Settled, AppError> {
    let mut tx = app.pool.begin().await?;
    let account = store::ledger::lock_payer(&mut tx, claim.payer)
        .await?
        .ok_or_else(|| AppError::not_found("member"))?;
    let claim = Claim { payer: account.member, ..claim };
    let existing = settlements::lock(&mut tx, order).await?;
    let house = app.house.current().house;
    let decision = ledger::settle(existing, claim, account.balance, house).map_err(|error| {
        count("invalid", "locked");
        invalid(error)
    })?;
    let settled = |answer, balance| Ok(Settled { answer, balance });
    match decision {
        SettleDecision::Book { entry, state } => {
            let entry = new_entry(order, &state, entry, now);
            let mut after = account;
            if let Some(entry) = &entry {
                after = store::ledger::append(&mut tx, account, entry).await?;
            }
            put(settlements::put(&mut tx, order, &state, now).await?)?;
            tx.commit().await?;
            count("settled", "locked");
            committed(app, after, entry.as_ref());
            settled(Answer::Settled, after.balance)
        }
        SettleDecision::Refuse { state } => {
            put(settlements::put(&mut tx, order, &state, now).await?)?;
            tx.commit().await?;
            count("refused", "locked");
            app.accounts.put(account);
            tracing::info!(order.id = %order, member.id = %claim.payer, "refused at the floor");
            settled(Answer::Refused, account.balance)
        }
        SettleDecision::Repeated(standing) => {
            count("repeated", "locked");
            app.accounts.put(account);
            let answer = match standing {
                Standing::Charged | Standing::Free => Answer::Settled,
                Standing::Refused => Answer::Refused,
            };
            settled(answer, account.balance)
        }
        SettleDecision::Superseded => {
            count("superseded", "locked");
            app.accounts.put(account);
            settled(Answer::Superseded, account.balance)
        }
    }
}

/// Two payers' first claims for one order at once: the second is wrong.
fn put(written: bool) -> Result<(), AppError> {
    if written { Ok(()) } else { Err(invalid(SettleError::OtherPayer)) }
}

fn new_entry(
    order: OrderId,
    state: &SettlementState,
    beans: Beans,
    now: Timestamp,
) -> Option<NewEntry> {
    (beans != Beans::ZERO).then(|| NewEntry {
        id: LedgerEntryId::new(),
        beans,
        kind: EntryKind::Order,
        cause: order.to_string(),
        revision: state.revision,
        at: now,
    })
}

/// What follows every commit of bookings.
pub(super) fn committed<'a>(
    app: &App,
    account: Account,
    entries: impl IntoIterator<Item = &'a NewEntry>,
) {
    app.accounts.put(account);
    for entry in entries {
        app.log.wake();
        metrics::booked(entry);
    }
}

fn count(outcome: &'static str, path: &'static str) {
    metrics::SETTLEMENTS.add(1, &[KeyValue::new("outcome", outcome), KeyValue::new("path", path)]);
}

fn invalid(error: SettleError) -> AppError {
    match error {
        SettleError::OtherAmount { .. } | SettleError::OtherPayer => {
            AppError::new(Code::SettlementConflict, error.to_string())
        }
        SettleError::AbsurdAmount => {
            AppError::invalid("owed_beans", "out-of-range", error.to_string())
        }
        SettleError::NegativeRevision => {
            AppError::invalid("revision", "out-of-range", error.to_string())
        }
    }
}
