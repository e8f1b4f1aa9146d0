//! The family's week, and the boards of those who want to stand there.

use askama::Template;
use axum::response::Redirect;
use chrono::NaiveDate;
use wire::customer::v1 as pb;

use crate::{
    api::dto::stats::WhichWeek,
    extract::Query,
    pages::{
        frame::Frame,
        view::{
            People, Person, Shell, Tab,
            chart::{Columns, Drinks, Line, took},
        },
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "stats/family.html")]
pub(crate) struct FamilyStats {
    pub(crate) shell: Shell,
    /// None: no week was summed up yet.
    pub(crate) week: Option<WeekView>,
    pub(crate) boards: Vec<Board>,
    pub(crate) on_boards: bool,
}

/// A week, as it is shown.
pub(crate) struct WeekView {
    /// "16 to 22 November"
    pub(crate) title: String,
    pub(crate) drinks: i64,
    /// "5 more than the week before"
    pub(crate) compared: String,
    pub(crate) orders: i64,
    pub(crate) kinds: i64,
    pub(crate) days: Columns,
    pub(crate) most: Vec<Line>,
    /// "8 to 9"; empty: nothing was had.
    pub(crate) busiest: String,
    /// "4 min"; empty: not known.
    pub(crate) wait: String,
    /// For the links; empty: there is none.
    pub(crate) earlier: String,
    pub(crate) later: String,
}

/// A board.
pub(crate) struct Board {
    pub(crate) title: &'static str,
    pub(crate) says: &'static str,
    pub(crate) places: Vec<(Person, i64)>,
}

/// `GET /stats/family?week=`
pub(crate) async fn page(
    frame: Frame,
    which: Result<Query<WhichWeek>, Problem>,
) -> Result<Page<FamilyStats>, PageError> {
    let Query(which) = which?;
    let request = pb::GetFamilyWeekRequest { iso_week: which.wire()? };
    let (mut first, mut second, mut third) = (
        frame.app.customers(&frame.viewer),
        frame.app.customers(&frame.viewer),
        frame.app.customers(&frame.viewer),
    );
    let (week, boards, mine, menu, people) = tokio::join!(
        first.get_family_week(request),
        second.get_boards(pb::GetBoardsRequest {}),
        third.get_stats(pb::GetStatsRequest { member_id: String::new() }),
        frame.menu(),
        frame.people(),
    );
    let drinks = Drinks::of_menu(&menu.map(|menu| menu.items).unwrap_or_default());
    Ok(Page(FamilyStats {
        shell: frame.shell(Tab::Me, &people),
        week: WeekView::new(&week?.into_inner(), &drinks),
        boards: Board::all(&boards?.into_inner(), &people),
        on_boards: mine?.into_inner().on_boards,
    }))
}

/// Whether one wants to stand there.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    on: String,
}

/// `POST /stats/boards`
pub(crate) async fn set_on_boards(
    frame: Frame,
    PageForm(Wish { on }): PageForm<Wish>,
) -> Result<Redirect, PageError> {
    let request = pb::SetOnBoardsRequest { on_boards: on == "yes" };
    frame.app.customers(&frame.viewer).set_on_boards(request).await?;
    Ok(see_other("/stats/family"))
}

impl WeekView {
    pub(crate) fn new(week: &pb::FamilyWeek, drinks: &Drinks) -> Option<Self> {
        let monday: NaiveDate = week.monday.parse().ok()?;
        let sunday = monday + chrono::Days::new(6);
        let from = if monday.format("%m").to_string() == sunday.format("%m").to_string() {
            monday.format("%-d").to_string()
        } else {
            monday.format("%-d %B").to_string()
        };
        let most = week.most.iter().map(|drink| (drink.slug.as_str(), drink.count));
        Some(Self {
            title: format!("{from} to {}", sunday.format("%-d %B")),
            drinks: week.drinks,
            compared: compared(week.drinks, week.drinks_before),
            orders: week.orders,
            kinds: week.kinds,
            days: Columns::weekdays("Day by day", &week.by_weekday),
            most: drinks.lines(most, 3),
            busiest: week
                .busiest_hour
                .map(|hour| format!("{hour} to {}", (hour + 1) % 24))
                .unwrap_or_default(),
            wait: week.wait_seconds.map(took).unwrap_or_default(),
            earlier: week.earlier.clone(),
            later: week.later.clone(),
        })
    }
}

fn compared(now: i64, before: i64) -> String {
    match now - before {
        0 => "as many as the week before".to_owned(),
        more @ 1.. => format!("{more} more than the week before"),
        less => format!("{} fewer than the week before", less.unsigned_abs()),
    }
}

impl Board {
    pub(crate) fn all(boards: &pb::Boards, people: &People) -> Vec<Self> {
        let places = |places: &[pb::Place]| {
            places.iter().map(|place| (people.get(&place.member_id), place.count)).collect()
        };
        vec![
            Self {
                title: "Curious",
                says: "different drinks in four weeks",
                places: places(&boards.tried),
            },
            Self {
                title: "At the machine",
                says: "drinks made for others in four weeks",
                places: places(&boards.made),
            },
            Self {
                title: "Always here",
                says: "weeks in a row at the bar",
                places: places(&boards.streaks),
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_named_by_its_days_and_compared_with_the_one_before() {
        let week = |monday: &str| pb::FamilyWeek {
            monday: monday.to_owned(),
            drinks: 3,
            drinks_before: 5,
            ..pb::FamilyWeek::default()
        };
        let drinks = Drinks::of_menu(&[]);
        let view = WeekView::new(&week("2026-11-16"), &drinks).unwrap();
        assert_eq!(view.title, "16 to 22 November");
        assert_eq!(view.compared, "2 fewer than the week before");
        let view = WeekView::new(&week("2026-11-30"), &drinks).unwrap();
        assert_eq!(view.title, "30 November to 6 December");
        assert!(WeekView::new(&pb::FamilyWeek::default(), &drinks).is_none());
    }
}
