//! What happened, as Kafka keeps it for ever: ids, choices and numbers, never
//! names, notes or reasons.

use order_domain::{Drink, Event, Item, Order, Recipient, What};
use prost::Message as _;
use types::{EventId, Timestamp};
use wire::events::v1 as pb;

use super::time;
use crate::store::orders::NewEvent;

/// The event of an order that was just changed by it, ready to be appended.
/// The number of a new order is added by the statement that draws it.
pub(crate) fn of(order: &Order, event: &Event, traceparent: Option<String>) -> NewEvent {
    let Event { version, at, what, deadline: _, remind_at: _ } = event;
    let id = EventId::new();
    let message = pb::OrderEvent {
        event_id: id.to_string(),
        order_id: order.id.to_string(),
        version: *version,
        at: Some(time::to_wire(*at)),
        placed_by: order.placed_by.to_string(),
        revision: order.revision,
        owed_beans: order.owed().count(),
        what: Some(what_happened(order, what)),
    };
    NewEvent { id, kind: what.kind(), payload: message.encode_to_vec(), traceparent }
}

/// The bar's state or the menu changed; its key in the log is `bar` or `menu`.
pub(crate) fn of_house(
    id: EventId,
    generation: u64,
    at: Timestamp,
    change: HouseChange,
) -> Vec<u8> {
    let what = match change {
        HouseChange::Bar => pb::order_event::What::BarChanged(pb::BarChanged {}),
        HouseChange::Menu => pb::order_event::What::MenuChanged(pb::MenuChanged {}),
    };
    let message = pb::OrderEvent {
        event_id: id.to_string(),
        order_id: String::new(),
        version: generation,
        at: Some(time::to_wire(at)),
        placed_by: String::new(),
        revision: 0,
        owed_beans: 0,
        what: Some(what),
    };
    message.encode_to_vec()
}

/// What of the house changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HouseChange {
    Bar,
    Menu,
}

impl HouseChange {
    /// The event's type.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Bar => "bar_changed",
            Self::Menu => "menu_changed",
        }
    }

    /// Its key in the log.
    pub(crate) const fn stream_key(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Menu => "menu",
        }
    }
}

fn what_happened(order: &Order, what: &What) -> pb::order_event::What {
    use pb::order_event::What as W;
    match what {
        What::Held { until, items, approval } => W::Held(pb::Held {
            until: Some(time::to_wire(*until)),
            items: all(items),
            for_approval: approval.is_some(),
        }),
        What::Approved { by, until, items } => W::Approved(pb::Approved {
            by: by.to_string(),
            until: until.map(time::to_wire),
            items: all(items),
        }),
        What::Acknowledged { by } => W::Acknowledged(pb::Acknowledged { by: by.to_string() }),
        What::Placed { items } => W::Placed(pb::Placed {
            number: i32::try_from(order.number).unwrap_or(i32::MAX),
            items: all(items),
        }),
        What::Queued { settled_revision: _ } => W::Queued(pb::Queued {}),
        What::Accepted { barista } => W::Accepted(pb::Accepted { barista: barista.to_string() }),
        What::Ready { barista } => W::Ready(pb::Ready { barista: barista.to_string() }),
        What::Released => W::Released(pb::Released {}),
        What::HandedOver { from, to } => {
            W::HandedOver(pb::HandedOver { from: from.to_string(), to: to.to_string() })
        }
        What::Recalled { barista: _ } => W::Recalled(pb::Recalled {}),
        What::Completed { barista: _ } => W::Completed(pb::Completed { items: live(order) }),
        What::Rejected { because } => W::Rejected(pb::Rejected { code: because.code().to_owned() }),
        What::Declined { by: _, reason: _ } => W::Declined(pb::Declined {}),
        What::Cancelled { by, reason: _ } => W::Cancelled(pb::Cancelled { by: by.to_string() }),
        What::Expired => W::Expired(pb::Expired {}),
        What::Uncollected { barista: _, pick_up_until: _ } => {
            W::Uncollected(pb::Uncollected { items: live(order) })
        }
        What::Amended { items } => W::Amended(pb::Amended { items: all(items) }),
        What::ItemTicked { line, ticked } => {
            W::ItemTicked(pb::ItemTicked { line: number(*line), ticked: *ticked })
        }
        What::ItemStruck { line, reason: _ } => {
            W::ItemStruck(pb::ItemStruck { line: number(*line) })
        }
        What::ItemReplaced { item } => W::ItemReplaced(pb::ItemReplaced { item: Some(one(item)) }),
        What::Forgiven { by } => W::Forgiven(pb::Forgiven { by: by.to_string() }),
        What::Settled { revision } => W::Settled(pb::Settled { settled_revision: *revision }),
    }
}

fn all(items: &[Item]) -> Vec<pb::Item> {
    items.iter().map(one).collect()
}

fn live(order: &Order) -> Vec<pb::Item> {
    order.live_items().map(one).collect()
}

fn one(item: &Item) -> pb::Item {
    let Item { line, drink, note: _, recipient, ticked: _, struck: _, replaced: _, warnings: _ } =
        item;
    let Drink {
        menu_item,
        slug,
        name: _,
        size,
        milk,
        extras,
        summary: _,
        price,
        caffeine_mg,
        allergens: _,
        bite: _,
    } = drink;
    pb::Item {
        line: number(*line),
        menu_item_id: menu_item.to_string(),
        slug: slug.clone(),
        size: size.clone(),
        milk: milk.clone().unwrap_or_default(),
        extras: extras.clone(),
        member_id: match recipient {
            Recipient::Member(member) => member.to_string(),
            Recipient::Guest(_) => String::new(),
        },
        price_beans: price.count(),
        caffeine_mg: number(*caffeine_mg),
    }
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
