//! Numbers, as the projections tell them: somebody's own, the family's week, who
//! stands on the boards, and an admin's report.
//!
//! Costs: one's own are eight statements, a report four, a week one, the boards
//! three; writing a week down is five.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use customer_domain::{
    achievements::Record,
    weeks::{Summary, is_over, streak},
};
use runtime::{AppError, Code, postgres::timed};
use types::{IsoWeek, MemberId, Period, Timestamp};

use super::App;
use crate::{
    metrics,
    store::{
        boards::{self, Place},
        stats::{self as store, ByDrink, Made, Waits},
        weeks::{self, Written},
    },
};

/// So many days, with today, are shown one by one, and count for the boards.
const DAYS: u64 = 28;
/// How many drinks a summary names.
const MOST: usize = 3;

/// What somebody drank, made and earned.
#[derive(Debug, Clone)]
pub struct Stats {
    pub by_drink: Vec<ByDrink>,
    /// (ISO day of the week, hour, drinks)
    pub by_time: Vec<(i16, i16, i64)>,
    /// The last days up to today: (day, drinks, mg of caffeine).
    pub days: Vec<(NaiveDate, i64, i64)>,
    pub record: Record,
    /// None: they never made anything.
    pub made: Option<Made>,
    /// None: they do not want to stand on the boards.
    pub streak: Option<u64>,
}

/// What one member's drinks add up to, all of one moment: what is counted meanwhile
/// is in all of it or in nothing.
pub async fn of_member(app: &App, member: MemberId, now: Timestamp) -> Result<Stats, AppError> {
    let mut tx = app.pool.begin_with("begin isolation level repeatable read read only").await?;
    let today = day_of(app, now);
    let present = IsoWeek::of(today);
    let first = since(today);
    let some = timed("stats.by-day", store::by_day(&mut *tx, member, first)).await?;
    let some: BTreeMap<NaiveDate, (i64, i64)> =
        some.into_iter().map(|(day, drinks, caffeine)| (day, (drinks, caffeine))).collect();
    let days = first.iter_days().take_while(|day| *day <= today).map(|day| {
        let (drinks, caffeine) = some.get(&day).copied().unwrap_or_default();
        (day, drinks, caffeine)
    });
    let made = timed("stats.made", store::made(&mut *tx, member, present.monday())).await?;
    let streak = if timed("stats.is-on-boards", boards::is_on(&mut *tx, member)).await? {
        let weeks = timed("stats.weeks", store::weeks(&mut *tx, member)).await?;
        Some(streak(&weeks.into_iter().map(IsoWeek::of).collect(), present))
    } else {
        None
    };
    Ok(Stats {
        by_drink: timed("stats.by-drink", store::by_drink(&mut *tx, member)).await?,
        by_time: timed("stats.by-time", store::by_time(&mut *tx, member)).await?,
        days: days.collect(),
        record: timed("stats.record", store::record(&mut *tx, member)).await?,
        made: (made.orders > 0).then_some(made),
        streak,
    })
}

/// Puts somebody on the boards, or takes them away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBoards {
    Join,
    Leave,
}

/// Does so; harmless to repeat.
pub async fn set_on_boards(
    app: &App,
    member: MemberId,
    wanted: OnBoards,
    now: Timestamp,
) -> Result<(), AppError> {
    let done = timed("stats.set-on-boards", async {
        let mut connection = app.pool.acquire().await?;
        match wanted {
            OnBoards::Join => boards::join(&mut connection, member, now).await,
            OnBoards::Leave => boards::leave(&mut connection, member).await.map(|()| true),
        }
    })
    .await?;
    if done {
        Ok(())
    } else {
        Err(AppError::new(Code::Forbidden, "No child stands on the boards."))
    }
}

/// Who stands where, of those who want to.
#[derive(Debug, Clone)]
pub struct Boards {
    /// Different drinks in the last days.
    pub tried: Vec<Place>,
    /// Drinks made for others in the last days.
    pub made: Vec<Place>,
    /// Weeks in a row in which they came by.
    pub streaks: Vec<Place>,
}

/// The boards as they stand.
pub async fn boards(app: &App, now: Timestamp) -> Result<Boards, AppError> {
    let today = day_of(app, now);
    let present = IsoWeek::of(today);
    let mut weeks: BTreeMap<MemberId, BTreeSet<IsoWeek>> = BTreeMap::new();
    for (member, monday) in timed("boards.weeks", boards::weeks(&app.pool)).await? {
        weeks.entry(member).or_default().insert(IsoWeek::of(monday));
    }
    let place = |(member, weeks): (MemberId, BTreeSet<IsoWeek>)| {
        let count = i64::try_from(streak(&weeks, present)).unwrap_or(i64::MAX);
        Place { member, count }
    };
    let mut streaks: Vec<Place> = weeks.into_iter().map(place).collect();
    streaks.retain(|place| place.count > 0);
    streaks.sort_by_key(|place| (-place.count, place.member));
    Ok(Boards {
        tried: timed("boards.tried", boards::tried(&app.pool, since(today))).await?,
        made: timed("boards.made", boards::made(&app.pool, since(today))).await?,
        streaks,
    })
}

