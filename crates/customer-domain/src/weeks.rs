//! What a week comes to, and how many of them somebody came by in a row.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use types::IsoWeek;

/// What a week came to for the family: sums, about nobody in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Orders that were made.
    pub orders: i64,
    pub drinks: i64,
    /// Drinks of the week before.
    pub drinks_before: i64,
    /// Different ones.
    pub kinds: i64,
    /// Drinks by the day, Monday first.
    pub by_day: [i64; 7],
    /// The three that were had most: slug and how many.
    pub most: Vec<(String, i64)>,
    /// The hour of the day with most drinks.
    pub busiest_hour: Option<u8>,
    /// From placed to ready; the middle one of all orders.
    pub wait_seconds: Option<i64>,
}

/// Whether a week can be summed up: it is over.
pub fn is_over(week: IsoWeek, present: IsoWeek) -> bool {
    week < present
}

/// How many weeks in a row somebody came by, up to the present one, which may
/// still be without. Weeks, not days: nobody needs a coffee today for it.
pub fn streak(weeks: &BTreeSet<IsoWeek>, present: IsoWeek) -> u64 {
    let mut week = present;
    if !weeks.contains(&week) {
        week = week.previous();
    }
    let mut streak = 0;
    while weeks.contains(&week) {
        streak += 1;
        week = week.previous();
    }
    streak
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(text: &str) -> IsoWeek {
        text.parse().unwrap()
    }

    #[test]
    fn a_streak_lives_through_a_week_that_has_just_begun() {
        let present = week("2027-W01");
        let came = |weeks: &[&str]| weeks.iter().map(|text| week(text)).collect();
        assert_eq!(streak(&came(&[]), present), 0);
        assert_eq!(streak(&came(&["2027-W01"]), present), 1);
        assert_eq!(streak(&came(&["2026-W53", "2026-W52"]), present), 2);
        assert_eq!(streak(&came(&["2027-W01", "2026-W53", "2026-W51"]), present), 2);
        assert_eq!(streak(&came(&["2026-W52", "2026-W51"]), present), 0);
    }

    #[test]
    fn only_a_week_that_is_over_is_summed_up() {
        assert!(is_over(week("2026-W53"), week("2027-W01")));
        assert!(!is_over(week("2027-W01"), week("2027-W01")));
    }
}
