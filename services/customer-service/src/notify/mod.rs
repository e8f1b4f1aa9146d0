//! Notifications: recorded once per order, kind and recipient, the newer
//! replacing the older; shown on the live page, pushed one day.
//!
//! Costs: recording, for any number of recipients, and reading a page are one
//! statement each (recording one commit).

use customer_domain::notification::{self, Text};
use opentelemetry::KeyValue;
use runtime::{AppError, postgres::timed};
use types::{MemberId, Timestamp};

use crate::{
    app::{App, cursor},
    metrics,
    store::notifications::{self, About, News, Notification},
};

/// Records news for whom it concerns. How many got something new.
pub async fn record(app: &App, news: &News, now: Timestamp) -> Result<usize, AppError> {
    let told = timed("notifications.record", notifications::record(&app.pool, news, now)).await?;
    if !told.is_empty() {
        metrics::NOTIFICATIONS.add(told.len() as u64, &[KeyValue::new("kind", news.kind.clone())]);
        tracing::info!(
            order.id = %news.order, kind = news.kind, recipients = told.len(), "notified"
        );
    }
    Ok(told.len())
}

/// Notifications with their words, newest first.
#[derive(Debug)]
pub struct Page {
    pub notifications: Vec<(Notification, Text)>,
    pub next: Option<String>,
}

/// One page of what a member was told.
pub async fn page(
    app: &App,
    recipient: MemberId,
    after: &str,
    limit: i32,
) -> Result<Page, AppError> {
    let before = cursor::notification(after)?;
    let limit = cursor::limit(limit)?;
    // One more than shown tells whether there is another page.
    let read = notifications::page(&app.pool, recipient, before, limit + 1);
    let mut rows = timed("notifications.page", read).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().filter(|_| more).map(|row| cursor::of_notification(row.at, row.id));
    let notifications = rows
        .into_iter()
        .map(|row| {
            let text = match &row.about {
                About::Order { id: _, number, reason } => {
                    notification::text(&row.kind, *number, reason)
                }
                About::Gift { giver, beans, message } => {
                    notification::gift_text(giver, *beans, message)
                }
            };
            (row, text)
        })
        .collect();
    Ok(Page { notifications, next })
}
