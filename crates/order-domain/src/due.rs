//! What the process manager must do next: by state, settlement and clock alone,
//! whatever it did before.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use types::{MemberId, Role, Timestamp};

use crate::{Because, Command, Order, State, StateKind};

/// How long the fast path and the relay may take before the sweep looks itself.
const GRACE: TimeDelta = TimeDelta::seconds(10);

/// Why the clock cancels what was accepted; its customer reads it.
const NOT_FINISHED: &str = "Sorry, nobody finished it in time. Nothing was charged.";

/// Why the clock declines what a guardian did not answer; its customer reads it.
const NOT_APPROVED: &str = "Sorry, nobody could say yes in time. Nothing was charged.";

/// What is due at a moment. Small and without texts: it goes into histories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The version that was looked at; commands carry it.
    pub version: u64,
    /// The version with which the order entered its state; a notice is sent
    /// once for each.
    pub entered: u64,
    /// What somebody is to be told because of the state.
    pub notices: Vec<NoticeKind>,
    /// What is to be done.
    pub step: Step,
    /// When to look again if nothing is heard before.
    pub look_again: Option<Timestamp>,
    /// By what the order is found among its like; none: it is not to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
}

/// By what somebody who looks at the process managers finds an order's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    pub state: StateKind,
    /// The day's.
    pub number: u32,
}

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A held order's time has come: check it and place it, or decline it.
    ComeDue,
    /// No guardian has said yes in time.
    NotApproved,
    /// Settle a placed order's beans and queue it, or reject it if they are refused.
    SettleAndQueue,
    /// It could not be settled in time.
    Reject,
    /// Settle what it owes at its present revision, and say so.
    Settle,
    Expire,
    Cancel,
    Uncollect,
    /// Nothing until the clock or somebody moves it on.
    Wait,
    /// Nothing any more.
    Close,
}

impl Step {
    pub const ALL: [Self; 10] = [
        Self::ComeDue,
        Self::NotApproved,
        Self::SettleAndQueue,
        Self::Reject,
        Self::Settle,
        Self::Expire,
        Self::Cancel,
        Self::Uncollect,
        Self::Wait,
        Self::Close,
    ];

    /// The command that takes this step once what it needs is there: for a held
    /// order its items, checked again; for settling, that the beans are settled.
    /// None where there is nothing to command.
    pub fn command(self, order: &Order, pick_up_until: Timestamp) -> Option<Command> {
        match self {
            Self::ComeDue => Some(Command::ComeDue { wishes: order.live_wishes() }),
            Self::NotApproved => Some(Command::Decline { reason: NOT_APPROVED.to_owned() }),
            Self::SettleAndQueue => Some(Command::Queue { revision: order.revision }),
            Self::Reject => Some(Command::Reject { because: Because::NotSettledInTime }),
            Self::Settle => Some(Command::Settled { revision: order.revision }),
            Self::Expire => Some(Command::Expire),
            Self::Cancel => Some(Command::Cancel { reason: NOT_FINISHED.to_owned() }),
            Self::Uncollect => Some(Command::Uncollect { pick_up_until }),
            Self::Wait | Self::Close => None,
        }
    }

    /// The stable name, in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ComeDue => "come_due",
            Self::NotApproved => "not_approved",
            Self::SettleAndQueue => "settle_and_queue",
            Self::Reject => "reject",
            Self::Settle => "settle",
            Self::Expire => "expire",
            Self::Cancel => "cancel",
            Self::Uncollect => "uncollect",
            Self::Wait => "wait",
            Self::Close => "close",
        }
    }
}

/// What people are told about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A child asks for something that passes its limits.
    Approval,
    /// There is something to make.
    Queued,
    /// It is being made for long already.
    Remind,
    Ready,
    Rejected,
    Declined,
    Cancelled,
    Expired,
    Uncollected,
}

impl NoticeKind {
    pub const ALL: [Self; 9] = [
        Self::Approval,
        Self::Queued,
        Self::Remind,
        Self::Ready,
        Self::Rejected,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
        Self::Uncollected,
    ];

    /// The stable name, as customer-service knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Queued => "queued",
            Self::Remind => "remind",
            Self::Ready => "ready",
            Self::Rejected => "rejected",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Uncollected => "uncollected",
        }
    }
}

/// One thing to tell, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub kind: NoticeKind,
    /// These people,
    pub members: Vec<MemberId>,
    /// and everybody who holds one of these.
    pub roles: Vec<Role>,
    /// Why, where the kind has a reason.
    pub reason: Option<String>,
}

