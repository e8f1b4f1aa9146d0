//! The states of an order's life, with what each of them knows.

use std::fmt;

use serde::{Deserialize, Serialize};
use types::{MemberId, Timestamp};

/// Where an order is, and what belongs to being there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Waits until a time, owing nothing; for a guardian's approval until then at most.
    Held {
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Approval>,
    },
    /// Stored, price fixed, beans not settled yet.
    Placed,
    /// Paid, on the counter's screen, nobody has it.
    Queued,
    /// One barista has it.
    Preparing { barista: MemberId },
    /// Stands on the counter.
    Ready { barista: MemberId },
    /// Picked up. Final.
    Completed { barista: MemberId },
    /// Never reached the counter. Final.
    Rejected { because: Because },
    /// Refused by a barista or a guardian, or by the checks when its time had come. Final.
    Declined { by: By, reason: String },
    /// Taken back. Final.
    Cancelled { by: By, reason: String },
    /// Nobody accepted it in time. Final.
    Expired,
    /// Made, and nobody came. Final, but for picking it up the same day.
    Uncollected { barista: MemberId, pick_up_until: Timestamp },
}

impl State {
    /// The state without its details.
    pub const fn kind(&self) -> StateKind {
        match self {
            Self::Held { .. } => StateKind::Held,
            Self::Placed => StateKind::Placed,
            Self::Queued => StateKind::Queued,
            Self::Preparing { .. } => StateKind::Preparing,
            Self::Ready { .. } => StateKind::Ready,
            Self::Completed { .. } => StateKind::Completed,
            Self::Rejected { .. } => StateKind::Rejected,
            Self::Declined { .. } => StateKind::Declined,
            Self::Cancelled { .. } => StateKind::Cancelled,
            Self::Expired => StateKind::Expired,
            Self::Uncollected { .. } => StateKind::Uncollected,
        }
    }
}

/// The eleven states by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    Held,
    Placed,
    Queued,
    Preparing,
    Ready,
    Completed,
    Rejected,
    Declined,
    Cancelled,
    Expired,
    Uncollected,
}

impl StateKind {
    pub const ALL: [Self; 11] = [
        Self::Held,
        Self::Placed,
        Self::Queued,
        Self::Preparing,
        Self::Ready,
        Self::Completed,
        Self::Rejected,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
        Self::Uncollected,
    ];

    /// The stable name: in the database, in JSON, in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Placed => "placed",
            Self::Queued => "queued",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Uncollected => "uncollected",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Nothing but settling (and a late pick-up, or forgiving) happens any more.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Held | Self::Placed | Self::Queued | Self::Preparing | Self::Ready => false,
            Self::Completed
            | Self::Rejected
            | Self::Declined
            | Self::Cancelled
            | Self::Expired
            | Self::Uncollected => true,
        }
    }
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a held order waits for beside its time: that a guardian says yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Whose limits it passes.
    pub children: Vec<MemberId>,
    /// Who was asked. Whoever guards all of the children may answer.
    pub guardians: Vec<MemberId>,
    /// For people.
    pub why: String,
    /// It is held until then once somebody said yes.
    pub then_at: Option<Timestamp>,
}

/// Who ended an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Member(MemberId),
    System,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(member) => member.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

/// Why an order never reached the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The account would fall below the family's floor.
    NotEnoughBeans,
    /// The beans could not be settled in time.
    NotSettledInTime,
}

impl Because {
    pub const ALL: [Self; 2] = [Self::NotEnoughBeans, Self::NotSettledInTime];

    /// The stable code, in events and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotEnoughBeans => "not-enough-beans",
            Self::NotSettledInTime => "not-settled-in-time",
        }
    }

    /// What the customer reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotEnoughBeans => "There are not enough beans in your account.",
            Self::NotSettledInTime => {
                "Sorry, your order could not be taken just now. Nothing was charged."
            }
        }
    }
}