/// What a day or a week was like.
#[derive(Debug, Clone)]
pub struct Report {
    pub period: Period,
    /// The one after, if it has begun.
    pub after: Option<Period>,
    pub outcomes: Vec<(String, i64)>,
    pub sold: Vec<ByDrink>,
    /// (day, hour, drinks)
    pub by_time: Vec<(NaiveDate, i16, i64)>,
    pub waits: Waits,
}

/// A report of a period; without one, of today.
pub async fn report(app: &App, period: Option<Period>, now: Timestamp) -> Result<Report, AppError> {
    let today = day_of(app, now);
    let period = period.unwrap_or(Period::Day(today));
    let days = period.days();
    if days.0 > today {
        return Err(AppError::invalid("period", "not-yet", "it has not begun yet"));
    }
    let pool = &app.pool;
    Ok(Report {
        period,
        after: period.after().filter(|after| after.days().0 <= today),
        outcomes: timed("report.outcomes", store::outcomes(pool, days)).await?,
        sold: timed("report.sold", store::sold(pool, days)).await?,
        by_time: timed("report.by-time", store::sold_by_time(pool, days)).await?,
        waits: timed("report.waits", store::waits(pool, days)).await?,
    })
}

/// Sums a week up and writes it down, once; without one, the last that is over.
/// Whether that was news.
pub async fn write_week(
    app: &App,
    week: Option<IsoWeek>,
    now: Timestamp,
) -> Result<(IsoWeek, bool), AppError> {
    let present = IsoWeek::of(day_of(app, now));
    let week = week.unwrap_or_else(|| present.previous());
    if !is_over(week, present) {
        return Err(AppError::invalid("iso_week", "not-yet", "the week is not over yet"));
    }
    let summary = sum_up(app, week).await?;
    let write = weeks::write(&app.pool, week, &summary, now);
    let news = timed("weeks.write", write).await?;
    metrics::WEEKS_WRITTEN.add(1, &metrics::outcome(if news { "written" } else { "already" }));
    if news {
        tracing::info!(%week, drinks = summary.drinks, "summed up a week");
    }
    Ok((week, news))
}

async fn sum_up(app: &App, week: IsoWeek) -> Result<Summary, AppError> {
    let pool = &app.pool;
    let days = Period::Week(week).days();
    let sold = timed("report.sold", store::sold(pool, days)).await?;
    let by_time = timed("report.by-time", store::sold_by_time(pool, days)).await?;
    let before = Period::Week(week.previous()).days();
    let before = timed("report.sold", store::sold(pool, before)).await?;
    let waits = timed("report.waits", store::waits(pool, days)).await?;
    let outcomes = timed("report.outcomes", store::outcomes(pool, days)).await?;
    let made = outcomes.iter().filter(|(name, _)| matches!(&**name, "completed" | "uncollected"));
    let mut by_day = [0; 7];
    let mut by_hour: BTreeMap<i16, i64> = BTreeMap::new();
    for (day, hour, drinks) in &by_time {
        let nth = (*day - days.0).num_days();
        if let Some(of_day) = usize::try_from(nth).ok().and_then(|nth| by_day.get_mut(nth)) {
            *of_day += drinks;
        }
        *by_hour.entry(*hour).or_default() += drinks;
    }
    // Of two alike the earlier one.
    let busiest = by_hour.iter().max_by_key(|(hour, drinks)| (**drinks, -**hour));
    Ok(Summary {
        orders: made.map(|(_, orders)| orders).sum(),
        drinks: sold.iter().map(|drink| drink.count).sum(),
        drinks_before: before.iter().map(|drink| drink.count).sum(),
        kinds: i64::try_from(sold.len()).unwrap_or(i64::MAX),
        by_day,
        most: sold.iter().take(MOST).map(|drink| (drink.slug.clone(), drink.count)).collect(),
        busiest_hour: busiest.and_then(|(hour, _)| u8::try_from(*hour).ok()),
        wait_seconds: waits.median,
    })
}

/// A week that was written; without one the newest, if there is any.
pub async fn week(app: &App, week: Option<IsoWeek>) -> Result<Option<Written>, AppError> {
    let found = timed("weeks.get", weeks::get(&app.pool, week)).await?;
    if found.is_none() && week.is_some() {
        return Err(AppError::new(Code::NotFound, "That week was not summed up."));
    }
    Ok(found)
}

fn day_of(app: &App, at: Timestamp) -> NaiveDate {
    at.with_timezone(&app.settings.time_zone).date_naive()
}

/// The first of the last days.
fn since(today: NaiveDate) -> NaiveDate {
    today - Days::new(DAYS - 1)
}