impl Order {
    /// What is due at a moment of the process manager's own clock.
    pub fn due(&self, now: Timestamp) -> Due {
        Due {
            version: self.version,
            entered: self.entered,
            notices: self.notices(now),
            step: self.step(now),
            look_again: [self.remind_at, self.deadline]
                .into_iter()
                .flatten()
                .filter(|at| *at > now)
                .min(),
            labels: Some(Labels { state: self.state.kind(), number: self.number }),
        }
    }

    fn step(&self, now: Timestamp) -> Step {
        let is_over = self.deadline.is_some_and(|deadline| deadline <= now);
        let settle_or = |step| if self.is_settled() { step } else { Step::Settle };
        match self.state {
            State::Held { approval: Some(_), .. } if is_over => Step::NotApproved,
            State::Held { .. } if is_over => Step::ComeDue,
            State::Held { .. } => Step::Wait,
            State::Placed if is_over => Step::Reject,
            State::Placed => Step::SettleAndQueue,
            State::Queued if is_over => Step::Expire,
            State::Preparing { .. } if is_over => Step::Cancel,
            State::Ready { .. } if is_over => Step::Uncollect,
            State::Queued | State::Preparing { .. } | State::Ready { .. } => settle_or(Step::Wait),
            State::Completed { .. }
            | State::Rejected { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired
            | State::Uncollected { .. } => settle_or(Step::Close),
        }
    }

    fn notices(&self, now: Timestamp) -> Vec<NoticeKind> {
        match self.state {
            State::Held { approval: Some(_), .. } => vec![NoticeKind::Approval],
            State::Held { .. } | State::Placed | State::Completed { .. } => vec![],
            State::Queued => vec![NoticeKind::Queued],
            State::Preparing { .. } if self.remind_at.is_some_and(|at| at <= now) => {
                vec![NoticeKind::Remind]
            }
            State::Preparing { .. } => vec![],
            State::Ready { .. } => vec![NoticeKind::Ready],
            State::Rejected { .. } => vec![NoticeKind::Rejected],
            State::Declined { .. } => vec![NoticeKind::Declined],
            State::Cancelled { .. } => vec![NoticeKind::Cancelled],
            State::Expired => vec![NoticeKind::Expired],
            State::Uncollected { .. } => vec![NoticeKind::Uncollected],
        }
    }

    /// Whom to tell this, and what; none if the state is no longer the kind's.
    pub fn notice(&self, kind: NoticeKind) -> Option<Notice> {
        let customer = vec![self.placed_by];
        let (members, roles) = match (kind, &self.state) {
            (NoticeKind::Approval, State::Held { approval: Some(approval), .. }) => {
                (approval.guardians.clone(), vec![])
            }
            (NoticeKind::Queued, State::Queued) => (vec![], vec![Role::Barista]),
            (NoticeKind::Remind, State::Preparing { barista }) => {
                (vec![*barista], vec![Role::Admin])
            }
            (NoticeKind::Ready, State::Ready { .. }) => {
                let mut members = customer;
                members.extend(self.recipients().into_iter().filter(|to| *to != self.placed_by));
                (members, vec![])
            }
            (NoticeKind::Rejected, State::Rejected { .. })
            | (NoticeKind::Declined, State::Declined { .. })
            | (NoticeKind::Cancelled, State::Cancelled { .. })
            | (NoticeKind::Expired, State::Expired)
            | (NoticeKind::Uncollected, State::Uncollected { .. }) => (customer, vec![]),
            (
                NoticeKind::Approval
                | NoticeKind::Queued
                | NoticeKind::Remind
                | NoticeKind::Ready
                | NoticeKind::Rejected
                | NoticeKind::Declined
                | NoticeKind::Cancelled
                | NoticeKind::Expired
                | NoticeKind::Uncollected,
                State::Held { .. }
                | State::Placed
                | State::Queued
                | State::Preparing { .. }
                | State::Ready { .. }
                | State::Completed { .. }
                | State::Rejected { .. }
                | State::Declined { .. }
                | State::Cancelled { .. }
                | State::Expired
                | State::Uncollected { .. },
            ) => return None,
        };
        let why = self.approval().map(|approval| approval.why.as_str());
        let reason = self.reason().or(why).map(str::to_owned);
        Some(Notice { kind, members, roles, reason })
    }

    /// From when on somebody should have done something about this order; the
    /// sweep wakes the workflow of each that is past it. None: closed.
    pub fn due_at(&self) -> Option<Timestamp> {
        if self.is_closed() {
            return None;
        }
        let unsettled = (!self.is_settled()).then(|| self.changed_at + GRACE);
        [unsettled, self.remind_at, self.deadline].into_iter().flatten().min()
    }
}
