//! Numbers about oneself, and about the family.

pub(crate) mod family;

use askama::Template;
use chrono::NaiveDate;
use wire::customer::v1 as pb;

use super::{
    frame::Frame,
    view::{
        Shell, Tab,
        chart::{Columns, Drinks, Line, took},
    },
};
use crate::web::{Page, PageError};

/// How many drinks are listed.
const DRINKS: usize = 8;

#[derive(Template)]
#[template(path = "stats/mine.html")]
pub(crate) struct MyStats {
    pub(crate) shell: Shell,
    pub(crate) drinks: i64,
    pub(crate) most: Vec<Line>,
    pub(crate) weekdays: Columns,
    pub(crate) hours: Columns,
    pub(crate) caffeine: Columns,
    pub(crate) caffeine_says: String,
    pub(crate) achievements: Vec<Badge>,
    pub(crate) earned: usize,
    pub(crate) streak: Option<u64>,
    pub(crate) made: Option<MadeView>,
}

/// An achievement.
pub(crate) struct Badge {
    pub(crate) emoji: &'static str,
    pub(crate) title: String,
    pub(crate) says: String,
    pub(crate) have: u64,
    pub(crate) of: u64,
}

impl Badge {
    pub(crate) fn earned(&self) -> bool {
        self.have >= self.of
    }

    pub(crate) fn percent(&self) -> u64 {
        100 * self.have / self.of.max(1)
    }

    fn new(wire: &pb::Achievement) -> Self {
        let pb::Achievement { name, title, says, have, of } = wire.clone();
        let emoji = match name.as_str() {
            "first-cup" => "🌱",
            "explorer" => "🧭",
            "cartographer" => "🗺️",
            "every-weekday" => "📅",
            "calm-evenings" => "🌙",
            "host" => "🏡",
            "kind" => "💛",
            "first-served" => "🛎️",
            "house-barista" => "🏅",
            _ => "⭐",
        };
        Self { emoji, title, says, have, of }
    }
}

/// What one made at the counter.
pub(crate) struct MadeView {
    pub(crate) drinks: i64,
    pub(crate) this_week: i64,
    /// "4 min"; empty: not known.
    pub(crate) pace: String,
}

/// `GET /stats`
pub(crate) async fn mine(frame: Frame) -> Result<Page<MyStats>, PageError> {
    let request = pb::GetStatsRequest { member_id: String::new() };
    let mut customers = frame.app.customers(&frame.viewer);
    let (stats, menu, people) =
        tokio::join!(customers.get_stats(request), frame.menu(), frame.people());
    // Without order-service drinks have plain names.
    let drinks = Drinks::of_menu(&menu.map(|menu| menu.items).unwrap_or_default());
    Ok(Page(MyStats::new(frame.shell(Tab::Me, &people), &stats?.into_inner(), &drinks)))
}

impl MyStats {
    pub(crate) fn new(shell: Shell, stats: &pb::Stats, drinks: &Drinks) -> Self {
        let most = stats.by_drink.iter().map(|drink| (drink.slug.as_str(), drink.count));
        let achievements: Vec<Badge> = stats.achievements.iter().map(Badge::new).collect();
        Self {
            shell,
            drinks: stats.drinks,
            most: drinks.lines(most, DRINKS),
            weekdays: Columns::weekdays("Days of the week", &stats.by_weekday),
            hours: Columns::hours("Hours of the day", &stats.by_hour),
            caffeine: Columns::new("Caffeine, last four weeks", "mg of caffeine", caffeine(stats)),
            caffeine_says: caffeine_says(stats),
            earned: achievements.iter().filter(|badge| badge.earned()).count(),
            achievements,
            streak: stats.streak_weeks,
            made: stats.made.as_ref().map(|made| MadeView {
                drinks: made.drinks,
                this_week: made.drinks_this_week,
                pace: made.pace_seconds.map(took).unwrap_or_default(),
            }),
        }
    }
}

fn caffeine(stats: &pb::Stats) -> Vec<(String, String, i64)> {
    let last = stats.days.len().saturating_sub(1);
    let days = stats.days.iter().enumerate().map(|(at, day)| {
        let date = day.day.parse::<NaiveDate>().ok();
        let name = date.map(|date| date.format("%a %-d %b").to_string()).unwrap_or_default();
        let label = if at == last {
            "today".to_owned()
        } else if at % 7 == last % 7 {
            date.map(|date| date.format("%-d %b").to_string()).unwrap_or_default()
        } else {
            String::new()
        };
        (name, label, day.caffeine_mg)
    });
    days.collect()
}

fn caffeine_says(stats: &pb::Stats) -> String {
    let with: Vec<i64> =
        stats.days.iter().map(|day| day.caffeine_mg).filter(|mg| *mg > 0).collect();
    let today = stats.days.last().map_or(0, |day| day.caffeine_mg);
    let count = i64::try_from(with.len()).unwrap_or(1);
    match with.iter().sum::<i64>().checked_div(count) {
        Some(mean) => format!("{today} mg today; about {mean} mg on a day with any."),
        None => "None in the last four weeks.".to_owned(),
    }
}
