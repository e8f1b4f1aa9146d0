//! Beans and news as pages show them.

use wire::customer::v1 as pb;

use super::{Clock, clock::moment};

/// What somebody has in beans.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wallet {
    pub(crate) count: i64,
    /// Nothing costs beans.
    pub(crate) free_bar: bool,
}

impl Wallet {
    pub(crate) fn new(balance: &pb::Balance) -> Self {
        Self { count: balance.beans, free_bar: balance.free_bar }
    }
}

/// One line of the statement.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) title: String,
    /// Order id; empty where it is about none.
    pub(crate) order: String,
    pub(crate) beans: i64,
    pub(crate) at: String,
}

impl Entry {
    /// "+5", "−5".
    pub(crate) fn amount(&self) -> String {
        let sign = if self.beans < 0 { "−" } else { "+" };
        format!("{sign}{}", self.beans.unsigned_abs())
    }

    pub(crate) fn new(entry: &pb::LedgerEntry, clock: &Clock) -> Self {
        let title = match entry.kind.as_str() {
            "order" if entry.beans > 0 => "Beans back".to_owned(),
            "order" => "Coffee".to_owned(),
            "allowance" => {
                let week = entry.cause.rsplit_once("-W").map_or("", |(_, week)| week);
                format!("Allowance, week {week}")
            }
            "opening" => "To begin with".to_owned(),
            other => other.to_owned(),
        };
        Self {
            title,
            order: order_id(&entry.cause),
            beans: entry.beans,
            at: said(entry.at.as_ref().and_then(|at| moment(at.seconds, at.nanos)), clock),
        }
    }
}

/// Something that somebody was told.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) emoji: &'static str,
    pub(crate) title: String,
    pub(crate) body: String,
    /// Order id; empty where it is about none.
    pub(crate) order: String,
    pub(crate) at: String,
}

impl News {
    pub(crate) fn new(news: &pb::Notification, clock: &Clock) -> Self {
        let emoji = match news.kind.as_str() {
            "ready" => "🛎️",
            "queued" => "🧾",
            "preparing" | "accepted" => "☕",
            "completed" | "picked-up" => "💛",
            "uncollected" | "remind" | "reminder" => "⏰",
            _ => "💬",
        };
        Self {
            emoji,
            title: news.title.clone(),
            body: news.body.clone(),
            order: order_id(&news.order_id),
            at: said(news.at.as_ref().and_then(|at| moment(at.seconds, at.nanos)), clock),
        }
    }
}

fn order_id(text: &str) -> String {
    // A cause may carry more than the id, "ord_…/2": what links is the id alone.
    let id = text.split(['/', ':']).next().unwrap_or_default();
    id.parse::<types::OrderId>().map(|id| id.to_string()).unwrap_or_default()
}

fn said(at: Option<types::Timestamp>, clock: &Clock) -> String {
    at.map(|at| clock.say(at)).unwrap_or_default()
}
