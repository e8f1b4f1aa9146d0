//! PINs: how somebody says at a shared device who they are. Four to six digits
//! at the counter; at the kiosk four of nine pictures, which are the digits 1 to
//! 9 here. They are short, so what bounds guessing is the wait: after five wrong
//! tries of a member at a device half a minute, twice as long each time, up to a
//! quarter of an hour.

use chrono::TimeDelta;
use types::{MemberId, Timestamp};

use crate::{
    diners::{self, By, NotYours},
    kin::Kin,
};

/// Wrong tries before somebody waits.
pub const FREE_TRIES: u32 = 5;
/// The first wait; each further wrong try doubles it.
pub const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
pub const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// After so long without a wrong try it begins anew.
pub const FORGIVEN_AFTER: TimeDelta = TimeDelta::hours(24);

/// At which kind of device it is used; one person may have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PinKind {
    /// The counter's.
    Digits,
    /// The kiosk's.
    Pictures,
}

impl PinKind {
    pub const ALL: [Self; 2] = [Self::Digits, Self::Pictures];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Pictures => "pictures",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn is_right(self, digits: &[u8]) -> bool {
        match self {
            Self::Digits => {
                (4..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
            }
            Self::Pictures => {
                digits.len() == 4 && digits.iter().all(|digit| (b'1'..=b'9').contains(digit))
            }
        }
    }
}

/// Why something cannot be a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinRefused {
    #[error("a PIN has 4 to 6 digits")]
    NotDigits,
    #[error("a picture PIN is 4 of the 9 pictures, one after the other")]
    NotPictures,
    #[error("this is among the first that anybody tries; take one that is harder to guess")]
    Trivial,
}

impl PinRefused {
    /// The stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotDigits | Self::NotPictures => "malformed",
            Self::Trivial => "too-easy",
        }
    }
}

/// What somebody types, if it can be a PIN at all.
pub fn typed(kind: PinKind, text: &str) -> Result<&[u8], PinRefused> {
    let digits = text.as_bytes();
    if kind.is_right(digits) {
        Ok(digits)
    } else {
        Err(match kind {
            PinKind::Digits => PinRefused::NotDigits,
            PinKind::Pictures => PinRefused::NotPictures,
        })
    }
}

/// A new PIN: nothing that everybody tries first.
pub fn new(kind: PinKind, text: &str) -> Result<&[u8], PinRefused> {
    let digits = typed(kind, text)?;
    if is_trivial(digits) { Err(PinRefused::Trivial) } else { Ok(digits) }
}

/// Down the middle of the pad, and back.
const KNOWN: [&[u8]; 2] = [b"2580", b"0852"];

/// All the same, a run up or down (also over 9 to 0), two by turns, or pairs.
fn is_trivial(digits: &[u8]) -> bool {
    let steps = |by: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + by) % 10 == pair[1] - b'0');
    let by_turns = digits.iter().zip(digits.iter().skip(2)).all(|(one, other)| one == other);
    let pairs = digits.chunks(2).all(|pair| pair.iter().all(|digit| *digit == pair[0]));
    steps(0) || steps(1) || steps(9) || by_turns || pairs || KNOWN.contains(&digits)
}

/// The wrong tries of a member at a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Since it last began anew.
    pub wrong: u32,
    pub last_wrong_at: Option<Timestamp>,
}

impl Tries {
    /// Until when they wait; `None`: they may try now.
    pub fn waits_until(self, now: Timestamp) -> Option<Timestamp> {
        let last = self.last_wrong_at.filter(|last| !is_forgiven(*last, now))?;
        let until = last + wait(self.wrong.checked_sub(FREE_TRIES)?);
        (until > now).then_some(until)
    }

    /// After one more wrong try.
    #[must_use]
    pub fn one_more(self, now: Timestamp) -> Self {
        let before = match self.last_wrong_at {
            Some(last) if !is_forgiven(last, now) => self.wrong,
            Some(_) | None => 0,
        };
        Self { wrong: before.saturating_add(1), last_wrong_at: Some(now) }
    }

