//! Codes: six digits that stand for an invitation, to be typed where a link
//! cannot be opened. They are short, so guessing them is what must be bounded:
//! an address waits after a few wrong ones, longer each time, and each code
//! endures a fixed number of wrong guesses by everybody together; then only the
//! invitation's link works.

use std::fmt;

use chrono::TimeDelta;
use types::Timestamp;

/// How long a code is good for.
pub const VALIDITY: TimeDelta = TimeDelta::minutes(30);
/// Wrong guesses that an address has before it waits.
pub const FREE_GUESSES: u32 = 5;
/// The first wait; each further wrong guess doubles it.
pub const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
pub const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// An address that guessed nothing wrong for so long begins anew.
pub const FORGIVEN_AFTER: TimeDelta = TimeDelta::hours(24);
/// Wrong guesses that a live code endures, whoever made them: of a million
/// codes, so many at most are tried while it lives.
pub const ENDURES: u32 = 30;

/// Six digits. Never shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code(u32);

const MANY: u32 = 1_000_000;

impl Code {
    /// Of a random number: 64 bits, so that no code is noticeably likelier.
    pub fn of(random: u64) -> Self {
        Self((random % u64::from(MANY)) as u32)
    }

    /// As somebody types it: spaces and hyphens between the digits are theirs.
    pub fn parse(text: &str) -> Option<Self> {
        const LONGEST: usize = 20;
        if text.len() > LONGEST {
            return None;
        }
        let mut digits = 0;
        let mut number = 0;
        for letter in text.trim().chars() {
            match letter {
                ' ' | '-' => {}
                digit => {
                    number = number * 10 + digit.to_digit(10)?;
                    digits += 1;
                    if digits > 6 {
                        return None;
                    }
                }
            }
        }
        (digits == 6).then_some(Self(number))
    }

    /// "012345", all six.
    pub fn digits(self) -> String {
        format!("{:06}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(hidden)")
    }
}

/// What is remembered of an address that guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guesser {
    /// Wrong guesses since it last began anew.
    pub wrong: u32,
    pub last_wrong_at: Option<Timestamp>,
}

impl Guesser {
    /// Until when it may not guess; `None`: it may now.
    pub fn waits_until(self, now: Timestamp) -> Option<Timestamp> {
        let last = self.last_wrong_at.filter(|last| !is_forgiven(*last, now))?;
        let over = self.wrong.checked_sub(FREE_GUESSES)?;
        let until = last + wait(over);
        (until > now).then_some(until)
    }

    /// After one more wrong guess.
    pub fn guessed_wrong(self, now: Timestamp) -> Self {
        let before = match self.last_wrong_at {
            Some(last) if !is_forgiven(last, now) => self.wrong,
            Some(_) | None => 0,
        };
        Self { wrong: before.saturating_add(1), last_wrong_at: Some(now) }
    }
}

fn is_forgiven(last: Timestamp, now: Timestamp) -> bool {
    now - last >= FORGIVEN_AFTER
}

/// 1, 2, 4, … minutes, up to an hour.
fn wait(over: u32) -> TimeDelta {
    let times = 1_i32.checked_shl(over).filter(|times| *times > 0 && over < 31);
    times.map_or(LONGEST_WAIT, |times| (FIRST_WAIT * times.min(60)).min(LONGEST_WAIT))
}

/// A stored code's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub expires_at: Timestamp,
    pub wrong_guesses: u32,
    /// Of its invitation, by code or link.
    pub used_at: Option<Timestamp>,
    pub withdrawn_at: Option<Timestamp>,
}

/// Why a code signs nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefused {
    #[error("this is no code of ours")]
    Unknown,
    #[error("this code was used already")]
    Used,
    #[error("this code was withdrawn")]
    Withdrawn,
    #[error("this code has expired")]
    Expired,
    #[error("this code was guessed at too often")]
    Void,
}

