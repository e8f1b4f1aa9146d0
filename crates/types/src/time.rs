use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate, Weekday};

/// A moment, UTC, to the microsecond: what PostgreSQL's `timestamptz` keeps.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// A week of ISO 8601, "2026-W47": what an allowance is granted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoWeek {
    year: i32,
    week: u32,
}

impl IsoWeek {
    /// The week that a day belongs to; near New Year it may be another year's.
    pub fn of(day: NaiveDate) -> Self {
        let week = day.iso_week();
        Self { year: week.year(), week: week.week() }
    }

    /// Its Monday.
    pub fn monday(self) -> NaiveDate {
        self.day(Weekday::Mon)
    }

    /// Its Sunday.
    pub fn sunday(self) -> NaiveDate {
        self.day(Weekday::Sun)
    }

    /// The week before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self::of(self.monday() - chrono::Days::new(1))
    }

    fn day(self, day: Weekday) -> NaiveDate {
        // Every week that was made is one of the calendar's.
        NaiveDate::from_isoywd_opt(self.year, self.week, day).unwrap_or_default()
    }
}

impl fmt::Display for IsoWeek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year, self.week)
    }
}

/// A text that names no ISO week.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO week such as 2026-W47")]
pub struct ParseIsoWeekError;

impl FromStr for IsoWeek {
    type Err = ParseIsoWeekError;

    fn from_str(text: &str) -> Result<Self, ParseIsoWeekError> {
        let (year, week) = text.split_once("-W").ok_or(ParseIsoWeekError)?;
        if year.len() != 4 || week.len() != 2 {
            return Err(ParseIsoWeekError);
        }
        let year = year.parse().map_err(|_| ParseIsoWeekError)?;
        let week = week.parse().map_err(|_| ParseIsoWeekError)?;
        NaiveDate::from_isoywd_opt(year, week, Weekday::Mon).map(Self::of).ok_or(ParseIsoWeekError)
    }
}

/// A day or a week of the family's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Day(NaiveDate),
    Week(IsoWeek),
}

impl Period {
    /// Its first and its last day.
    pub fn days(self) -> (NaiveDate, NaiveDate) {
        match self {
            Self::Day(day) => (day, day),
            Self::Week(week) => (week.monday(), week.sunday()),
        }
    }

    /// The one before, if the calendar has it.
    pub fn before(self) -> Option<Self> {
        self.at(self.days().0.pred_opt()?)
    }

    /// The one after.
    pub fn after(self) -> Option<Self> {
        self.at(self.days().1.succ_opt()?)
    }

    /// The period of the same length that a day belongs to.
    fn at(self, day: NaiveDate) -> Option<Self> {
        Some(match self {
            Self::Day(_) => Self::Day(day),
            Self::Week(_) => Self::Week(IsoWeek::of(day)),
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => fmt::Display::fmt(day, f),
            Self::Week(week) => fmt::Display::fmt(week, f),
        }
    }
}

/// A text that names neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a day such as 2026-11-25 nor an ISO week such as 2026-W48")]
pub struct ParsePeriodError;

impl FromStr for Period {
    type Err = ParsePeriodError;

    fn from_str(text: &str) -> Result<Self, ParsePeriodError> {
        if let Ok(week) = text.parse() {
            return Ok(Self::Week(week));
        }
        let day: NaiveDate = text.parse().map_err(|_| ParsePeriodError)?;
        // chrono reads "2026-1-5" and "+12026-01-05", too.
        let is_plain = text.len() == "2026-11-25".len() && day.to_string() == text;
        if is_plain { Ok(Self::Day(day)) } else { Err(ParsePeriodError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iso_week_prints_and_reads_back() {
        let week = IsoWeek::of(NaiveDate::from_ymd_opt(2027, 1, 1).unwrap());
        assert_eq!(week.to_string(), "2026-W53");
        assert_eq!("2026-W53".parse(), Ok(week));
        for wrong in ["2026-53", "2025-W53", "2026-W00", "2026-W5", "W53"] {
            assert!(wrong.parse::<IsoWeek>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_period_is_a_day_or_a_week_and_says_so() {
        let day: Period = "2026-11-25".parse().unwrap();
        assert_eq!(day.after().unwrap().to_string(), "2026-11-26");
        assert_eq!(day.before().unwrap().to_string(), "2026-11-24");
        let last: Period = "2026-W53".parse().unwrap();
        assert_eq!(last.after().unwrap().to_string(), "2027-W01");
        assert_eq!(last.before().unwrap().to_string(), "2026-W52");
        let (monday, sunday) = last.days();
        assert_eq!((monday.to_string(), sunday.to_string()).0, "2026-12-28");
        assert_eq!(sunday.to_string(), "2027-01-03");
        for wrong in ["", "today", "2026-1-5", "2026-02-30", "2026-W54", "+12026-01-05"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
