//! Orders as their readers get them.

use order_domain::{
    Acknowledged, Approval, Bar, CommandKind, Drink, Item, Order, Reader, Recipient, StateKind,
};
use types::Timestamp;
use wire::order::v1 as pb;

use super::time;

/// An order with what this reader may do with it next; nobody may do nothing.
pub(crate) fn order(
    order: &Order,
    reader: Option<&Reader>,
    now: Timestamp,
    estimated_ready_at: Option<Timestamp>,
) -> pb::Order {
    let Order {
        id,
        number: day_number,
        placed_by,
        state,
        version,
        revision,
        settled_revision: _,
        items,
        next_line: _,
        placed_at,
        queued_at: _,
        accepted_at: _,
        ready_at: _,
        state_since,
        entered: _,
        changed_at: _,
        deadline,
        remind_at: _,
        forgiven_by,
        approved_by,
        acknowledged,
    } = order;
    let allowed = reader.map(|reader| order.allowed(reader, now)).unwrap_or_default();
    pb::Order {
        id: id.to_string(),
        number: number(*day_number),
        placed_by: placed_by.to_string(),
        state: state_of(state.kind()).into(),
        version: *version,
        revision: *revision,
        items: items.iter().map(item).collect(),
        price_beans: order.price().count(),
        owed_beans: order.owed().count(),
        barista: order.barista().map(|barista| barista.to_string()).unwrap_or_default(),
        reason: order.reason().unwrap_or_default().to_owned(),
        placed_at: Some(time::to_wire(*placed_at)),
        state_since: Some(time::to_wire(*state_since)),
        deadline: deadline.map(time::to_wire),
        held_until: order.held_until().map(time::to_wire),
        estimated_ready_at: estimated_ready_at.map(time::to_wire),
        allowed: allowed.into_iter().filter_map(command).map(i32::from).collect(),
        forgiven_by: forgiven_by.map(|member| member.to_string()).unwrap_or_default(),
        approval: order.approval().map(approval),
        approved_by: approved_by.map(|member| member.to_string()).unwrap_or_default(),
        acknowledged: acknowledged.map(|Acknowledged { by, at }| pb::Acknowledged {
            by: by.to_string(),
            at: Some(time::to_wire(at)),
        }),
    }
}

fn approval(approval: &Approval) -> pb::Approval {
    let Approval { children, guardians, why, then_at } = approval;
    pb::Approval {
        child_ids: children.iter().map(ToString::to_string).collect(),
        guardian_ids: guardians.iter().map(ToString::to_string).collect(),
        why: why.clone(),
        then_at: then_at.map(time::to_wire),
    }
}

/// As much of an order as a screen for everybody shows: its number, and for whom.
pub(crate) fn displayed(order: &Order) -> pb::DisplayedOrder {
    let (mut member_ids, mut guests) = (Vec::new(), Vec::new());
    for item in order.live_items() {
        let (names, name) = match &item.recipient {
            Recipient::Member(member) => (&mut member_ids, member.to_string()),
            Recipient::Guest(guest) => (&mut guests, guest.clone()),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    pb::DisplayedOrder {
        number: number(order.number),
        state: state_of(order.state.kind()).into(),
        member_ids,
        guests,
    }
}

/// One line of an order.
pub(crate) fn item(item: &Item) -> pb::Item {
    let Item { line, drink: it, note, recipient, ticked, struck, replaced, warnings } = item;
    let (member_id, guest) = match recipient {
        Recipient::Member(member) => (member.to_string(), String::new()),
        Recipient::Guest(name) => (String::new(), name.clone()),
    };
    pb::Item {
        line: number(*line),
        note: note.clone(),
        member_id,
        guest,
        ticked: *ticked,
        struck_reason: struck.clone().unwrap_or_default(),
        replaced_reason: replaced.clone().unwrap_or_default(),
        warnings: warnings.clone(),
        ..drink(it)
    }
}

/// A drink that nobody has ordered yet: only what it is, costs and contains.
pub(crate) fn drink(drink: &Drink) -> pb::Item {
    let Drink {
        menu_item,
        slug,
        name,
        size,
        milk,
        extras,
        summary,
        price,
        caffeine_mg,
        allergens,
        bite: _,
    } = drink;
    pb::Item {
        line: 0,
        menu_item_id: menu_item.to_string(),
        slug: slug.clone(),
        name: name.clone(),
        size: size.clone(),
        milk: milk.clone().unwrap_or_default(),
        extras: extras.clone(),
        summary: summary.clone(),
        note: String::new(),
        member_id: String::new(),
        guest: String::new(),
        price_beans: price.count(),
        caffeine_mg: number(*caffeine_mg),
        allergens: allergens.clone(),
        ticked: false,
        struck_reason: String::new(),
        replaced_reason: String::new(),
        warnings: Vec::new(),
    }
}

/// The state by its name on the wire.
pub(crate) const fn state_of(state: StateKind) -> pb::OrderState {
    match state {
        StateKind::Held => pb::OrderState::Held,
        StateKind::Placed => pb::OrderState::Placed,
        StateKind::Queued => pb::OrderState::Queued,
        StateKind::Preparing => pb::OrderState::Preparing,
        StateKind::Ready => pb::OrderState::Ready,
        StateKind::Completed => pb::OrderState::Completed,
        StateKind::Rejected => pb::OrderState::Rejected,
        StateKind::Declined => pb::OrderState::Declined,
        StateKind::Cancelled => pb::OrderState::Cancelled,
        StateKind::Expired => pb::OrderState::Expired,
        StateKind::Uncollected => pb::OrderState::Uncollected,
    }
}

/// The command as people know it; none for what only this service asks of itself.
const fn command(kind: CommandKind) -> Option<pb::OrderCommand> {
    Some(match kind {
        CommandKind::Accept => pb::OrderCommand::Accept,
        CommandKind::Ready => pb::OrderCommand::Ready,
        CommandKind::Release => pb::OrderCommand::Release,
        CommandKind::HandOver => pb::OrderCommand::HandOver,
        CommandKind::Recall => pb::OrderCommand::Recall,
        CommandKind::PickUp => pb::OrderCommand::PickUp,
        CommandKind::Cancel => pb::OrderCommand::Cancel,
        CommandKind::Decline => pb::OrderCommand::Decline,
        CommandKind::Forgive => pb::OrderCommand::Forgive,
        CommandKind::Amend => pb::OrderCommand::Amend,
        CommandKind::Tick => pb::OrderCommand::Tick,
        CommandKind::Strike => pb::OrderCommand::Strike,
        CommandKind::Replace => pb::OrderCommand::Replace,
        CommandKind::Approve => pb::OrderCommand::Approve,
        CommandKind::Refuse => pb::OrderCommand::Refuse,
        CommandKind::Acknowledge => pb::OrderCommand::Acknowledge,
        CommandKind::ComeDue
        | CommandKind::Queue
        | CommandKind::Reject
        | CommandKind::Expire
        | CommandKind::Uncollect
        | CommandKind::Settled => return None,
    })
}

/// The bar's state by its name on the wire.
pub(crate) const fn bar_state(bar: Bar) -> pb::BarState {
    match bar {
        Bar::Open => pb::BarState::Open,
        Bar::Paused { .. } => pb::BarState::Paused,
        Bar::Closed { .. } => pb::BarState::Closed,
    }
}

pub(super) fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
