//! The aggregate: one order and what can be said of it.

use serde::{Deserialize, Serialize};
use types::{Beans, MemberId, OrderId, Timestamp};

use crate::{Approval, Event, Item, Rejection, State, Waits, What, Wish, limits};

/// One order. It is stored as it stands here; `decide` and `apply` are the only
/// ways it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    /// The day's short number, for calling out.
    pub number: u32,
    /// Who placed it, and pays.
    pub placed_by: MemberId,
    pub state: State,
    /// Rises by one with each change.
    pub version: u64,
    /// Rises by one with each change of what it owes, and each time it is placed
    /// (anew); 0 until then. So a placed order is never settled yet.
    pub revision: i64,
    /// The newest revision whose beans are settled; 0: none.
    pub settled_revision: i64,
    pub items: Vec<Item>,
    /// The line that the next new item gets.
    pub next_line: u32,
    pub placed_at: Timestamp,
    /// When it first stood in the queue: its place there.
    pub queued_at: Option<Timestamp>,
    /// When it was last accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was last called ready.
    pub ready_at: Option<Timestamp>,
    /// When it entered the state it is in.
    pub state_since: Timestamp,
    /// The version with which it entered that state.
    pub entered: u64,
    /// When it last changed at all.
    pub changed_at: Timestamp,
    /// When the clock moves it on.
    pub deadline: Option<Timestamp>,
    /// When the barista is reminded.
    pub remind_at: Option<Timestamp>,
    pub forgiven_by: Option<MemberId>,
    /// The guardian who said yes to what passes a child's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<MemberId>,
    /// The warnings of its items were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
}

/// Who has read what must not be in an order's items, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    pub by: MemberId,
    pub at: Timestamp,
}

/// What placing needs to know.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub id: OrderId,
    pub number: u32,
    pub placed_by: MemberId,
    pub wishes: Vec<Wish>,
    /// Hold it until then.
    pub hold_until: Option<Timestamp>,
    /// What a child's limits say no to, and what a guardian said.
    pub permission: Option<Permission>,
}

/// What is done about limits that say no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// Hold it until a guardian has said yes.
    Asked(Ask),
    /// This guardian says yes, and orders it.
    Given(MemberId),
}

/// Whom to ask about what passes a child's limits, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub children: Vec<MemberId>,
    pub guardians: Vec<MemberId>,
    pub why: String,
}

impl Order {
    /// A new order, `placed` or `held`, and the event that says so.
    pub fn place(new: NewOrder, now: Timestamp, waits: &Waits) -> Result<(Self, Event), Rejection> {
        let NewOrder { id, number, placed_by, wishes, hold_until, permission } = new;
        if wishes.is_empty() || wishes.len() > limits::ITEMS {
            return Err(Rejection::WrongItemCount);
        }
        let items = lines(1, wishes);
        let hold_until = hold_until.filter(|until| *until > now);
        let (approval, approved_by) = match permission {
            None => (None, None),
            Some(Permission::Given(by)) => (None, Some(by)),
            Some(Permission::Asked(Ask { children, guardians, why })) => {
                (Some(Approval { children, guardians, why, then_at: hold_until }), None)
            }
        };
        let until = match &approval {
            Some(_) => Some(waits.approval_until(now, hold_until)),
            None => hold_until,
        };
        let (state, what) = match until {
            Some(until) => (
                State::Held { until, approval: approval.clone() },
                What::Held { until, items, approval },
            ),
            None => (State::Placed, What::Placed { items }),
        };
        let mut order = Self {
            id,
            number,
            placed_by,
            state: state.clone(),
            version: 0,
            revision: 0,
            settled_revision: 0,
            items: Vec::new(),
            next_line: 1,
            placed_at: now,
            queued_at: None,
            accepted_at: None,
            ready_at: None,
            state_since: now,
            entered: 0,
            changed_at: now,
            deadline: None,
            remind_at: None,
            forgiven_by: None,
            approved_by,
            acknowledged: None,
        };
        let event = Event {
            version: 1,
            at: now,
            what,
            deadline: waits.deadline(&state, now),
            remind_at: waits.remind_at(&state, now),
        };
        order.apply(&event);
        Ok((order, event))
    }

