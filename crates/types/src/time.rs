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
    pub fn monday(self) -> Option<NaiveDate> {
        NaiveDate::from_isoywd_opt(self.year, self.week, Weekday::Mon)
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
        let parsed = Self {
            year: year.parse().map_err(|_| ParseIsoWeekError)?,
            week: week.parse().map_err(|_| ParseIsoWeekError)?,
        };
        parsed.monday().map(|_| parsed).ok_or(ParseIsoWeekError)
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
}
