//! Statistics in JSON.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use types::{IsoWeek, Period};
use utoipa::{IntoParams, ToSchema};
use wire::customer::v1 as pb;

use super::{some, time};
use crate::problem::Problem;

/// What somebody drank, made and earned.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    pub drinks: i64,
    pub caffeine_mg: i64,
    /// Most first.
    pub by_drink: Vec<DrinkCount>,
    /// Of the family's day.
    pub by_hour: Vec<HourCount>,
    pub by_weekday: Vec<WeekdayCount>,
    /// The last 28, each one, up to today.
    pub days: Vec<DayCaffeine>,
    pub achievements: Vec<Achievement>,
    /// What they made at the counter, if anything.
    pub made: Option<Made>,
    /// They want to stand on the boards.
    pub on_boards: bool,
    /// Weeks in a row in which they came by; only for who stands on the boards.
    pub streak_weeks: Option<u64>,
}

/// How often one drink.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrinkCount {
    pub menu_item_id: String,
    pub slug: String,
    pub count: i64,
}

/// How often in one hour of the day, 0 to 23.
#[derive(Debug, Serialize, ToSchema)]
pub struct HourCount {
    pub hour: i32,
    pub count: i64,
}

/// How often on one day of the week; Monday is 1.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeekdayCount {
    #[schema(minimum = 1, maximum = 7)]
    pub weekday: i32,
    pub count: i64,
}

/// How much on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayCaffeine {
    pub day: Option<NaiveDate>,
    pub count: i64,
    pub caffeine_mg: i64,
}

/// How much on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayCount {
    pub day: Option<NaiveDate>,
    pub count: i64,
}

/// Earned when `have` reaches `of`. Nothing rewards caffeine.
#[derive(Debug, Serialize, ToSchema)]
pub struct Achievement {
    #[schema(example = "explorer")]
    pub name: String,
    #[schema(example = "Explorer")]
    pub title: String,
    /// What earns it.
    pub says: String,
    pub have: u64,
    pub of: u64,
}

/// What somebody made at the counter.
#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    pub orders: i64,
    pub drinks: i64,
    pub drinks_this_week: i64,
    /// From accepted to ready; the middle one of all.
    pub pace_seconds: Option<i64>,
}

/// What a week came to for the family; about nobody in particular.
#[derive(Debug, Serialize, ToSchema)]
pub struct FamilyWeek {
    #[schema(example = "2026-W47")]
    pub iso_week: String,
    pub monday: Option<NaiveDate>,
    /// Orders that were made.
    pub orders: i64,
    pub drinks: i64,
    /// Of the week before.
    pub drinks_before: i64,
    /// Different drinks.
    pub kinds: i64,
    /// All seven.
    pub by_weekday: Vec<WeekdayCount>,
    /// At most three, most first.
    pub most: Vec<SlugCount>,
    /// 0 to 23
    pub busiest_hour: Option<i32>,
    /// From placed to ready; the middle one of all.
    pub wait_seconds: Option<i64>,
    pub written_at: Option<DateTime<Utc>>,
    /// The week before it that was summed up.
    pub earlier: Option<String>,
    pub later: Option<String>,
}

/// How often one drink.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlugCount {
    pub slug: String,
    pub count: i64,
}

/// Which week.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WhichWeek {
    /// An ISO week that was summed up; without it the newest.
    #[serde(default)]
    #[param(example = "2026-W47")]
    pub week: Option<String>,
}

impl WhichWeek {
    /// For the wire.
    pub(crate) fn wire(self) -> Result<String, Problem> {
        let Some(text) = self.week.filter(|text| !text.is_empty()) else {
            return Ok(String::new());
        };
        let week: Result<IsoWeek, _> = text.parse();
        week.map(|week| week.to_string())
            .map_err(|error| Problem::invalid("query:week", "malformed", error.to_string()))
    }
}

/// Which day or week.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WhichPeriod {
    /// A day, `2026-11-25`, or an ISO week, `2026-W48`; without it today.
    #[serde(default)]
    #[param(example = "2026-W48")]
    pub period: Option<String>,
}

impl WhichPeriod {
    /// For the wire.
    pub(crate) fn wire(self) -> Result<String, Problem> {
        let Some(text) = self.period.filter(|text| !text.is_empty()) else {
            return Ok(String::new());
        };
        let period: Result<Period, _> = text.parse();
        period
            .map(|period| period.to_string())
            .map_err(|error| Problem::invalid("query:period", "malformed", error.to_string()))
    }
}

/// Who stands where, of those who want to stand there. No child does, and nothing
/// rewards caffeine.
#[derive(Debug, Serialize, ToSchema)]
pub struct Boards {
    /// Different drinks in the last 28 days.
    pub tried: Vec<Place>,
    /// Drinks made for others in the last 28 days.
    pub made: Vec<Place>,
    /// Weeks in a row in which they came by.
    pub streaks: Vec<Place>,
}

/// A place on a board.
#[derive(Debug, Serialize, ToSchema)]
pub struct Place {
    #[schema(example = "mem_01h455vb4pex5vsknk084sn02q")]
    pub member_id: String,
    pub count: i64,
}

/// Whether one stands on the boards.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OnBoards {
    pub on_boards: bool,
}

