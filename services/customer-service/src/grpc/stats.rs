//! Statistics and what keeps them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use customer_domain::achievements::{Achievement, Record};
use runtime::{AppError, Caller};
use types::{IsoWeek, MenuItemId, ParsePeriodError, Period, Timestamp};
use wire::customer::v1 as pb;

use super::{owner, week};
use crate::{
    app::{
        App,
        stats::{self, OnBoards},
    },
    events::wire_time,
    store::{boards::Place, stats::ByDrink},
};

pub(super) async fn get(
    app: &App,
    caller: &Caller,
    request: pb::GetStatsRequest,
    now: Timestamp,
) -> Result<pb::Stats, AppError> {
    let pb::GetStatsRequest { member_id } = request;
    let member = owner(caller, &member_id)?;
    let found = stats::of_member(app, member, now).await?;
    let (mut by_hour, mut by_weekday) = (BTreeMap::new(), BTreeMap::new());
    for (weekday, hour, count) in found.by_time {
        *by_hour.entry(hour).or_insert(0) += count;
        *by_weekday.entry(weekday).or_insert(0) += count;
    }
    Ok(pb::Stats {
        member_id: member.to_string(),
        drinks: found.by_drink.iter().map(|drink| drink.count).sum(),
        caffeine_mg: found.by_drink.iter().map(|drink| drink.caffeine_mg).sum(),
        by_drink: found.by_drink.into_iter().map(drink_count).collect(),
        by_hour: by_hour.into_iter().map(hour_count).collect(),
        by_weekday: by_weekday
            .into_iter()
            .map(|(weekday, count)| pb::WeekdayCount { weekday: i32::from(weekday), count })
            .collect(),
        days: found
            .days
            .into_iter()
            .map(|(day, count, caffeine_mg)| day_count(day, count, caffeine_mg))
            .collect(),
        achievements: Achievement::ALL.map(|one| achievement(one, &found.record)).into(),
        made: found.made.map(|made| pb::Made {
            orders: made.orders,
            drinks: made.drinks,
            drinks_this_week: made.drinks_since,
            pace_seconds: made.pace_seconds,
        }),
        on_boards: found.streak.is_some(),
        streak_weeks: found.streak,
    })
}

fn drink_count(drink: ByDrink) -> pb::DrinkCount {
    let ByDrink { item, slug, count, caffeine_mg: _, beans: _ } = drink;
    pb::DrinkCount { menu_item_id: MenuItemId::from_uuid(item).to_string(), slug, count }
}

fn hour_count((hour, count): (i16, i64)) -> pb::HourCount {
    pb::HourCount { hour: i32::from(hour), count }
}

fn day_count(day: NaiveDate, count: i64, caffeine_mg: i64) -> pb::DayCount {
    pb::DayCount { day: day.to_string(), count, caffeine_mg }
}

fn achievement(one: Achievement, record: &Record) -> pb::Achievement {
    let ((title, says), (have, of)) = (one.says(), one.progress(record));
    pb::Achievement {
        name: one.name().to_owned(),
        title: title.to_owned(),
        says: says.to_owned(),
        have,
        of,
    }
}

pub(super) async fn family_week(
    app: &App,
    request: pb::GetFamilyWeekRequest,
) -> Result<pb::FamilyWeek, AppError> {
    let pb::GetFamilyWeekRequest { iso_week } = request;
    let Some(written) = stats::week(app, week("iso_week", &iso_week)?).await? else {
        return Ok(pb::FamilyWeek::default());
    };
    let sums = written.summary;
    let name = |week: Option<IsoWeek>| week.map(|week| week.to_string()).unwrap_or_default();
    Ok(pb::FamilyWeek {
        iso_week: written.week.to_string(),
        monday: written.week.monday().to_string(),
        orders: sums.orders,
        drinks: sums.drinks,
        drinks_before: sums.drinks_before,
        kinds: sums.kinds,
        by_weekday: (1..)
            .zip(sums.by_day)
            .map(|(weekday, count)| pb::WeekdayCount { weekday, count })
            .collect(),
        most: sums
            .most
            .into_iter()
            .map(|(slug, count)| pb::DrinkCount { menu_item_id: String::new(), slug, count })
            .collect(),
        busiest_hour: sums.busiest_hour.map(i32::from),
        wait_seconds: sums.wait_seconds,
        written_at: Some(wire_time(written.written_at)),
        earlier: name(written.earlier),
        later: name(written.later),
    })
}

