//! A member's statement, page by page: one statement per page, and one more for
//! each of gifts and corrections where the page has any.

use std::collections::HashMap;

use customer_domain::{
    gifts::{Correction, Gift},
    ledger::EntryKind,
};
use runtime::{AppError, postgres::timed};
use types::{CorrectionId, GiftId, MemberId};

use super::{App, cursor};
use crate::store::{
    gifts,
    ledger::{self, Line},
};

/// Entries, newest first, and the cursor of the next page, if there is one.
#[derive(Debug)]
pub struct Page {
    pub lines: Vec<(Line, Behind)>,
    pub next: Option<String>,
}

/// Who stands behind an entry, and what they said: rows, read when shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    pub member: Option<MemberId>,
    pub words: String,
}

/// One page of a member's ledger.
pub async fn page(app: &App, member: MemberId, after: &str, limit: i32) -> Result<Page, AppError> {
    let before = cursor::entry(after)?;
    let limit = cursor::limit(limit)?;
    let read = ledger::statement(&app.pool, member, before, limit);
    let lines = timed("beans.statement", read).await?;
    // The ledger has no gaps: below number 1 there is nothing.
    let next =
        lines.last().filter(|line| line.number > 1).map(|line| cursor::of_entry(line.number));
    let behind = Rows::read(app, &lines).await?;
    let lines = lines.into_iter().map(|line| {
        let said = behind.of(member, &line);
        (line, said)
    });
    Ok(Page { lines: lines.collect(), next })
}

/// What stands behind the entries of a page.
struct Rows {
    gifts: HashMap<GiftId, Gift>,
    corrections: HashMap<CorrectionId, Correction>,
}

impl Rows {
    async fn read(app: &App, lines: &[Line]) -> Result<Self, AppError> {
        let mut rows = Self { gifts: HashMap::new(), corrections: HashMap::new() };
        let ids = causes(lines, EntryKind::Gift);
        if !ids.is_empty() {
            rows.gifts = timed("beans.gifts", gifts::of(&app.pool, &ids)).await?;
        }
        let ids = causes(lines, EntryKind::Correction);
        if !ids.is_empty() {
            let read = gifts::corrections_of(&app.pool, &ids);
            rows.corrections = timed("beans.corrections", read).await?;
        }
        Ok(rows)
    }

    /// Whoever else it is about, seen from the owner of the statement.
    fn of(&self, owner: MemberId, line: &Line) -> Behind {
        let gift = || self.gifts.get(&line.cause.parse().ok()?);
        let correction = || self.corrections.get(&line.cause.parse().ok()?);
        if let Some(Gift { giver, receiver, message, .. }) = gift() {
            let member = if *giver == owner { receiver } else { giver };
            Behind { member: Some(*member), words: message.clone() }
        } else if let Some(Correction { by, reason, .. }) = correction() {
            Behind { member: Some(*by), words: reason.clone() }
        } else {
            Behind::default()
        }
    }
}

fn causes<T: std::str::FromStr>(lines: &[Line], kind: EntryKind) -> Vec<T> {
    let of_kind = lines.iter().filter(|line| line.kind == kind.name());
    of_kind.filter_map(|line| line.cause.parse().ok()).collect()
}
