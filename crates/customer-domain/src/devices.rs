//! Shared devices: the counter's tablet, a display, the kitchen's kiosk. One is
//! paired as RFC 8628 does it: the device shows a short code and holds a long
//! secret; an admin types the code where they are signed in, sees what asks, and
//! says what it is; the device comes back with its secret and gets its tokens.

use std::fmt;

use chrono::TimeDelta;
use types::{Scope, Timestamp};

use crate::member::is_name;

/// How long a code is good for.
pub const PAIRING_VALIDITY: TimeDelta = TimeDelta::minutes(10);
/// Between two questions of a device; one that asks sooner waits longer.
pub const FIRST_INTERVAL: TimeDelta = TimeDelta::seconds(5);
const LONGER: TimeDelta = TimeDelta::seconds(5);
const LONGEST_INTERVAL: TimeDelta = TimeDelta::seconds(60);
/// Clocks and networks are not exact to the second.
const TOO_SOON_BY: TimeDelta = TimeDelta::seconds(1);
/// Devices that wait for an admin at once; more have to wait to ask.
pub const MOST_PAIRINGS: i64 = 50;

/// What a shared device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// Baristas switch by PIN.
    Counter,
    /// Shows who is next and what is ready.
    Display,
    /// Children order by picture PIN.
    Kiosk,
}

impl DeviceKind {
    pub const ALL: [Self; 3] = [Self::Counter, Self::Display, Self::Kiosk];

    /// What its sign-ins may be used for; its name is the kind's, too.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Counter => Scope::Counter,
            Self::Display => Scope::Display,
            Self::Kiosk => Scope::Kiosk,
        }
    }

    /// The kind whose sign-ins have this scope.
    pub fn of(scope: Scope) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.scope() == scope)
    }
}

/// Why a device cannot be called so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a device's name has 1 to 60 characters, and something to see")]
pub struct NotAName;

/// What a device is called: "Kitchen counter".
pub fn name(typed: &str) -> Result<String, NotAName> {
    let name = typed.trim();
    if is_name(name) { Ok(name.to_owned()) } else { Err(NotAName) }
}

/// Consonants only, as RFC 8628 advises: no words, nothing that looks like a digit.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// What a device shows and an admin types. It is no secret: only an admin's
/// sign-in does something with it, and shows first what asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// Of a random number.
    pub fn of(random: u64) -> Self {
        let mut rest = random;
        let letters = (0..LENGTH).map(|_| {
            let letter = LETTERS[(rest % LETTERS.len() as u64) as usize];
            rest /= LETTERS.len() as u64;
            char::from(letter)
        });
        Self(letters.collect())
    }

    /// As somebody types it: small letters, spaces and hyphens are theirs.
    pub fn parse(typed: &str) -> Option<Self> {
        const LONGEST: usize = 20;
        if typed.len() > LONGEST {
            return None;
        }
        let letters = typed.chars().filter(|letter| !matches!(letter, ' ' | '-'));
        let code: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
        let is_ours = code.len() == LENGTH && code.bytes().all(|letter| LETTERS.contains(&letter));
        is_ours.then_some(Self(code))
    }

    /// "WDJBMJHT"
    pub fn letters(&self) -> &str {
        &self.0
    }
}

/// "WDJB-MJHT", for people.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

/// A device that asked to be paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairing {
    pub expires_at: Timestamp,
    pub decision: Decision,
    /// Between two questions.
    pub interval: TimeDelta,
    pub asked_at: Option<Timestamp>,
}

/// What an admin said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    None,
    Approved,
    Refused,
    /// Approved, and the device has its tokens.
    Done,
}

/// What a device hears that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Ask again after so long.
    Wait(TimeDelta),
    Refused,
    /// Or its tokens were fetched: a secret is good once.
    Expired,
    /// Now it gets its tokens.
    Paired,
}