    /// The items that were not struck.
    pub fn live_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.is_live())
    }

    /// What its live items are made of.
    pub fn live_wishes(&self) -> Vec<Wish> {
        self.live_items().map(Item::wish).collect()
    }

    /// An item by its line.
    pub fn item(&self, line: u32) -> Option<&Item> {
        self.items.iter().find(|item| item.line == line)
    }

    /// What its live items cost.
    pub fn price(&self) -> Beans {
        self.live_items().map(|item| item.drink.price).sum()
    }

    /// What its live items hold, in mg.
    pub fn caffeine_mg(&self) -> u32 {
        self.live_items().map(|item| item.drink.caffeine_mg).sum()
    }

    /// What it owes: a function of its state and its items.
    pub fn owed(&self) -> Beans {
        match self.state {
            State::Placed | State::Queued | State::Preparing { .. } | State::Ready { .. } => {
                self.price()
            }
            State::Completed { .. } | State::Uncollected { .. } => match self.forgiven_by {
                Some(_) => Beans::ZERO,
                None => self.price(),
            },
            State::Held { .. }
            | State::Rejected { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired => Beans::ZERO,
        }
    }

    /// Whether what it owes now has been settled.
    pub const fn is_settled(&self) -> bool {
        self.settled_revision == self.revision
    }

    pub const fn is_final(&self) -> bool {
        self.state.kind().is_final()
    }

    /// Final and settled: nobody has anything to do about it any more.
    pub const fn is_closed(&self) -> bool {
        self.is_final() && self.is_settled()
    }

    /// Who makes or made it.
    pub const fn barista(&self) -> Option<MemberId> {
        match self.state {
            State::Preparing { barista }
            | State::Ready { barista }
            | State::Completed { barista }
            | State::Uncollected { barista, .. } => Some(barista),
            State::Held { .. }
            | State::Placed
            | State::Queued
            | State::Rejected { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired => None,
        }
    }

    /// Why it ended as it did, for its customer to read.
    pub fn reason(&self) -> Option<&str> {
        match &self.state {
            State::Declined { reason, .. } | State::Cancelled { reason, .. } => {
                (!reason.is_empty()).then_some(reason)
            }
            State::Rejected { because } => Some(because.text()),
            State::Held { .. }
            | State::Placed
            | State::Queued
            | State::Preparing { .. }
            | State::Ready { .. }
            | State::Completed { .. }
            | State::Expired
            | State::Uncollected { .. } => None,
        }
    }

    /// Whether somebody must still read what must not be in it.
    pub fn has_unread_warnings(&self) -> bool {
        self.acknowledged.is_none() && self.has_warnings()
    }

    pub(crate) fn has_warnings(&self) -> bool {
        self.live_items().any(|item| !item.warnings.is_empty())
    }

    /// What it waits for beside its time.
    pub const fn approval(&self) -> Option<&Approval> {
        match &self.state {
            State::Held { approval, .. } => approval.as_ref(),
            State::Placed
            | State::Queued
            | State::Preparing { .. }
            | State::Ready { .. }
            | State::Completed { .. }
            | State::Rejected { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired
            | State::Uncollected { .. } => None,
        }
    }

    /// Until when it is held once nobody has to say yes any more.
    pub const fn held_until(&self) -> Option<Timestamp> {
        match &self.state {
            State::Held { approval: Some(approval), .. } => approval.then_at,
            State::Held { until, approval: None } => Some(*until),
            State::Placed
            | State::Queued
            | State::Preparing { .. }
            | State::Ready { .. }
            | State::Completed { .. }
            | State::Rejected { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired
            | State::Uncollected { .. } => None,
        }
    }

    /// The members for whom an item is, each once, in the order of the lines.
    pub fn recipients(&self) -> Vec<MemberId> {
        let mut members = Vec::new();
        for item in self.live_items() {
            if let crate::Recipient::Member(member) = item.recipient
                && !members.contains(&member)
            {
                members.push(member);
            }
        }
        members
    }

    /// These wishes as new lines of this order.
    pub(crate) fn new_lines(&self, wishes: &[Wish]) -> Result<Vec<Item>, Rejection> {
        if wishes.is_empty() || wishes.len() > limits::ITEMS {
            return Err(Rejection::WrongItemCount);
        }
        Ok(lines(self.next_line, wishes.to_vec()))
    }
}

fn lines(first: u32, wishes: Vec<Wish>) -> Vec<Item> {
    (first..).zip(wishes).map(|(line, wish)| Item::new(line, wish)).collect()
}
