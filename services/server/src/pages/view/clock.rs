//! The family's wall clock: moments as people say them.

use chrono::{Datelike, TimeDelta, Timelike};
use chrono_tz::Tz;
use types::Timestamp;

/// Now, and where the family lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) now: Timestamp,
    pub(crate) zone: Tz,
}

impl Clock {
    /// "Good morning", by the family's hour.
    pub(crate) fn greeting(&self) -> &'static str {
        match self.now.with_timezone(&self.zone).hour() {
            5..=10 => "Good morning",
            11..=13 => "Hello",
            14..=17 => "Good afternoon",
            18..=22 => "Good evening",
            _ => "Up late",
        }
    }

    /// "14:05"; with the day, "Fri 14:05", when it is another one; with the date when it is far.
    pub(crate) fn say(&self, at: Timestamp) -> String {
        let (here, today) = (at.with_timezone(&self.zone), self.now.with_timezone(&self.zone));
        let days = (today.date_naive() - here.date_naive()).num_days().abs();
        let format = match days {
            0 => "%H:%M",
            1..=6 => "%a %H:%M",
            _ if here.year() == today.year() => "%-d %b, %H:%M",
            _ => "%-d %b %Y",
        };
        here.format(format).to_string()
    }

    /// "04:00" of the day that is ahead; "Fri 04:00" of a later one.
    pub(crate) fn time_ahead(&self, at: Timestamp) -> String {
        let format = if at - self.now < TimeDelta::days(1) { "%H:%M" } else { "%a %H:%M" };
        at.with_timezone(&self.zone).format(format).to_string()
    }

    /// Whole minutes since then; 0 for the future.
    pub(crate) fn minutes_since(&self, at: Timestamp) -> i64 {
        (self.now - at).num_minutes().max(0)
    }

    /// "just now", "4 min", "2 h 10".
    pub(crate) fn age(&self, at: Timestamp) -> String {
        match self.minutes_since(at) {
            0 => "just now".to_owned(),
            minutes @ 1..=89 => format!("{minutes} min"),
            minutes => format!("{} h {:02}", minutes / 60, minutes % 60),
        }
    }
}

/// "about 6 min": seconds rounded up to minutes, at least one.
pub(crate) fn about(seconds: i64) -> String {
    let minutes = ((seconds + 59) / 60).max(1);
    format!("about {minutes} min")
}

/// A timestamp of the wire; `None` where it names no moment.
pub(crate) fn moment(seconds: i64, nanos: i32) -> Option<Timestamp> {
    Timestamp::from_timestamp(seconds, u32::try_from(nanos).ok()?)
}

/// For `<time datetime>`: RFC 3339, UTC.
pub(crate) fn machine(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(text: &str) -> Clock {
        Clock { now: text.parse().unwrap(), zone: chrono_tz::Europe::Berlin }
    }

    #[test]
    fn moments_are_said_in_the_familys_time() {
        let clock = clock("2026-11-22T08:00:00Z");
        let say = |text: &str| clock.say(text.parse().unwrap());
        assert_eq!(clock.greeting(), "Good morning");
        assert_eq!(say("2026-11-22T07:05:00Z"), "08:05");
        assert_eq!(say("2026-11-21T22:30:00Z"), "Sat 23:30");
        let small_hours = "2026-11-23T03:00:00Z".parse().unwrap();
        assert_eq!(clock.time_ahead(small_hours), "04:00");
        let next = "2026-11-24T03:00:00Z".parse().unwrap();
        assert_eq!(clock.time_ahead(next), "Tue 04:00");
        assert_eq!(say("2026-07-01T10:00:00Z"), "1 Jul, 12:00");
        assert_eq!(say("2025-12-24T17:00:00Z"), "24 Dec 2025");
    }

    #[test]
    fn ages_grow_and_never_are_negative() {
        let clock = clock("2026-11-22T08:00:00Z");
        let age = |text: &str| clock.age(text.parse().unwrap());
        assert_eq!(age("2026-11-22T08:00:30Z"), "just now");
        assert_eq!(age("2026-11-22T07:55:30Z"), "4 min");
        assert_eq!(age("2026-11-22T05:50:00Z"), "2 h 10");
    }

    #[test]
    fn estimates_round_up() {
        assert_eq!(about(10), "about 1 min");
        assert_eq!(about(301), "about 6 min");
    }
}
