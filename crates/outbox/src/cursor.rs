//! Places in a log: a position, and with the log's epoch a cursor that can be
//! handed out ("3f2a9c01d77e-1042").

use std::{fmt, str::FromStr, sync::Arc};

/// A place in one log: dense, from 1; 0 is before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(i64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    pub const fn new(position: i64) -> Self {
        Self(position)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which log it is: another database, another epoch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Epoch(Arc<str>);

impl Epoch {
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// "epoch-position": what clients resume by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub epoch: Epoch,
    pub position: Position,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.position)
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position such as 3f2a9c01d77e-1042")]
pub struct ParseCursorError;

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let (epoch, position) = text.split_once('-').ok_or(ParseCursorError)?;
        let named = (1..=64).contains(&epoch.len())
            && epoch.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let digits = (1..=18).contains(&position.len())
            && position.bytes().all(|byte| byte.is_ascii_digit());
        if !named || !digits {
            return Err(ParseCursorError);
        }
        let position = position.parse().map_err(|_| ParseCursorError)?;
        Ok(Self { epoch: Epoch::new(epoch), position: Position(position) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_prints_and_reads_back_and_nothing_else_is_one() {
        let cursor = Cursor { epoch: Epoch::new("3f2a9c01d77e"), position: Position::new(1042) };
        assert_eq!(cursor.to_string(), "3f2a9c01d77e-1042");
        assert_eq!("3f2a9c01d77e-1042".parse(), Ok(cursor));
        let long = format!("{}-1", "a".repeat(65));
        for wrong in
            ["", "-", "a-", "-1", "a--1", "a-+1", "a-1x", "a-99999999999999999999", "é-1", &long]
        {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
