//! What happened to an order.

use serde::{Deserialize, Serialize};
use types::{MemberId, Timestamp};

use crate::{Approval, Because, By, Item};

/// One change: enough to apply it without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The order's version after it.
    pub version: u64,
    pub at: Timestamp,
    pub what: What,
    /// When the clock moves the order on, if this event entered a state.
    pub deadline: Option<Timestamp>,
    /// When the barista is reminded, if this event entered a state.
    pub remind_at: Option<Timestamp>,
}

impl Event {
    /// The event's stable name, "accepted".
    pub const fn kind(&self) -> &'static str {
        self.what.kind()
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    Held {
        until: Timestamp,
        items: Vec<Item>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Approval>,
    },
    /// A guardian said yes: held until a time, or placed.
    Approved {
        by: MemberId,
        until: Option<Timestamp>,
        items: Vec<Item>,
    },
    Placed {
        items: Vec<Item>,
    },
    Queued {
        settled_revision: i64,
    },
    Accepted {
        barista: MemberId,
    },
    Ready {
        barista: MemberId,
    },
    Released,
    HandedOver {
        from: MemberId,
        to: MemberId,
    },
    Recalled {
        barista: MemberId,
    },
    Completed {
        barista: MemberId,
    },
    Rejected {
        because: Because,
    },
    Declined {
        by: By,
        reason: String,
    },
    Cancelled {
        by: By,
        reason: String,
    },
    Expired,
    Uncollected {
        barista: MemberId,
        pick_up_until: Timestamp,
    },
    Amended {
        items: Vec<Item>,
    },
    ItemTicked {
        line: u32,
        ticked: bool,
    },
    ItemStruck {
        line: u32,
        reason: String,
    },
    ItemReplaced {
        item: Box<Item>,
    },
    Forgiven {
        by: MemberId,
    },
    Settled {
        revision: i64,
    },
    /// Whoever is at the counter has read what must not be in it.
    Acknowledged {
        by: MemberId,
    },
}

impl What {
    /// Every kind, for documents and metrics.
    pub const KINDS: [&'static str; 22] = [
        "held",
        "approved",
        "placed",
        "queued",
        "accepted",
        "ready",
        "released",
        "handed_over",
        "recalled",
        "completed",
        "rejected",
        "declined",
        "cancelled",
        "expired",
        "uncollected",
        "amended",
        "item_ticked",
        "item_struck",
        "item_replaced",
        "forgiven",
        "settled",
        "acknowledged",
    ];

    /// The stable name: the event's type in the log, in Kafka and on the live feed.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Approved { .. } => "approved",
            Self::Placed { .. } => "placed",
            Self::Queued { .. } => "queued",
            Self::Accepted { .. } => "accepted",
            Self::Ready { .. } => "ready",
            Self::Released => "released",
            Self::HandedOver { .. } => "handed_over",
            Self::Recalled { .. } => "recalled",
            Self::Completed { .. } => "completed",
            Self::Rejected { .. } => "rejected",
            Self::Declined { .. } => "declined",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired => "expired",
            Self::Uncollected { .. } => "uncollected",
            Self::Amended { .. } => "amended",
            Self::ItemTicked { .. } => "item_ticked",
            Self::ItemStruck { .. } => "item_struck",
            Self::ItemReplaced { .. } => "item_replaced",
            Self::Forgiven { .. } => "forgiven",
            Self::Settled { .. } => "settled",
            Self::Acknowledged { .. } => "acknowledged",
        }
    }

    /// Whether the order's workflow has anything to do about it; ticking an item,
    /// having read its warnings and having settled are no news to it.
    pub fn concerns_the_workflow(kind: &str) -> bool {
        !matches!(kind, "item_ticked" | "acknowledged" | "settled")
    }
}
