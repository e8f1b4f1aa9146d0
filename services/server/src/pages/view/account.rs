//! Beans and news as pages show them.

use wire::customer::v1 as pb;

use super::{Clock, People, clock::moment};

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

/// A stamp card: which of its places are stamped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Card {
    pub(crate) places: Vec<bool>,
    pub(crate) stamps: usize,
    pub(crate) says: String,
}

impl Card {
    /// Empty where the services tell of no card.
    pub(crate) fn new(balance: &pb::Balance) -> Self {
        const MOST_PLACES: u64 = 50;
        let pb::StampCard { stamps, of, filled: _ } = balance.stamp_card.unwrap_or_default();
        let of = of.min(MOST_PLACES);
        let says = match of.saturating_sub(stamps) {
            1 => "Your next one is free.".to_owned(),
            left => format!("{} more, and one is free.", left.saturating_sub(1)),
        };
        Self {
            places: (0..of).map(|place| place < stamps).collect(),
            stamps: usize::try_from(stamps).unwrap_or_default(),
            says,
        }
    }
}

/// One line of the statement.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) title: String,
    /// What was said with it; may be empty.
    pub(crate) words: String,
    /// Order id; empty where it is about none.
    pub(crate) order: String,
    pub(crate) beans: i64,
    /// After it.
    pub(crate) balance: i64,
    pub(crate) at: String,
}

impl Entry {
    /// "+5", "−5".
    pub(crate) fn amount(&self) -> String {
        let sign = if self.beans < 0 { "−" } else { "+" };
        format!("{sign}{}", self.beans.unsigned_abs())
    }

    pub(crate) fn new(entry: &pb::LedgerEntry, people: &People, clock: &Clock) -> Self {
        let other = || people.get(&entry.other_member_id).name;
        let title = match entry.kind.as_str() {
            "order" if entry.beans > 0 => "Beans back".to_owned(),
            "order" => "Coffee".to_owned(),
            "allowance" => {
                let week = entry.cause.rsplit_once("-W").map_or("", |(_, week)| week);
                format!("Allowance, week {week}")
            }
            "opening" => "To begin with".to_owned(),
            "gift" if entry.beans > 0 => format!("A gift from {}", other()),
            "gift" => format!("A gift to {}", other()),
            "correction" => format!("Put right by {}", other()),
            "reward" => match entry.cause.strip_prefix("coffee-") {
                Some(nth) => format!("Coffee no. {nth} was free"),
                None => "A free coffee".to_owned(),
            },
            other => other.to_owned(),
        };
        Self {
            title,
            words: entry.words.clone(),
            order: order_id(&entry.cause),
            beans: entry.beans,
            balance: entry.balance_beans,
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
    /// Where more of it stands; empty: nowhere.
    pub(crate) href: String,
    pub(crate) at: String,
}

impl News {
    pub(crate) fn new(news: &pb::Notification, clock: &Clock) -> Self {
        let emoji = match news.kind.as_str() {
            "ready" => "🛎️",
            "queued" => "🧾",
            "approval" => "🙋",
            "preparing" | "accepted" => "☕",
            "completed" | "picked-up" => "💛",
            "uncollected" | "remind" | "reminder" => "⏰",
            "gift" => "🎁",
            _ => "💬",
        };
        Self {
            emoji,
            title: news.title.clone(),
            body: news.body.clone(),
            href: match order_id(&news.order_id) {
                _ if news.kind == "gift" => "/beans".to_owned(),
                order if order.is_empty() => order,
                order => format!("/orders/{order}"),
            },
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
