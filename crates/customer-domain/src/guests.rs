//! Guests: a visitor with a pass orders until the evening is over, and the host
//! pays. Everybody at the table comes in by the same pass.

use chrono::{Days, NaiveTime, TimeDelta, TimeZone};
use types::Timestamp;

use crate::kin::Kin;

/// When the evening is over, by the family's clock: after the last goodbye and
/// before the first coffee.
const OVER: NaiveTime = NaiveTime::from_hms_opt(4, 0, 0).unwrap();
/// A pass is good for at least so long: who hosts in the small hours gets the day.
const SHORTEST: TimeDelta = TimeDelta::hours(3);
/// How many may come in by one pass.
pub const MOST_GUESTS: usize = 12;
/// How many passes of one host may be good at once.
pub const MOST_PASSES: usize = 5;
/// The longest name of a guest, in characters: it is called out, and stands on a ticket.
pub const LONGEST_NAME: usize = 40;

/// When a pass is over that is made now: at the next four in the morning.
pub fn ends_at<Z: TimeZone>(now: Timestamp, zone: &Z) -> Timestamp {
    let today = now.with_timezone(zone).date_naive();
    let fours = (0..=2).filter_map(|days| {
        let four = today.checked_add_days(Days::new(days))?.and_time(OVER);
        // On the night when the clocks go forward there may be no such moment.
        zone.from_local_datetime(&four).earliest()
    });
    let mut ends = fours.map(|four| four.to_utc()).filter(|four| *four - now >= SHORTEST);
    ends.next().unwrap_or(now + TimeDelta::days(1))
}

/// A pass, as far as coming in by it must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    pub ends_at: Timestamp,
    /// The host ended it before.
    pub ended: bool,
    /// How many came in by it.
    pub guests: usize,
}

impl Pass {
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ended || self.ends_at <= now
    }
}

/// Why a pass lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassRefused {
    #[error("This is not a guest pass of ours.")]
    Unknown,
    #[error("This guest pass is over. Ask your host for a new one.")]
    Over,
    #[error("{MOST_GUESTS} guests have come in by this pass already. Ask your host for another.")]
    Full,
}

/// Whether one more may come in now.
pub fn enter(pass: Option<Pass>, now: Timestamp) -> Result<(), PassRefused> {
    match pass {
        None => Err(PassRefused::Unknown),
        Some(pass) if pass.is_over(now) => Err(PassRefused::Over),
        Some(pass) if pass.guests >= MOST_GUESTS => Err(PassRefused::Full),
        Some(_) => Ok(()),
    }
}

/// Why somebody makes no pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostRefused {
    #[error("Only a grown-up of the family has guests.")]
    NotAdult,
    #[error("You have {MOST_PASSES} passes that are good. End one of them first.")]
    TooMany,
}

/// Whether somebody may make a pass who has so many that are good.
pub fn host(kin: &Kin, open: usize) -> Result<(), HostRefused> {
    match kin {
        Kin::Child { .. } | Kin::Guest { .. } => Err(HostRefused::NotAdult),
        Kin::Adult if open >= MOST_PASSES => Err(HostRefused::TooMany),
        Kin::Adult => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;
    use types::MemberId;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_evening_is_over_at_four_as_the_familys_clock_shows_it() {
        let zone = FixedOffset::east_opt(2 * 3600).unwrap();
        for (made, over) in [
            ("2026-07-03T16:00:00Z", "2026-07-04T02:00:00Z"),
            ("2026-07-03T22:30:00Z", "2026-07-04T02:00:00Z"),
            // Half past two at night: the day that begins.
            ("2026-07-04T00:30:00Z", "2026-07-05T02:00:00Z"),
            ("2026-07-04T02:00:00Z", "2026-07-05T02:00:00Z"),
        ] {
            assert_eq!(ends_at(at(made), &zone), at(over), "{made}");
        }
    }

    #[test]
    fn a_pass_lets_in_until_it_is_over_or_full() {
        let now = at("2026-07-03T16:00:00Z");
        let pass = Pass { ends_at: now + TimeDelta::hours(9), ended: false, guests: 0 };
        assert_eq!(enter(Some(pass), now), Ok(()));
        assert_eq!(enter(None, now), Err(PassRefused::Unknown));
        assert_eq!(enter(Some(Pass { ended: true, ..pass }), now), Err(PassRefused::Over));
        assert_eq!(enter(Some(pass), pass.ends_at), Err(PassRefused::Over));
        let full = Pass { guests: MOST_GUESTS, ..pass };
        assert_eq!(enter(Some(full), now), Err(PassRefused::Full));
    }

    #[test]
    fn grown_ups_of_the_family_have_guests() {
        assert_eq!(host(&Kin::Adult, 0), Ok(()));
        assert_eq!(host(&Kin::Adult, MOST_PASSES), Err(HostRefused::TooMany));
        let child = Kin::Child { guardians: [MemberId::new()].into() };
        assert_eq!(host(&child, 0), Err(HostRefused::NotAdult));
        assert_eq!(host(&Kin::Guest { host: MemberId::new() }, 0), Err(HostRefused::NotAdult));
    }
}
