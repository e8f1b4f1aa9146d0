//! Gifts between members, and corrections by an admin: each booked once by its key.
//!
//! Costs: one commit; a gift is eleven statements between `begin` and `commit`, a
//! correction eight, and what was booked before four that write nothing.

use customer_domain::{
    gifts::{self, AbsurdTransfer, Correction, Gift, Transfer, TransferRefused},
    ledger::EntryKind,
};
use runtime::{AppError, Code, postgres::timed};
use types::{Beans, CorrectionId, GiftId, LedgerEntryId, MemberId, Timestamp};

use super::{App, settle::committed};
use crate::{
    metrics,
    store::{
        self,
        ledger::{self, Account, NewEntry},
        notifications,
    },
};

/// What became of it, and the balance that its asker looks at, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved<T> {
    pub id: T,
    pub balance: Beans,
    /// It was booked before, by the same key.
    pub repeated: bool,
}

/// Gives beans: both entries, the message and the news of it, or nothing.
pub async fn give(
    app: &App,
    key: &str,
    gift: &Gift,
    now: Timestamp,
) -> Result<Moved<GiftId>, AppError> {
    let floor = app.house.current().house.floor;
    let (moved, booked) = timed("beans.give", async {
        let mut tx = app.pool.begin().await?;
        let accounts = ledger::lock_all(&mut tx, &[gift.giver, gift.receiver]).await?;
        let (giver, receiver) = (of(&accounts, gift.giver)?, of(&accounts, gift.receiver)?);
        let before = store::gifts::by_key(&mut tx, gift.giver, key).await?;
        let sent = before.as_ref().map(|(_, gift)| gift);
        let decision = gifts::give(sent, gift, giver.balance, floor).map_err(refused)?;
        let id = before.map_or_else(GiftId::new, |(id, _)| id);
        let Transfer::Book(entries) = decision else {
            return Ok((Moved { id, balance: giver.balance, repeated: true }, None));
        };
        let entry = |beans| entry(EntryKind::Gift, id.to_string(), beans, now);
        let entries = [entry(entries.giver), entry(entries.receiver)];
        store::gifts::insert(&mut tx, id, key, gift, now).await?;
        let giver = ledger::append(&mut tx, giver, &entries[0]).await?;
        let receiver = ledger::append(&mut tx, receiver, &entries[1]).await?;
        notifications::record_gift(&mut tx, id, gift.receiver, now).await?;
        tx.commit().await?;
        let moved = Moved { id, balance: giver.balance, repeated: false };
        Ok::<_, AppError>((moved, Some(([giver, receiver], entries))))
    })
    .await?;
    if let Some((accounts, entries)) = booked {
        for (account, entry) in accounts.into_iter().zip(&entries) {
            committed(app, account, [entry]);
        }
        tracing::info!(gift.id = %moved.id, beans = gift.beans.count(), "beans were given");
    }
    count("gift", moved.repeated);
    Ok(moved)
}

/// Puts somebody's balance right; it may pass the floor.
pub async fn correct(
    app: &App,
    key: &str,
    correction: &Correction,
    now: Timestamp,
) -> Result<Moved<CorrectionId>, AppError> {
    let (moved, booked) = timed("beans.correct", async {
        let mut tx = app.pool.begin().await?;
        let accounts = ledger::lock_all(&mut tx, &[correction.member, correction.by]).await?;
        let account = of(&accounts, correction.member)?;
        let before = store::gifts::correction_by_key(&mut tx, correction.by, key).await?;
        let sent = before.as_ref().map(|(_, correction)| correction);
        let decision = gifts::correct(sent, correction).map_err(refused)?;
        let id = before.map_or_else(CorrectionId::new, |(id, _)| id);
        let Transfer::Book(beans) = decision else {
            return Ok((Moved { id, balance: account.balance, repeated: true }, None));
        };
        let entry = entry(EntryKind::Correction, id.to_string(), beans, now);
        store::gifts::insert_correction(&mut tx, id, key, correction, now).await?;
        let after = ledger::append(&mut tx, account, &entry).await?;
        tx.commit().await?;
        let moved = Moved { id, balance: after.balance, repeated: false };
        Ok::<_, AppError>((moved, Some((after, entry))))
    })
    .await?;
    if let Some((account, entry)) = booked {
        committed(app, account, [&entry]);
        tracing::info!(
            correction.id = %moved.id, member.id = %correction.member, by = %correction.by,
            "a balance was corrected"
        );
    }
    count("correction", moved.repeated);
    Ok(moved)
}

fn of(accounts: &[Account], member: MemberId) -> Result<Account, AppError> {
    let found = accounts.iter().find(|account| account.member == member);
    found.copied().ok_or_else(|| AppError::not_found("member"))
}

fn entry(kind: EntryKind, cause: String, beans: Beans, at: Timestamp) -> NewEntry {
    NewEntry { id: LedgerEntryId::new(), beans, kind, cause, revision: 0, at }
}

fn count(kind: &'static str, repeated: bool) {
    let outcome = if repeated { "repeated" } else { "booked" };
    metrics::TRANSFERS.add(
        1,
        &[
            opentelemetry::KeyValue::new("kind", kind),
            opentelemetry::KeyValue::new("outcome", outcome),
        ],
    );
}

/// What can never be, beside its field.
pub fn absurd(error: AbsurdTransfer, words: &str) -> AppError {
    let (field, code) = match error {
        AbsurdTransfer::ToOneself => ("member_id", "oneself"),
        AbsurdTransfer::GiftOutOfRange | AbsurdTransfer::CorrectionOutOfRange => {
            ("beans", "out-of-range")
        }
        AbsurdTransfer::TooLong => (words, "too-long"),
        AbsurdTransfer::NoReason => (words, "required"),
    };
    AppError::invalid(field, code, error.to_string())
}

fn refused(error: TransferRefused) -> AppError {
    match error {
        TransferRefused::NotEnough { left } => {
            AppError::new(Code::NotEnoughBeans, format!("{}.", sentence(&error.to_string())))
                .detail("left", left.count())
        }
        TransferRefused::KeyReused => {
            AppError::new(Code::IdempotencyKeyReused, format!("{}.", sentence(&error.to_string())))
        }
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