/// What a day or a week was like.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    #[schema(example = "2026-W48")]
    pub period: String,
    pub first_day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
    /// The period before.
    pub before: Option<String>,
    /// The one after, if it has begun.
    pub after: Option<String>,
    /// How the orders ended.
    pub outcomes: Vec<OutcomeCount>,
    /// Most first.
    pub sold: Vec<Sold>,
    /// Drinks, of the family's day.
    pub by_hour: Vec<HourCount>,
    /// Drinks; each day of the period.
    pub by_day: Vec<DayCount>,
    pub waits: Waits,
}

/// How many orders ended so.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeCount {
    #[schema(example = "completed")]
    pub outcome: String,
    pub orders: i64,
}

/// What sold.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sold {
    pub menu_item_id: String,
    pub slug: String,
    pub count: i64,
    /// As it was priced, also at a free bar.
    pub beans: i64,
}

/// From placed to ready, in seconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waits {
    /// Orders that were made.
    pub orders: i64,
    pub median: Option<i64>,
    /// Nine of ten waited no longer.
    pub ninth: Option<i64>,
    pub longest: Option<i64>,
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn hours(counts: Vec<pb::HourCount>) -> Vec<HourCount> {
    let one = |pb::HourCount { hour, count }| HourCount { hour, count };
    counts.into_iter().map(one).collect()
}

fn weekdays(counts: Vec<pb::WeekdayCount>) -> Vec<WeekdayCount> {
    let one = |pb::WeekdayCount { weekday, count }| WeekdayCount { weekday, count };
    counts.into_iter().map(one).collect()
}

impl From<pb::Stats> for Stats {
    fn from(stats: pb::Stats) -> Self {
        let pb::Stats {
            member_id: _,
            drinks,
            caffeine_mg,
            by_drink,
            by_hour,
            by_weekday,
            days,
            achievements,
            made,
            on_boards,
            streak_weeks,
        } = stats;
        Self {
            drinks,
            caffeine_mg,
            by_drink: by_drink
                .into_iter()
                .map(|pb::DrinkCount { menu_item_id, slug, count }| DrinkCount {
                    menu_item_id,
                    slug,
                    count,
                })
                .collect(),
            by_hour: hours(by_hour),
            by_weekday: weekdays(by_weekday),
            days: days
                .into_iter()
                .map(|pb::DayCount { day: text, count, caffeine_mg }| DayCaffeine {
                    day: day(&text),
                    count,
                    caffeine_mg,
                })
                .collect(),
            achievements: achievements
                .into_iter()
                .map(|pb::Achievement { name, title, says, have, of }| Achievement {
                    name,
                    title,
                    says,
                    have,
                    of,
                })
                .collect(),
            made: made.map(|pb::Made { orders, drinks, drinks_this_week, pace_seconds }| Made {
                orders,
                drinks,
                drinks_this_week,
                pace_seconds,
            }),
            on_boards,
            streak_weeks,
        }
    }
}

impl From<pb::FamilyWeek> for FamilyWeek {
    fn from(week: pb::FamilyWeek) -> Self {
        let pb::FamilyWeek {
            iso_week,
            monday,
            orders,
            drinks,
            drinks_before,
            kinds,
            by_weekday,
            most,
            busiest_hour,
            wait_seconds,
            written_at,
            earlier,
            later,
        } = week;
        Self {
            iso_week,
            monday: day(&monday),
            orders,
            drinks,
            drinks_before,
            kinds,
            by_weekday: weekdays(by_weekday),
            most: most
                .into_iter()
                .map(|pb::DrinkCount { menu_item_id: _, slug, count }| SlugCount { slug, count })
                .collect(),
            busiest_hour,
            wait_seconds,
            written_at: written_at.and_then(time),
            earlier: some(earlier),
            later: some(later),
        }
    }
}

impl From<pb::Boards> for Boards {
    fn from(boards: pb::Boards) -> Self {
        let pb::Boards { tried, made, streaks } = boards;
        let places = |places: Vec<pb::Place>| {
            let place = |pb::Place { member_id, count }| Place { member_id, count };
            places.into_iter().map(place).collect()
        };
        Self { tried: places(tried), made: places(made), streaks: places(streaks) }
    }
}

impl From<pb::Report> for Report {
    fn from(report: pb::Report) -> Self {
        let pb::Report {
            period,
            first_day,
            last_day,
            before,
            after,
            outcomes,
            sold,
            by_hour,
            by_day,
            waits,
        } = report;
        let pb::Waits { orders, median, ninth, longest } = waits.unwrap_or_default();
        Self {
            period,
            first_day: day(&first_day),
            last_day: day(&last_day),
            before: some(before),
            after: some(after),
            outcomes: outcomes
                .into_iter()
                .map(|pb::OutcomeCount { outcome, orders }| OutcomeCount { outcome, orders })
                .collect(),
            sold: sold
                .into_iter()
                .map(|pb::Sold { menu_item_id, slug, count, beans }| Sold {
                    menu_item_id,
                    slug,
                    count,
                    beans,
                })
                .collect(),
            by_hour: hours(by_hour),
            by_day: by_day
                .into_iter()
                .map(|pb::DayCount { day: text, count, caffeine_mg: _ }| DayCount {
                    day: day(&text),
                    count,
                })
                .collect(),
            waits: Waits { orders, median, ninth, longest },
        }
    }
}
