//! What a day or a week was like, for who runs the bar.

use askama::Template;
use chrono::NaiveDate;
use types::{IsoWeek, Period};
use wire::customer::v1 as pb;

use super::{
    frame::Frame,
    view::{
        Shell, Tab,
        chart::{Columns, Drinks, Line, took},
    },
};
use crate::{
    api::dto::stats::WhichPeriod,
    extract::Query,
    problem::Problem,
    web::{Page, PageError},
};

#[derive(Template)]
#[template(path = "reports/page.html")]
pub(crate) struct ReportPage {
    pub(crate) shell: Shell,
    /// "Today", "Tue 24 Nov", "Week 48"
    pub(crate) title: String,
    /// "23 to 29 Nov"; empty for a day.
    pub(crate) days: String,
    pub(crate) is_week: bool,
    /// For the links; empty: there is none.
    pub(crate) before: String,
    pub(crate) after: String,
    /// The same as a day and as a week.
    pub(crate) as_day: String,
    pub(crate) as_week: String,
    /// Orders that were made.
    pub(crate) made: i64,
    pub(crate) drinks: i64,
    pub(crate) beans: i64,
    /// "4 min"; empty: nobody waited.
    pub(crate) wait: String,
    pub(crate) ninth: String,
    pub(crate) longest: String,
    pub(crate) chart: Columns,
    pub(crate) sold: Vec<(Line, i64)>,
    /// Orders that came to nothing, or were left: "Declined", 2.
    pub(crate) others: Vec<(&'static str, i64)>,
}

/// `GET /reports?period=`
pub(crate) async fn page(
    frame: Frame,
    which: Result<Query<WhichPeriod>, Problem>,
) -> Result<Page<ReportPage>, PageError> {
    let Query(which) = which?;
    let request = pb::GetReportRequest { period: which.wire()? };
    let mut customers = frame.app.customers(&frame.viewer);
    let (report, menu, people) =
        tokio::join!(customers.get_report(request), frame.menu(), frame.people());
    let report = report.map_err(|status| Problem::from(status).of_query())?.into_inner();
    let drinks = Drinks::of_menu(&menu.map(|menu| menu.items).unwrap_or_default());
    Ok(Page(ReportPage::new(frame.shell(Tab::Me, &people), &report, &drinks)))
}

impl ReportPage {
    pub(crate) fn new(shell: Shell, report: &pb::Report, drinks: &Drinks) -> Self {
        let waits = report.waits.unwrap_or_default();
        let say = |seconds: Option<i64>| seconds.map(took).unwrap_or_default();
        let sold = report.sold.iter().map(|sold| (sold.slug.as_str(), sold.count));
        let lines = drinks.lines(sold, report.sold.len());
        let first: NaiveDate = report.first_day.parse().unwrap_or_default();
        let last: NaiveDate = report.last_day.parse().unwrap_or_default();
        let is_week = matches!(report.period.parse(), Ok(Period::Week(_)));
        let (title, days) = named(first, last, is_week, report.after.is_empty());
        Self {
            shell,
            title,
            days,
            is_week,
            before: report.before.clone(),
            after: report.after.clone(),
            // Of a week the first day, of the present one today.
            as_day: if is_week && !report.after.is_empty() {
                first.to_string()
            } else {
                String::new()
            },
            as_week: IsoWeek::of(first).to_string(),
            made: orders(report, |outcome| matches!(outcome, "completed" | "uncollected")),
            drinks: report.sold.iter().map(|sold| sold.count).sum(),
            beans: report.sold.iter().map(|sold| sold.beans).sum(),
            wait: say(waits.median),
            ninth: say(waits.ninth),
            longest: say(waits.longest),
            chart: if is_week {
                by_day(report)
            } else {
                Columns::hours("By the hour", &report.by_hour)
            },
            sold: lines.into_iter().zip(report.sold.iter().map(|sold| sold.beans)).collect(),
            others: others(report),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.drinks == 0 && self.others.is_empty()
    }
}

fn named(first: NaiveDate, last: NaiveDate, is_week: bool, is_present: bool) -> (String, String) {
    if !is_week {
        let title =
            if is_present { "Today".to_owned() } else { first.format("%a %-d %b").to_string() };
        return (title, String::new());
    }
    let week = first.format("%V").to_string();
    let title = match is_present {
        true => "This week".to_owned(),
        false => format!("Week {}", week.trim_start_matches('0')),
    };
    (title, format!("{} to {}", first.format("%-d %b"), last.format("%-d %b")))
}

fn by_day(report: &pb::Report) -> Columns {
    let days = report.by_day.iter().map(|day| {
        let date: NaiveDate = day.day.parse().unwrap_or_default();
        let short = date.format("%a").to_string().chars().take(2).collect();
        (date.format("%A").to_string(), short, day.count)
    });
    Columns::new("Day by day", "drinks", days.collect())
}

fn orders(report: &pb::Report, of: impl Fn(&str) -> bool) -> i64 {
    let its = report.outcomes.iter().filter(|count| of(&count.outcome));
    its.map(|count| count.orders).sum()
}

/// How orders ended that were no success.
fn others(report: &pb::Report) -> Vec<(&'static str, i64)> {
    const NAMES: [(&str, &str); 5] = [
        ("uncollected", "Made and left standing"),
        ("cancelled", "Cancelled"),
        ("declined", "Declined"),
        ("expired", "Nobody accepted in time"),
        ("rejected", "Not enough beans, or not possible"),
    ];
    let count = |(outcome, name)| (name, orders(report, |its| its == outcome));
    NAMES.map(count).into_iter().filter(|(_, orders)| *orders > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_called_as_people_call_it() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (monday, sunday) = (day("2026-01-05"), day("2026-01-11"));
        assert_eq!(named(monday, monday, false, true).0, "Today");
        assert_eq!(named(monday, monday, false, false).0, "Mon 5 Jan");
        let (title, days) = named(monday, sunday, true, false);
        assert_eq!((title.as_str(), days.as_str()), ("Week 2", "5 Jan to 11 Jan"));
        assert_eq!(named(monday, sunday, true, true).0, "This week");
    }
}