    /// How many are left before somebody waits.
    pub fn left(self) -> u32 {
        FREE_TRIES.saturating_sub(self.wrong)
    }
}

fn is_forgiven(last: Timestamp, now: Timestamp) -> bool {
    now - last >= FORGIVEN_AFTER
}

/// 30 s, 1, 2, 4, 8, 15 minutes.
fn wait(over: u32) -> TimeDelta {
    let times = 1_i32.checked_shl(over.min(10)).unwrap_or(i32::MAX);
    (FIRST_WAIT * times).min(LONGEST_WAIT)
}

/// Whether somebody may set or remove a member's PIN: one's own; anybody's for an
/// admin; a child's pictures for its guardian.
pub fn may_set(kind: PinKind, of: MemberId, kin: &Kin, by: By) -> Result<(), NotYours> {
    match kind {
        PinKind::Pictures => diners::may_read(of, kin, by),
        PinKind::Digits => diners::may_read(of, &Kin::Adult, by),
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
    fn a_pin_is_four_to_six_digits_or_four_pictures() {
        for good in ["1357", "73102", "920471"] {
            assert!(new(PinKind::Digits, good).is_ok(), "{good}");
        }
        for bad in ["", "123", "1234567", "12a4", "１３５７", " 1357", "13 57"] {
            assert_eq!(new(PinKind::Digits, bad), Err(PinRefused::NotDigits), "{bad}");
        }
        assert!(new(PinKind::Pictures, "1593").is_ok());
        for bad in ["", "159", "15937", "1059", "159x"] {
            assert_eq!(new(PinKind::Pictures, bad), Err(PinRefused::NotPictures), "{bad}");
        }
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        let trivial = [
            "0000", "1111", "1234", "4321", "012345", "7890", "3210", "1212", "121212", "12121",
            "1122", "112233", "2580", "0852", "999999",
        ];
        for pin in trivial {
            assert_eq!(new(PinKind::Digits, pin), Err(PinRefused::Trivial), "{pin}");
        }
        for fine in ["1235", "2468", "1221", "1123", "2581"] {
            assert!(new(PinKind::Digits, fine).is_ok(), "{fine}");
        }
        assert_eq!(new(PinKind::Pictures, "4444"), Err(PinRefused::Trivial));
        // What was stored before a rule was made can still be typed.
        assert!(typed(PinKind::Digits, "1234").is_ok());
    }

    #[test]
    fn five_tries_are_free_then_each_wrong_one_doubles_the_wait() {
        let mut tries = Tries::default();
        let mut now = at(0);
        for left in (0..5).rev() {
            assert_eq!(tries.waits_until(now), None);
            tries = tries.one_more(now);
            assert_eq!(tries.left(), left);
        }
        for seconds in [30, 60, 120, 240, 480, 900, 900] {
            let until = tries.waits_until(now).unwrap();
            assert_eq!((until - now).num_seconds(), seconds);
            now = until;
            assert_eq!(tries.waits_until(now), None);
            tries = tries.one_more(now);
        }
        now += FORGIVEN_AFTER;
        assert_eq!(tries.waits_until(now), None);
        assert_eq!(tries.one_more(now).wrong, 1);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_never_panics(text in ".{0,12}") {
            for kind in PinKind::ALL {
                let _ = new(kind, &text);
            }
        }

        /// However somebody goes about it: in a day not more tries than this.
        #[test]
        fn nobody_tries_more_than_the_waits_allow(pauses in prop::collection::vec(0_i64..1200, 1..400)) {
            let (mut now, mut tries, mut made) = (at(0), Tries::default(), 0);
            for pause in pauses {
                now += TimeDelta::seconds(pause);
                if now >= at(24 * 3600) { break; }
                if tries.waits_until(now).is_none() {
                    tries = tries.one_more(now);
                    made += 1;
                }
            }
            prop_assert!(made <= 5 + 6 + 24 * 4, "{}", made);
        }
    }
}
