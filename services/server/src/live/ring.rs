//! The most recent events, by position: what a listener resumes from. Pure.

use std::{collections::VecDeque, fmt, str::FromStr, sync::Arc};

use types::{MemberId, Timestamp};

use crate::auth::Asker;

/// A place in the event log: its epoch and the number of an event, "e1-42".
/// The log behind another epoch is another log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Dealt when the log was made.
    pub epoch: Arc<str>,
    /// Of the last event that was seen.
    pub number: u64,
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position such as e1-42")]
pub struct ParsePositionError;

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, ParsePositionError> {
        let (epoch, number) = text.rsplit_once('-').ok_or(ParsePositionError)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let short = (1..=64).contains(&epoch.len()) && number.len() <= 20;
        if !short || !epoch.bytes().all(plain) || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParsePositionError);
        }
        let number = number.parse().map_err(|_| ParsePositionError)?;
        Ok(Self { epoch: epoch.into(), number })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

/// One event, ready to be sent.
#[derive(Debug)]
pub struct Entry {
    /// Its place in the log.
    pub number: u64,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// An order changed.
    Order {
        /// The event's data as JSON.
        data: String,
        /// Who placed it, and for whom its items are: they may see it.
        concerned: Vec<MemberId>,
        /// When, for measuring how late we are.
        at: Option<Timestamp>,
    },
    /// The bar's state, or what is sold out.
    Bar,
}

impl Entry {
    /// Whether somebody may know of it.
    pub fn is_for(&self, asker: &Asker) -> bool {
        match (&self.what, asker) {
            (What::Bar, _) => true,
            (What::Order { .. }, asker) if asker.sees_every_order() => true,
            (What::Order { concerned, .. }, Asker::Person(viewer)) => {
                concerned.contains(&viewer.member)
            }
            (What::Order { .. }, Asker::Device(_)) => false,
        }
    }
}

/// Where a listener goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// After this number.
    From(u64),
    /// Not there yet; it may come in a moment.
    Ahead,
    /// It cannot be told what it missed: load again, then go on from the head.
    Reset,
}

/// The ring. Holds every event after `floor`, up to `head`.
#[derive(Debug)]
pub struct Ring {
    epoch: Option<Arc<str>>,
    /// Rises whenever what follows does not continue what was before.
    generation: u64,
    floor: u64,
    head: u64,
    entries: VecDeque<Arc<Entry>>,
    capacity: usize,
}

impl Ring {
    /// An empty one that does not know yet where the log is.
    pub fn new(capacity: usize) -> Self {
        let entries = VecDeque::with_capacity(capacity.min(1024));
        Self { epoch: None, generation: 0, floor: 0, head: 0, entries, capacity: capacity.max(1) }
    }

    /// Where the log is, once that is known.
    pub fn head(&self) -> Option<Position> {
        self.epoch.as_ref().map(|epoch| Position { epoch: epoch.clone(), number: self.head })
    }

    /// See [`Ring::restart`].
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Events up to here are gone.
    pub const fn floor(&self) -> u64 {
        self.floor
    }

    /// Begins anew at a position: nobody can resume from before it.
    pub fn restart(&mut self, at: Position) {
        self.generation += 1;
        self.epoch = Some(at.epoch);
        (self.floor, self.head) = (at.number, at.number);
        self.entries.clear();
    }

    /// The log is at least here, without an event for us (a heartbeat).
    pub fn advance(&mut self, to: Position) {
        if self.epoch.as_ref() != Some(&to.epoch) {
            self.restart(to);
        } else if to.number > self.head {
            self.head = to.number;
        }
    }

    /// Adds an event. What is known already (delivered again) is ignored: `false`.
    pub fn push(&mut self, at: Position, what: What) -> bool {
        if self.epoch.as_ref() != Some(&at.epoch) {
            // The first word from upstream is this event: it continues from just before.
            let before = Position { epoch: at.epoch.clone(), number: at.number.saturating_sub(1) };
            self.restart(before);
        }
        if at.number <= self.head {
            return false;
        }
        self.head = at.number;
        self.entries.push_back(Arc::new(Entry { number: at.number, what }));
        while self.entries.len() > self.capacity {
            if let Some(gone) = self.entries.pop_front() {
                self.floor = gone.number;
            }
        }
        true
    }

    /// Where somebody who has seen everything up to `after` goes on.
    pub fn resume(&self, after: &Position) -> Resume {
        if self.epoch.as_ref() != Some(&after.epoch) || after.number < self.floor {
            Resume::Reset
        } else if after.number > self.head {
            Resume::Ahead
        } else {
            Resume::From(after.number)
        }
    }

    /// Up to `most` events after a number, oldest first.
    pub fn after(&self, number: u64, most: usize) -> Vec<Arc<Entry>> {
        let start = self.entries.partition_point(|entry| entry.number <= number);
        self.entries.range(start..).take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u64) -> Position {
        Position { epoch: "e1".into(), number }
    }

    fn filled(capacity: usize, numbers: std::ops::RangeInclusive<u64>) -> Ring {
        let mut ring = Ring::new(capacity);
        ring.restart(at(numbers.start() - 1));
        for number in numbers {
            assert!(ring.push(at(number), What::Bar));
        }
        ring
    }

    #[test]
    fn a_position_prints_and_reads_back_and_nothing_else_is_one() {
        for text in ["e1-42", "0192-abc-7", "x-0"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        let long = format!("{}-1", "e".repeat(65));
        for wrong in [
            "",
            "-",
            "-1",
            "e1",
            "e1-",
            "e1-x",
            "e1--1x",
            "é-1",
            "e1-99999999999999999999999",
            "e 1-1",
            &long,
        ] {
            assert!(wrong.parse::<Position>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_listener_resumes_from_what_the_ring_still_holds() {
        let ring = filled(3, 11..=15);
        assert_eq!(ring.resume(&at(15)), Resume::From(15));
        assert_eq!(ring.resume(&at(12)), Resume::From(12));
        assert_eq!(ring.resume(&at(11)), Resume::Reset);
        assert_eq!(ring.resume(&at(16)), Resume::Ahead);
        assert_eq!(ring.resume(&Position { epoch: "e2".into(), number: 13 }), Resume::Reset);
        let numbers: Vec<u64> = ring.after(13, 10).iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [14, 15]);
        assert_eq!(ring.after(12, 1).len(), 1);
    }

    #[test]
    fn an_event_delivered_again_is_not_there_twice() {
        let mut ring = filled(8, 1..=3);
        assert!(!ring.push(at(3), What::Bar) && !ring.push(at(1), What::Bar));
        assert_eq!(ring.after(0, 10).len(), 3);
    }

    #[test]
    fn another_epoch_begins_anew_and_nobody_resumes_across_it() {
        let mut ring = filled(8, 1..=3);
        let generation = ring.generation();
        assert!(ring.push(Position { epoch: "e2".into(), number: 2 }, What::Bar));
        assert!(ring.generation() > generation);
        assert_eq!(ring.resume(&at(3)), Resume::Reset);
        assert_eq!(ring.resume(&Position { epoch: "e2".into(), number: 1 }), Resume::From(1));
        assert_eq!(ring.after(0, 10).len(), 1);
    }

    #[test]
    fn a_heartbeat_moves_the_head_and_loses_nobody() {
        let mut ring = filled(8, 1..=3);
        ring.advance(at(7));
        ring.advance(at(5));
        assert_eq!(ring.head(), Some(at(7)));
        assert_eq!(ring.resume(&at(2)), Resume::From(2));
    }
}
