//! Shared devices as their pages and whoever runs the family see them.

use types::Scope;
use wire::{customer::v1 as pb, order::v1 as order};

use super::{Clock, People, Person, clock::moment, device, person::names};

/// What a shared device may be, for choosing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// In forms.
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    pub(crate) emoji: &'static str,
    kind: pb::DeviceKind,
}

pub(crate) const KINDS: [Kind; 3] = [
    Kind {
        slug: "counter",
        name: "Counter",
        says: "baristas switch by PIN",
        emoji: "☕",
        kind: pb::DeviceKind::Counter,
    },
    Kind {
        slug: "display",
        name: "Display",
        says: "shows what is ready",
        emoji: "📺",
        kind: pb::DeviceKind::Display,
    },
    Kind {
        slug: "kiosk",
        name: "Kiosk",
        says: "children order with pictures",
        emoji: "🧒",
        kind: pb::DeviceKind::Kiosk,
    },
];

impl Kind {
    /// As a form names it.
    pub(crate) fn named(slug: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.slug == slug)
    }

    pub(crate) fn of(kind: pb::DeviceKind) -> Option<Self> {
        KINDS.into_iter().find(|known| known.kind == kind)
    }

    pub(crate) const fn wire(self) -> pb::DeviceKind {
        self.kind
    }

    /// What the sign-ins of such a device are for.
    pub(crate) fn scope(self) -> Option<Scope> {
        Scope::parse(self.slug)
    }
}

/// A device in the list of whoever runs the family.
#[derive(Debug, Clone)]
pub(crate) struct SharedDevice {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) emoji: &'static str,
    /// "iPad, Safari"
    pub(crate) says: String,
    /// "Used 14:05, paired Fri 12:00 by Mia"
    pub(crate) when: String,
    /// Who is signed in at it.
    pub(crate) who: Option<Person>,
}

impl SharedDevice {
    pub(crate) fn new(device: &pb::Device, people: &People, clock: &Clock) -> Self {
        let kind = Kind::of(device.kind());
        let pb::Device { id, name, kind: _, says, paired_by, paired_at, last_used_at, member_id } =
            device;
        let say = |at: &Option<prost_types::Timestamp>| {
            let at = at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
            at.map(|at| clock.say(at))
        };
        let used = match say(last_used_at) {
            Some(used) => format!("Used {used}"),
            None => "Not signed in".to_owned(),
        };
        let paired = say(paired_at).unwrap_or_default();
        Self {
            id: id.clone(),
            name: name.clone(),
            kind: kind.map_or("Device", |kind| kind.name),
            emoji: kind.map_or("📱", |kind| kind.emoji),
            says: device::name(says),
            when: format!("{used}, paired {paired} by {}", people.get(paired_by).name),
            who: (!member_id.is_empty()).then(|| people.get(member_id)),
        }
    }
}

/// What asks under a code.
#[derive(Debug, Clone)]
pub(crate) struct AskingDevice {
    pub(crate) code: String,
    pub(crate) says: String,
    /// "just now", "4 min"
    pub(crate) ago: String,
}

impl AskingDevice {
    pub(crate) fn new(pairing: &pb::Pairing, clock: &Clock) -> Self {
        let pb::Pairing { user_code, device: says, asked_at, expires_at: _ } = pairing;
        let asked = asked_at.as_ref().and_then(|at| moment(at.seconds, at.nanos));
        let ago = asked.map(|at| match clock.minutes_since(at) {
            0 => "just now".to_owned(),
            minutes => format!("{minutes} min ago"),
        });
        Self { code: user_code.clone(), says: device::name(says), ago: ago.unwrap_or_default() }
    }
}

/// Somebody who may say at a shared device who they are.
pub(crate) fn person(face: &pb::Face) -> Person {
    Person::new(&face.id, &face.name, &face.emoji, &face.colour)
}

/// Who may sign in there.
pub(crate) fn who_may(faces: &[pb::Face]) -> Vec<Person> {
    faces.iter().filter(|face| face.may_sign_in).map(person).collect()
}

/// The columns of a display.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// "next", "making" or "ready"; also its class.
    pub(crate) class: &'static str,
    pub(crate) name: &'static str,
    pub(crate) orders: Vec<ShownOrder>,
    /// How many more there are than fit.
    pub(crate) more: usize,
}

/// An order on a display.
#[derive(Debug, Clone)]
pub(crate) struct ShownOrder {
    pub(crate) number: i32,
    pub(crate) people: Vec<Person>,
    /// "Mia and Leo"
    pub(crate) names: String,
}

/// More than this nobody reads across a kitchen.
const MOST: usize = 6;

/// What a display shows, longest waiting first; of what is ready the newest first.
pub(crate) fn shown(orders: &[order::DisplayedOrder], people: &People) -> Vec<Shown> {
    use order::OrderState as S;
    let column = |class, name, state| {
        let mut of_state: Vec<_> = orders.iter().filter(|order| order.state() == state).collect();
        if state == S::Ready {
            of_state.reverse();
        }
        let more = of_state.len().saturating_sub(MOST);
        let orders = of_state.into_iter().take(MOST).map(|order| one(order, people)).collect();
        Shown { class, name, orders, more }
    };
    vec![
        column("ready", "Ready", S::Ready),
        column("making", "In the making", S::Preparing),
        column("next", "Next", S::Queued),
    ]
}

fn one(order: &order::DisplayedOrder, people: &People) -> ShownOrder {
    let order::DisplayedOrder { number, state: _, member_ids, guests } = order;
    let members = member_ids.iter().map(|id| people.get(id));
    let people: Vec<Person> =
        members.chain(guests.iter().map(|guest| Person::guest(guest))).collect();
    ShownOrder { number: *number, names: names(&people), people }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_calls_people_by_name_and_no_more_than_fit() {
        let order = |number, state: order::OrderState, guests: &[&str]| order::DisplayedOrder {
            number,
            state: state.into(),
            member_ids: Vec::new(),
            guests: guests.iter().map(|&guest| guest.to_owned()).collect(),
        };
        let mut orders: Vec<_> =
            (1..=8).map(|number| order(number, order::OrderState::Queued, &[])).collect();
        orders.push(order(9, order::OrderState::Ready, &["Leo"]));
        orders.push(order(10, order::OrderState::Ready, &["Leo", "Kim", "Jo"]));
        let shown = shown(&orders, &People::default());
        let [ready, making, next] = &shown[..] else { panic!("three columns") };
        assert_eq!((next.orders.len(), next.more), (6, 2));
        assert_eq!(ready.orders[0].names, "Leo, Kim and Jo");
        assert_eq!((ready.orders[1].number, ready.orders[1].names.as_str()), (9, "Leo"));
        assert!(making.orders.is_empty());
    }
}