pub(super) async fn write_family_week(
    app: &App,
    request: pb::WriteFamilyWeekRequest,
    now: Timestamp,
) -> Result<pb::WriteFamilyWeekResponse, AppError> {
    let pb::WriteFamilyWeekRequest { iso_week } = request;
    let (week, news) = stats::write_week(app, week("iso_week", &iso_week)?, now).await?;
    Ok(pb::WriteFamilyWeekResponse { iso_week: week.to_string(), already_so: !news })
}

pub(super) async fn boards(
    app: &App,
    request: pb::GetBoardsRequest,
    now: Timestamp,
) -> Result<pb::Boards, AppError> {
    let pb::GetBoardsRequest {} = request;
    let boards = stats::boards(app, now).await?;
    let places = |places: Vec<Place>| -> Vec<pb::Place> {
        let place = |Place { member, count }| pb::Place { member_id: member.to_string(), count };
        places.into_iter().map(place).collect()
    };
    Ok(pb::Boards {
        tried: places(boards.tried),
        made: places(boards.made),
        streaks: places(boards.streaks),
    })
}

pub(super) async fn set_on_boards(
    app: &App,
    caller: &Caller,
    request: pb::SetOnBoardsRequest,
    now: Timestamp,
) -> Result<pb::SetOnBoardsResponse, AppError> {
    let pb::SetOnBoardsRequest { on_boards } = request;
    let wanted = if on_boards { OnBoards::Join } else { OnBoards::Leave };
    stats::set_on_boards(app, caller.person()?.member, wanted, now).await?;
    Ok(pb::SetOnBoardsResponse {})
}

pub(super) async fn report(
    app: &App,
    request: pb::GetReportRequest,
    now: Timestamp,
) -> Result<pb::Report, AppError> {
    let pb::GetReportRequest { period } = request;
    let period: Option<Period> = match period.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|error: ParsePeriodError| {
            AppError::invalid("period", "malformed", error.to_string())
        })?),
    };
    let found = stats::report(app, period, now).await?;
    let (first, last) = found.period.days();
    let name = |period: Option<Period>| period.map(|it| it.to_string()).unwrap_or_default();
    let (mut by_hour, mut by_day) = (BTreeMap::new(), BTreeMap::new());
    for day in first.iter_days().take_while(|day| *day <= last) {
        by_day.insert(day, 0);
    }
    for (day, hour, count) in found.by_time {
        *by_hour.entry(hour).or_insert(0) += count;
        *by_day.entry(day).or_insert(0) += count;
    }
    Ok(pb::Report {
        period: found.period.to_string(),
        first_day: first.to_string(),
        last_day: last.to_string(),
        before: name(found.period.before()),
        after: name(found.after),
        outcomes: found
            .outcomes
            .into_iter()
            .map(|(outcome, orders)| pb::OutcomeCount { outcome, orders })
            .collect(),
        sold: found.sold.into_iter().map(sold).collect(),
        by_hour: by_hour.into_iter().map(hour_count).collect(),
        by_day: by_day.into_iter().map(|(day, count)| day_count(day, count, 0)).collect(),
        waits: Some(pb::Waits {
            orders: found.waits.orders,
            median: found.waits.median,
            ninth: found.waits.ninth,
            longest: found.waits.longest,
        }),
    })
}

fn sold(drink: ByDrink) -> pb::Sold {
    let ByDrink { item, slug, count, caffeine_mg: _, beans } = drink;
    pb::Sold { menu_item_id: MenuItemId::from_uuid(item).to_string(), slug, count, beans }
}

pub(super) async fn rebuild(
    app: &App,
    request: pb::RebuildProjectionsRequest,
) -> Result<pb::RebuildProjectionsResponse, AppError> {
    let pb::RebuildProjectionsRequest {} = request;
    Ok(pb::RebuildProjectionsResponse { generation: app.projections.rebuild().await? })
}

pub(super) async fn replay(
    app: &App,
    request: pb::ReplayDeadLettersRequest,
    now: Timestamp,
) -> Result<pb::ReplayDeadLettersResponse, AppError> {
    let pb::ReplayDeadLettersRequest {} = request;
    let result = app.projections.replay_dead_letters(now).await?;
    Ok(pb::ReplayDeadLettersResponse { replayed: result.replayed, failed: result.failed })
}
