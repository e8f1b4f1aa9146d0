//! What a command may come to.

use types::MemberId;

use crate::{CommandKind, StateKind};

/// What a command did; repeating one is a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    Changed(T),
    AlreadySo,
}

impl<T> Outcome<T> {
    /// The same outcome with what changed put in other words.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Changed(what) => Outcome::Changed(change(what)),
            Self::AlreadySo => Outcome::AlreadySo,
        }
    }
}

/// Why a command is not done. Each has a stable code; the text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the order is {state} already")]
    Closed { state: StateKind },
    #[error("the order has changed since; it is at version {current} now")]
    Stale { current: u64 },
    #[error("somebody is making it already")]
    TakenBy { barista: MemberId },
    #[error("the order is somebody else's")]
    NotYours,
    #[error("your role does not allow this")]
    NotAllowed,
    #[error("an order that is {state} cannot {command}")]
    NotNow { state: StateKind, command: CommandKind },
    #[error("the order has no such item")]
    NoSuchItem { line: u32 },
    #[error("it is the only item left; cancel the order instead")]
    LastItem,
    #[error("say why, the customer reads it")]
    ReasonMissing,
    #[error("the reason is longer than {most} characters")]
    ReasonTooLong { most: usize },
    #[error("the order holds nothing, or too much")]
    WrongItemCount,
    #[error("it could be picked up on its own day only")]
    TooLate,
    #[error("a guardian of the child says so")]
    NotGuardian,
    #[error("read first what must not be in it, and say that you have")]
    WarningsUnread,
}

impl Rejection {
    /// The stable code, the same in gRPC, REST and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "order-closed",
            Self::Stale { .. } => "stale-version",
            Self::TakenBy { .. } => "taken-by-another",
            Self::NotYours => "not-yours",
            Self::NotAllowed => "not-allowed",
            Self::NotNow { .. } => "wrong-state",
            Self::NoSuchItem { .. } => "no-such-item",
            Self::LastItem => "last-item",
            Self::ReasonMissing => "reason-missing",
            Self::ReasonTooLong { .. } => "reason-too-long",
            Self::WrongItemCount => "wrong-item-count",
            Self::TooLate => "too-late",
            Self::NotGuardian => "not-guardian",
            Self::WarningsUnread => "warnings-unread",
        }
    }

    /// The field of the request that is at fault, if one is.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoSuchItem { .. } => Some("line"),
            Self::ReasonMissing | Self::ReasonTooLong { .. } => Some("reason"),
            Self::WrongItemCount => Some("items"),
            Self::Closed { .. }
            | Self::Stale { .. }
            | Self::TakenBy { .. }
            | Self::NotYours
            | Self::NotAllowed
            | Self::NotNow { .. }
            | Self::LastItem
            | Self::TooLate
            | Self::NotGuardian
            | Self::WarningsUnread => None,
        }
    }
}
