//! What may be asked of an order, by people and by the order service itself.

use std::fmt;

use serde::{Deserialize, Serialize};
use types::{MemberId, Timestamp};

use crate::{Because, Wish};

/// A command with what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "lives for one decision, on the stack")]
pub enum Command {
    /// Take it off the queue to make it.
    Accept,
    /// It stands on the counter; from the queue this accepts and finishes in one.
    Ready,
    /// Put it back into the queue.
    Release,
    /// Give it to another barista, or take it over.
    HandOver {
        to: MemberId,
    },
    /// It was not ready after all.
    Recall,
    /// The customer has it.
    PickUp,
    /// Optional reason for who placed it, required for everybody else.
    Cancel {
        reason: String,
    },
    Decline {
        reason: String,
    },
    /// An admin waives what a finished order owes.
    Forgive,
    /// Other items instead, until somebody accepts.
    Amend {
        wishes: Vec<Wish>,
    },
    /// One item is made, or not after all.
    Tick {
        line: u32,
        ticked: bool,
    },
    /// One item will not be made, and is not paid.
    Strike {
        line: u32,
        reason: String,
    },
    /// Another drink instead of one item, for no more beans than that cost.
    Replace {
        line: u32,
        wish: Wish,
        reason: String,
    },
    /// A guardian says yes: these are its items at today's prices.
    Approve {
        wishes: Vec<Wish>,
    },
    /// A guardian says no; the reason may be empty.
    Refuse {
        reason: String,
    },
    /// The warnings of its items were read.
    Acknowledge,
    /// A held order's time has come: these are its items at today's prices.
    ComeDue {
        wishes: Vec<Wish>,
    },
    /// The beans of this revision are settled.
    Queue {
        revision: i64,
    },
    Reject {
        because: Because,
    },
    /// Nobody accepted it in time.
    Expire,
    /// Nobody picked it up in time; `pick_up_until` is the end of the family's day.
    Uncollect {
        pick_up_until: Timestamp,
    },
    /// What the order owes at this revision is settled.
    Settled {
        revision: i64,
    },
}

impl Command {
    pub const fn kind(&self) -> CommandKind {
        match self {
            Self::Accept => CommandKind::Accept,
            Self::Ready => CommandKind::Ready,
            Self::Release => CommandKind::Release,
            Self::HandOver { .. } => CommandKind::HandOver,
            Self::Recall => CommandKind::Recall,
            Self::PickUp => CommandKind::PickUp,
            Self::Cancel { .. } => CommandKind::Cancel,
            Self::Decline { .. } => CommandKind::Decline,
            Self::Forgive => CommandKind::Forgive,
            Self::Amend { .. } => CommandKind::Amend,
            Self::Tick { .. } => CommandKind::Tick,
            Self::Strike { .. } => CommandKind::Strike,
            Self::Replace { .. } => CommandKind::Replace,
            Self::Approve { .. } => CommandKind::Approve,
            Self::Refuse { .. } => CommandKind::Refuse,
            Self::Acknowledge => CommandKind::Acknowledge,
            Self::ComeDue { .. } => CommandKind::ComeDue,
            Self::Queue { .. } => CommandKind::Queue,
            Self::Reject { .. } => CommandKind::Reject,
            Self::Expire => CommandKind::Expire,
            Self::Uncollect { .. } => CommandKind::Uncollect,
            Self::Settled { .. } => CommandKind::Settled,
        }
    }
}

/// The commands by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandKind {
    Accept,
    Ready,
    Release,
    HandOver,
    Recall,
    PickUp,
    Cancel,
    Decline,
    Forgive,
    Amend,
    Tick,
    Strike,
    Replace,
    Approve,
    Refuse,
    Acknowledge,
    ComeDue,
    Queue,
    Reject,
    Expire,
    Uncollect,
    Settled,
}

impl CommandKind {
    /// What a person may ask.
    pub const PERSONAL: [Self; 16] = [
        Self::Accept,
        Self::Ready,
        Self::Release,
        Self::HandOver,
        Self::Recall,
        Self::PickUp,
        Self::Cancel,
        Self::Decline,
        Self::Forgive,
        Self::Amend,
        Self::Tick,
        Self::Strike,
        Self::Replace,
        Self::Approve,
        Self::Refuse,
        Self::Acknowledge,
    ];

    /// What only the order service asks of itself.
    pub const SYSTEM: [Self; 6] =
        [Self::ComeDue, Self::Queue, Self::Reject, Self::Expire, Self::Uncollect, Self::Settled];

    pub fn all() -> impl Iterator<Item = Self> {
        Self::PERSONAL.into_iter().chain(Self::SYSTEM)
    }

    /// The stable name; a person's commands are called so in the API's paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Ready => "ready",
            Self::Release => "release",
            Self::HandOver => "hand-over",
            Self::Recall => "recall",
            Self::PickUp => "pick-up",
            Self::Cancel => "cancel",
            Self::Decline => "decline",
            Self::Forgive => "forgive",
            Self::Amend => "amend",
            Self::Tick => "tick",
            Self::Strike => "strike",
            Self::Replace => "replace",
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::Acknowledge => "acknowledge",
            Self::ComeDue => "come-due",
            Self::Queue => "queue",
            Self::Reject => "reject",
            Self::Expire => "expire",
            Self::Uncollect => "uncollect",
            Self::Settled => "settled",
        }
    }
}

impl fmt::Display for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
