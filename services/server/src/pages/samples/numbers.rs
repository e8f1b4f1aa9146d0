//! The pages of numbers.

use super::*;
use crate::pages::{
    reports::ReportPage,
    stats::{
        MyStats,
        family::{Board, FamilyStats, WeekView},
    },
    view::chart::Drinks,
};

fn drinks() -> Drinks {
    Drinks::of_menu(&items())
}

fn drunk(slug: &str, count: i64) -> customer::DrinkCount {
    customer::DrinkCount { menu_item_id: String::new(), slug: slug.to_owned(), count }
}

fn weekdays(counts: [i64; 7]) -> Vec<customer::WeekdayCount> {
    (1..).zip(counts).map(|(weekday, count)| customer::WeekdayCount { weekday, count }).collect()
}

fn hours(counts: &[(i32, i64)]) -> Vec<customer::HourCount> {
    counts.iter().map(|&(hour, count)| customer::HourCount { hour, count }).collect()
}

fn days(caffeine: &[i64]) -> Vec<customer::DayCount> {
    let last = clock().now.date_naive();
    let days = caffeine.iter().rev().zip(0..).map(|(mg, back)| customer::DayCount {
        day: (last - chrono::Days::new(back)).to_string(),
        count: i64::from(*mg > 0),
        caffeine_mg: *mg,
    });
    let mut days: Vec<_> = days.collect();
    days.reverse();
    days
}

fn achievement(name: &str, title: &str, says: &str, have: u64, of: u64) -> customer::Achievement {
    let (name, title, says) = (name.to_owned(), title.to_owned(), says.to_owned());
    customer::Achievement { name, title, says, have, of }
}

fn stats() -> customer::Stats {
    let caffeine: Vec<i64> = (0..28).map(|day| (day * 37) % 5 * 63).collect();
    customer::Stats {
        member_id: MIA.to_owned(),
        drinks: 51,
        caffeine_mg: 4_890,
        by_drink: vec![
            drunk("flat-white", 23),
            drunk("cappuccino", 14),
            drunk("cocoa", 9),
            drunk("a-drink-of-last-winter", 5),
        ],
        by_hour: hours(&[(7, 9), (8, 17), (9, 5), (11, 3), (14, 10), (15, 6), (21, 1)]),
        by_weekday: weekdays([8, 6, 9, 7, 11, 10, 0]),
        days: days(&caffeine),
        achievements: vec![
            achievement("first-cup", "First cup", "Have something from the bar", 1, 1),
            achievement("explorer", "Explorer", "Try 3 different drinks", 3, 3),
            achievement("cartographer", "Cartographer", "Try 8 different drinks", 4, 8),
            achievement("every-weekday", "All week", "Come by on each day of the week", 6, 7),
            achievement("calm-evenings", "Sleeps well", "5 evenings without caffeine", 2, 5),
            achievement("host", "Good host", "Order 3 drinks for guests", 0, 3),
        ],
        made: Some(customer::Made {
            orders: 31,
            drinks: 44,
            drinks_this_week: 6,
            pace_seconds: Some(214),
        }),
        on_boards: true,
        streak_weeks: Some(5),
    }
}

fn week() -> customer::FamilyWeek {
    customer::FamilyWeek {
        iso_week: "2026-W46".to_owned(),
        monday: "2026-11-09".to_owned(),
        orders: 31,
        drinks: 43,
        drinks_before: 38,
        kinds: 9,
        by_weekday: weekdays([5, 4, 6, 0, 8, 11, 9]),
        most: vec![drunk("flat-white", 17), drunk("cocoa", 9), drunk("cappuccino", 8)],
        busiest_hour: Some(8),
        wait_seconds: Some(227),
        written_at: ago(80_000),
        earlier: "2026-W45".to_owned(),
        later: String::new(),
    }
}

fn places(all: &[(&str, i64)]) -> Vec<customer::Place> {
    let place =
        |&(member, count): &(&str, i64)| customer::Place { member_id: member.to_owned(), count };
    all.iter().map(place).collect()
}

fn report(period: &str, after: &str) -> customer::Report {
    let sold = |slug: &str, count, beans| customer::Sold {
        menu_item_id: String::new(),
        slug: slug.to_owned(),
        count,
        beans,
    };
    let outcome =
        |outcome: &str, orders| customer::OutcomeCount { outcome: outcome.to_owned(), orders };
    customer::Report {
        period: period.to_owned(),
        first_day: "2026-11-16".to_owned(),
        last_day: if period.contains('W') { "2026-11-22" } else { "2026-11-16" }.to_owned(),
        before: "2026-11-15".to_owned(),
        after: after.to_owned(),
        outcomes: vec![
            outcome("completed", 29),
            outcome("uncollected", 2),
            outcome("declined", 1),
            outcome("expired", 3),
        ],
        sold: vec![sold("flat-white", 17, 68), sold("cocoa", 9, 27), sold("espresso", 1, 2)],
        by_hour: hours(&[(7, 4), (8, 12), (9, 5), (15, 6)]),
        by_day: days(&[5, 4, 6, 0, 8, 11, 9]),
        waits: Some(customer::Waits {
            orders: 31,
            median: Some(227),
            ninth: Some(541),
            longest: Some(1_312),
        }),
    }
}

pub(super) fn add(all: &mut Samples) {
    let shell = || shell(Tab::Me, 0);
    all.add("stats", MyStats::new(shell(), &stats(), &drinks()));
    let nothing = customer::Stats {
        by_drink: vec![],
        days: days(&[0; 28]),
        made: None,
        streak_weeks: None,
        ..stats()
    };
    all.add("stats-nothing", MyStats::new(shell(), &nothing, &drinks()));
    let boards = customer::Boards {
        tried: places(&[(OMA, 9), (MIA, 7)]),
        made: places(&[(MIA, 31)]),
        streaks: vec![],
    };
    let family = |week, boards: &customer::Boards, on_boards| FamilyStats {
        shell: shell(),
        week: WeekView::new(&week, &drinks()),
        boards: Board::all(boards, &people()),
        on_boards,
    };
    all.add("stats-family", family(week(), &boards, true));
    let nothing = customer::FamilyWeek::default();
    all.add("stats-family-nothing", family(nothing, &customer::Boards::default(), false));
    all.add("report-day", ReportPage::new(shell(), &report("2026-11-16", ""), &drinks()));
    let earlier = report("2026-W47", "2026-W48");
    all.add("report-week", ReportPage::new(shell(), &earlier, &drinks()));
    let quiet = customer::Report {
        outcomes: vec![],
        sold: vec![],
        by_hour: vec![],
        waits: None,
        ..report("2026-11-16", "")
    };
    all.add("report-quiet", ReportPage::new(shell(), &quiet, &drinks()));
}