impl Stored {
    /// Whether typing it helps.
    pub fn check(self, now: Timestamp) -> Result<(), CodeRefused> {
        if self.used_at.is_some() {
            return Err(CodeRefused::Used);
        }
        if self.withdrawn_at.is_some() {
            return Err(CodeRefused::Withdrawn);
        }
        if self.expires_at <= now {
            return Err(CodeRefused::Expired);
        }
        if self.wrong_guesses >= ENDURES { Err(CodeRefused::Void) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for text in ["012345", "012 345", " 012-345 ", "0 1 2 3 4 5"] {
            assert_eq!(Code::parse(text).map(Code::digits).as_deref(), Some("012345"), "{text}");
        }
        for text in
            ["", "12345", "1234567", "12345a", "+12345", "٠١٢٣٤٥", "123.456", "1 2 3 4 5 6 7"]
        {
            assert_eq!(Code::parse(text), None, "{text}");
        }
        assert_eq!(Code::parse(&" ".repeat(1_000_000)), None);
        assert_eq!(format!("{:?}", Code::of(7)), "Code(hidden)");
    }

    #[test]
    fn after_five_wrong_guesses_an_address_waits_a_minute_and_then_twice_as_long() {
        let now = at(0);
        let mut guesser = Guesser::default();
        for _ in 0..FREE_GUESSES {
            assert_eq!(guesser.waits_until(now), None);
            guesser = guesser.guessed_wrong(now);
        }
        assert_eq!(guesser.waits_until(now), Some(at(60)));
        assert_eq!(guesser.waits_until(at(60)), None);
        let guesser = guesser.guessed_wrong(at(60));
        assert_eq!(guesser.waits_until(at(60)), Some(at(180)));
        // A day later it begins anew.
        let day = at(60) + FORGIVEN_AFTER;
        assert_eq!(guesser.guessed_wrong(day), Guesser { wrong: 1, last_wrong_at: Some(day) });
    }

    #[test]
    fn a_code_endures_only_so_much() {
        let fresh =
            Stored { expires_at: at(10), wrong_guesses: 0, used_at: None, withdrawn_at: None };
        assert_eq!((fresh.check(at(9)), fresh.check(at(10))), (Ok(()), Err(CodeRefused::Expired)));
        let tired = Stored { wrong_guesses: ENDURES, ..fresh };
        assert_eq!(tired.check(at(0)), Err(CodeRefused::Void));
        let withdrawn = Stored { withdrawn_at: Some(at(1)), ..tired };
        assert_eq!(withdrawn.check(at(99)), Err(CodeRefused::Withdrawn));
        let used = Stored { used_at: Some(at(1)), ..fresh };
        assert_eq!(used.check(at(2)), Err(CodeRefused::Used));
    }

    proptest! {
        #[test]
        fn every_code_reads_back(random: u64) {
            let code = Code::of(random);
            prop_assert_eq!(Code::parse(&code.digits()), Some(code));
            let (first, rest) = (code.0 / 1000, code.0 % 1000);
            prop_assert_eq!(Code::parse(&format!("{first:03} {rest:03}")), Some(code));
        }

        #[test]
        fn whatever_is_typed_is_a_code_or_none(text: String) {
            if let Some(code) = Code::parse(&text) {
                prop_assert_eq!(code.digits().len(), 6);
            }
        }

        /// However an address spreads its guesses: those that were let through
        /// are few in any day.
        #[test]
        fn nobody_guesses_often(pauses in prop::collection::vec(0_i64..7_200, 1..400)) {
            let mut now = at(0);
            let mut guesser = Guesser::default();
            let mut let_through = Vec::new();
            for pause in pauses {
                now += TimeDelta::seconds(pause);
                match guesser.waits_until(now) {
                    Some(until) => prop_assert!(until - now <= LONGEST_WAIT),
                    None => {
                        guesser = guesser.guessed_wrong(now);
                        let_through.push(now);
                    }
                }
            }
            for (index, first) in let_through.iter().enumerate() {
                let within = let_through[index..].iter().filter(|at| **at - *first < TimeDelta::days(1));
                // 5 at once, 6 while the wait grows to an hour, then one an hour.
                prop_assert!(within.count() <= 36);
            }
        }
    }
}
