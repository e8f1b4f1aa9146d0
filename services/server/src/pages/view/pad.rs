//! The keys with which somebody says at a shared device who they are: digits at
//! the counter, pictures in the kitchen. Each key is a button of a form, so it
//! works without script: what was typed so far goes to and fro with it.

use types::Scope;

/// Which keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    Digits,
    Pictures,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// What it types.
    pub(crate) value: char,
    /// What stands on it.
    pub(crate) sign: &'static str,
    /// What it is called.
    pub(crate) name: &'static str,
}

const fn key(value: char, sign: &'static str, name: &'static str) -> Key {
    Key { value, sign, name }
}

const DIGITS: [Key; 10] = [
    key('1', "1", "1"),
    key('2', "2", "2"),
    key('3', "3", "3"),
    key('4', "4", "4"),
    key('5', "5", "5"),
    key('6', "6", "6"),
    key('7', "7", "7"),
    key('8', "8", "8"),
    key('9', "9", "9"),
    key('0', "0", "0"),
];

/// Told apart by a child, and by who sees few colours.
pub(crate) const PICTURES: [Key; 9] = [
    key('1', "🐱", "cat"),
    key('2', "🐟", "fish"),
    key('3', "🌻", "flower"),
    key('4', "🍎", "apple"),
    key('5', "🚗", "car"),
    key('6', "🏠", "house"),
    key('7', "⭐", "star"),
    key('8', "🎈", "balloon"),
    key('9', "🦋", "butterfly"),
];

impl Keys {
    /// The keys of a device that is for this.
    pub(crate) fn of(scope: Scope) -> Self {
        if scope == Scope::Kiosk { Self::Pictures } else { Self::Digits }
    }

    pub(crate) fn all(self) -> &'static [Key] {
        match self {
            Self::Digits => &DIGITS,
            Self::Pictures => &PICTURES,
        }
    }

    /// The most that is typed.
    pub(crate) const fn most(self) -> usize {
        match self {
            Self::Digits => 6,
            Self::Pictures => 4,
        }
    }

    /// What was typed, as far as these keys type it.
    fn read(self, typed: &str) -> String {
        let known = |letter: &char| self.all().iter().any(|key| key.value == *letter);
        typed.chars().filter(known).take(self.most()).collect()
    }
}

/// What somebody's tap came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tapped {
    /// So much is typed by now.
    Typed(String),
    /// This is the PIN, they say.
    Done(String),
}

/// What was typed before, and the key that was tapped then.
pub(crate) fn tap(keys: Keys, typed: &str, key: &str) -> Tapped {
    let mut typed = keys.read(typed);
    match key {
        "back" => {
            typed.pop();
        }
        "ok" if !typed.is_empty() => return Tapped::Done(typed),
        "ok" => {}
        key => typed = keys.read(&format!("{typed}{key}")),
    }
    // How many pictures there are everybody knows; of digits only who typed them.
    if keys == Keys::Pictures && typed.len() == keys.most() {
        Tapped::Done(typed)
    } else {
        Tapped::Typed(typed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_done_when_somebody_says_so() {
        let typed = |text: &str| Tapped::Typed(text.to_owned());
        assert_eq!(tap(Keys::Digits, "", "7"), typed("7"));
        assert_eq!(tap(Keys::Digits, "731", "0"), typed("7310"));
        assert_eq!(tap(Keys::Digits, "7310", "back"), typed("731"));
        assert_eq!(tap(Keys::Digits, "", "back"), typed(""));
        assert_eq!(tap(Keys::Digits, "731042", "9"), typed("731042"));
        assert_eq!(tap(Keys::Digits, "7310", "ok"), Tapped::Done("7310".to_owned()));
        assert_eq!(tap(Keys::Digits, "", "ok"), typed(""));
        assert_eq!(tap(Keys::Digits, "<b>1x", "2"), typed("12"));
    }

    #[test]
    fn the_fourth_picture_is_the_last() {
        assert_eq!(tap(Keys::Pictures, "15", "9"), Tapped::Typed("159".to_owned()));
        assert_eq!(tap(Keys::Pictures, "159", "3"), Tapped::Done("1593".to_owned()));
        assert_eq!(tap(Keys::Pictures, "0", "0"), Tapped::Typed(String::new()));
    }
}
