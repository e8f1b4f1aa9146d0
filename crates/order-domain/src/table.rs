//! The table of an order's life as data and as Markdown, read off `decide` by
//! asking it, so that no document says anything else.

use std::fmt::Write;

use types::{Beans, MemberId, MenuItemId, OrderId, Role, Timestamp};

use crate::{
    Actor, Approval, Because, By, CommandKind, Drink, NewOrder, Order, Outcome, Reader, Recipient,
    State, StateKind, Waits, Wards, Wish,
};

/// What a command does in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The order enters another state, or this one anew.
    Enters(StateKind),
    /// The order changes and stays in its state.
    Changes,
    /// It is so already.
    AlreadySo,
    /// Nobody may, by this code.
    Refused(&'static str),
}

/// One pair of state and command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub state: StateKind,
    pub command: CommandKind,
    pub then: Then,
    /// Who may give it, in letters: C who placed it, H the barista who has it,
    /// B any barista, A an admin, G a guardian, S the order service.
    pub by: Vec<&'static str>,
}

struct Cast {
    placer: MemberId,
    holder: MemberId,
    other: MemberId,
    admin: MemberId,
    guardian: MemberId,
}

impl Cast {
    fn actors(&self) -> [(&'static str, Actor, MemberId); 6] {
        let person = |member, role| {
            // The child is who placed it.
            let wards = if member == self.guardian { vec![self.placer] } else { vec![] };
            Actor::Person(Reader { member, roles: [role].into(), wards: Wards::from(wards) })
        };
        [
            ("C", person(self.placer, Role::Member), self.placer),
            ("H", person(self.holder, Role::Barista), self.holder),
            ("B", person(self.other, Role::Barista), self.other),
            ("A", person(self.admin, Role::Admin), self.admin),
            ("G", person(self.guardian, Role::Member), self.guardian),
            ("S", Actor::System, self.placer),
        ]
    }

    fn state(&self, kind: StateKind, asks: bool, now: Timestamp) -> State {
        let barista = self.holder;
        let reason = String::new();
        match kind {
            StateKind::Held => State::Held {
                until: now,
                approval: asks.then(|| Approval {
                    children: vec![self.placer],
                    guardians: vec![self.guardian],
                    why: String::new(),
                    then_at: None,
                }),
            },
            StateKind::Placed => State::Placed,
            StateKind::Queued => State::Queued,
            StateKind::Preparing => State::Preparing { barista },
            StateKind::Ready => State::Ready { barista },
            StateKind::Completed => State::Completed { barista },
            StateKind::Rejected => State::Rejected { because: Because::NotSettledInTime },
            StateKind::Declined => State::Declined { by: By::Member(barista), reason },
            StateKind::Cancelled => State::Cancelled { by: By::System, reason },
            StateKind::Expired => State::Expired,
            StateKind::Uncollected => State::Uncollected { barista, pick_up_until: now },
        }
    }
}

/// An order of two plain items, for asking the table.
fn sample(cast: &Cast, now: Timestamp) -> Option<Order> {
    let drink = Drink {
        menu_item: MenuItemId::default(),
        slug: "flat-white".to_owned(),
        name: "Flat white".to_owned(),
        size: "small".to_owned(),
        milk: None,
        extras: vec![],
        summary: String::new(),
        price: Beans::new(3),
        caffeine_mg: 130,
        allergens: vec![],
        bite: false,
    };
    let recipient = Recipient::Member(cast.placer);
    let wish = Wish { drink, note: String::new(), recipient, warnings: vec![] };
    let new = NewOrder {
        id: OrderId::default(),
        number: 1,
        placed_by: cast.placer,
        wishes: vec![wish.clone(), wish],
        hold_until: None,
        permission: None,
    };
    Order::place(new, now, &Waits::default()).ok().map(|(order, _)| order)
}

/// Every pair of state and command, states first, both in their own order.
pub fn table() -> Vec<Row> {
    let now = Timestamp::UNIX_EPOCH;
    let cast = Cast {
        placer: MemberId::default(),
        holder: MemberId::default(),
        other: MemberId::default(),
        admin: MemberId::default(),
        guardian: MemberId::default(),
    };
    let Some(fresh) = sample(&cast, now) else { return vec![] };
    let mut rows = Vec::new();
    for state in StateKind::ALL {
        for command in CommandKind::all() {
            let mut order = fresh.clone();
            // What it is about must be there: a question, or a warning.
            let asks = matches!(command, CommandKind::Approve | CommandKind::Refuse);
            order.state = cast.state(state, asks, now);
            if command == CommandKind::Acknowledge {
                order.items.iter_mut().for_each(|item| item.warnings = vec!["no nuts".to_owned()]);
            }
            rows.push(ask(&order, command, &cast, now));
        }
    }
    rows
}

fn ask(order: &Order, kind: CommandKind, cast: &Cast, now: Timestamp) -> Row {
    let state = order.state.kind();
    let mut row = Row { state, command: kind, then: Then::Refused("not-allowed"), by: vec![] };
    for (letter, actor, giver) in cast.actors() {
        let Some(command) = order.example(kind, giver) else { continue };
        match order.decide(&command, &actor, 0, now, &Waits::default()) {
            Ok(Outcome::Changed(event)) => {
                row.then = order
                    .state_after(&event.what)
                    .map_or(Then::Changes, |next| Then::Enters(next.kind()));
                row.by.push(letter);
            }
            Ok(Outcome::AlreadySo) => {
                if row.by.is_empty() {
                    row.then = Then::AlreadySo;
                }
            }
            Err(rejection) => {
                if row.by.is_empty() && matches!(row.then, Then::Refused("not-allowed")) {
                    row.then = Then::Refused(rejection.code());
                }
            }
        }
    }
    // "Any barista" holds the one who has it, and an admin may what a barista may.
    if row.by.contains(&"B") {
        row.by.retain(|letter| !matches!(*letter, "H" | "A"));
    }
    row
}

/// The table for people: a row for each command, a column for each state.
pub fn markdown() -> String {
    let rows = table();
    let mut text = String::from("| |");
    for state in StateKind::ALL {
        let _ = write!(text, " {state} |");
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(StateKind::ALL.len()));
    for command in CommandKind::all() {
        let _ = write!(text, "\n| **{command}** |");
        for row in rows.iter().filter(|row| row.command == command) {
            let by = row.by.join(" ");
            let _ = match row.then {
                Then::Enters(next) => write!(text, " → {next} ({by}) |"),
                Then::Changes => write!(text, " ✓ ({by}) |"),
                Then::AlreadySo => write!(text, " = |"),
                Then::Refused(_) => write!(text, " |"),
            };
        }
    }
    text.push_str(
        "\n\n→ enters that state, ✓ changes the order within its state, = is so already and a \
         success, empty: refused with a named rejection. C: who placed it, H: the barista who \
         has it, B: any barista (and admins), A: an admin, G: a guardian of the child \
         whose limits it passes, S: the order service itself. An order whose items have warnings \
         is accepted and called ready only once they were acknowledged.\n",
    );
    text
}