/// What became of a pairing, for its device.
pub fn answer(pairing: Option<Pairing>, now: Timestamp) -> Answer {
    let Some(Pairing { expires_at, decision, interval, asked_at }) = pairing else {
        return Answer::Expired;
    };
    if decision == Decision::Done || expires_at <= now {
        return Answer::Expired;
    }
    match decision {
        Decision::Approved => Answer::Paired,
        Decision::Refused => Answer::Refused,
        Decision::Done => Answer::Expired,
        Decision::None => {
            let too_soon = asked_at.is_some_and(|asked| now - asked < interval - TOO_SOON_BY);
            let longer = (interval + LONGER).min(LONGEST_INTERVAL);
            Answer::Wait(if too_soon { longer } else { interval })
        }
    }
}

/// Why an admin cannot decide about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecidable {
    #[error("no device shows this code; it may have expired: let the device show a new one")]
    Unknown,
    #[error("this code was decided about already")]
    Decided,
}

/// Whether an admin may decide about it now.
pub fn decidable(pairing: Option<Pairing>, now: Timestamp) -> Result<(), Undecidable> {
    match pairing {
        Some(pairing) if pairing.expires_at <= now => Err(Undecidable::Unknown),
        Some(Pairing { decision: Decision::None, .. }) => Ok(()),
        Some(_) => Err(Undecidable::Decided),
        None => Err(Undecidable::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn asked(decision: Decision, asked_at: Option<i64>) -> Option<Pairing> {
        let asked_at = asked_at.map(at);
        Some(Pairing { expires_at: at(600), decision, interval: FIRST_INTERVAL, asked_at })
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = UserCode::of(7);
        for typed in [code.to_string(), code.letters().to_lowercase(), format!(" {code} ")] {
            assert_eq!(UserCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "BCDF", "BCDF-GHJA", "BCDF-GHJ0", "BCDFGHJKL", &"B ".repeat(500)] {
            assert_eq!(UserCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_device_waits_until_somebody_decides_and_gets_its_tokens_once() {
        assert_eq!(answer(asked(Decision::None, None), at(0)), Answer::Wait(FIRST_INTERVAL));
        assert_eq!(answer(asked(Decision::Refused, None), at(1)), Answer::Refused);
        assert_eq!(answer(asked(Decision::Approved, None), at(1)), Answer::Paired);
        assert_eq!(answer(asked(Decision::Done, None), at(1)), Answer::Expired);
        assert_eq!(answer(asked(Decision::Approved, None), at(600)), Answer::Expired);
        assert_eq!(answer(None, at(0)), Answer::Expired);
    }

    #[test]
    fn a_device_that_asks_too_soon_waits_longer_up_to_a_minute() {
        let soon = answer(asked(Decision::None, Some(10)), at(12));
        assert_eq!(soon, Answer::Wait(TimeDelta::seconds(10)));
        let in_time = answer(asked(Decision::None, Some(10)), at(15));
        assert_eq!(in_time, Answer::Wait(FIRST_INTERVAL));
        let slow =
            Pairing { interval: LONGEST_INTERVAL, ..asked(Decision::None, Some(10)).unwrap() };
        assert_eq!(answer(Some(slow), at(11)), Answer::Wait(LONGEST_INTERVAL));
    }

    #[test]
    fn a_code_is_decided_about_once_and_in_time() {
        assert_eq!(decidable(asked(Decision::None, None), at(599)), Ok(()));
        assert_eq!(decidable(asked(Decision::None, None), at(600)), Err(Undecidable::Unknown));
        assert_eq!(decidable(None, at(0)), Err(Undecidable::Unknown));
        for decision in [Decision::Approved, Decision::Refused, Decision::Done] {
            assert_eq!(decidable(asked(decision, None), at(1)), Err(Undecidable::Decided));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_never_panics_and_only_codes_are_codes(typed in ".{0,30}") {
            if let Some(code) = UserCode::parse(&typed) {
                prop_assert_eq!(UserCode::parse(&code.to_string()), Some(code));
            }
        }

        #[test]
        fn every_number_makes_a_code(random: u64) {
            let code = UserCode::of(random);
            prop_assert_eq!(UserCode::parse(code.letters()), Some(code));
        }
    }
}
