//! A member's statement, page by page: one statement per page.

use runtime::{AppError, postgres::timed};
use types::MemberId;

use super::{App, cursor};
use crate::store::ledger::{self, Line};

/// Entries, newest first, and the cursor of the next page, if there is one.
#[derive(Debug)]
pub struct Page {
    pub lines: Vec<Line>,
    pub next: Option<String>,
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
    Ok(Page { lines, next })
}
