//! A small menu, a family, and an order at any point of its life.

use chrono::TimeDelta;
use types::{Beans, MemberId, MenuItemId, OrderId, Role, Timestamp};

use crate::{
    Actor, Ask, Choice, Command, Drink, DrinkRequest, Event, Menu, MenuItem, NewOrder, Order,
    Outcome, Permission, Reader, Recipient, Rejection, Size, Waits, Wards, Wish,
};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

pub(super) fn menu() -> Menu {
    let choice = |slug: &str, name: &str, price, caffeine_mg, allergens: &[&str]| Choice {
        slug: slug.to_owned(),
        name: name.to_owned(),
        price: Beans::new(price),
        caffeine_mg,
        allergens: allergens.iter().map(|allergen| (*allergen).to_owned()).collect(),
    };
    let size = |slug: &str, name: &str, price, caffeine_percent| Size {
        slug: slug.to_owned(),
        name: name.to_owned(),
        price: Beans::new(price),
        caffeine_percent,
    };
    let item = |slug: &str, price, caffeine_mg, milks, extras| MenuItem {
        id: MenuItemId::default(),
        slug: slug.to_owned(),
        name: slug.replace('-', " "),
        description: String::new(),
        category: "coffee".to_owned(),
        emoji: "☕".to_owned(),
        price: Beans::new(price),
        caffeine_mg,
        allergens: vec![],
        sizes: vec![size("small", "Small", 0, 100), size("large", "Large", 1, 150)],
        milks,
        extras,
    };
    let milks = vec![
        choice("whole", "Whole milk", 0, 0, &["milk"]),
        choice("oat", "Oat milk", 1, 0, &["oats"]),
    ];
    let extras =
        vec![choice("shot", "Extra shot", 2, 65, &[]), choice("cinnamon", "Cinnamon", 0, 0, &[])];
    Menu {
        items: vec![
            item("flat-white", 3, 130, milks, extras),
            item("espresso", 2, 65, vec![], vec![]),
        ],
        sold_out: vec![],
    }
}

pub(super) fn request(slug: &str) -> DrinkRequest {
    DrinkRequest { menu_item: slug.to_owned(), ..DrinkRequest::default() }
}

pub(super) fn wish(slug: &str, member: MemberId) -> Wish {
    let drink = Drink::parse(&menu(), &request(slug), at(0)).unwrap();
    // The same item every time, whatever menu it came from.
    let menu_item = "itm_00000000000000000000000001".parse().unwrap();
    let drink = Drink { menu_item, ..drink };
    let recipient = Recipient::Member(member);
    Wish { drink, note: slug.to_owned(), recipient, warnings: vec![] }
}

/// One person of each kind.
pub(super) struct Family {
    pub(super) customer: MemberId,
    pub(super) barista: MemberId,
    pub(super) other_barista: MemberId,
    pub(super) admin: MemberId,
    pub(super) stranger: MemberId,
    pub(super) guardian: MemberId,
}

impl Family {
    pub(super) fn new() -> Self {
        Self {
            customer: MemberId::new(),
            barista: MemberId::new(),
            other_barista: MemberId::new(),
            admin: MemberId::new(),
            stranger: MemberId::new(),
            guardian: MemberId::new(),
        }
    }

    pub(super) fn reader(&self, member: MemberId) -> Reader {
        let role = if member == self.admin {
            Role::Admin
        } else if member == self.barista || member == self.other_barista {
            Role::Barista
        } else {
            Role::Member
        };
        // The customer is a child.
        let wards = if member == self.guardian { vec![self.customer] } else { vec![] };
        Reader { member, roles: [Role::Member, role].into(), wards: Wards::from(wards) }
    }

    pub(super) fn everybody(&self) -> [MemberId; 6] {
        let Self { customer, barista, other_barista, admin, stranger, guardian } = *self;
        [customer, barista, other_barista, admin, stranger, guardian]
    }

    pub(super) fn actor(&self, member: MemberId) -> Actor {
        Actor::Person(self.reader(member))
    }

    pub(super) fn order(&self, hold_until: Option<Timestamp>) -> Order {
        self.order_asking(hold_until, None)
    }

    /// One that waits for the guardian, for two hours at most.
    pub(super) fn asking(&self, hold_until: Option<Timestamp>) -> Order {
        let ask = Ask {
            children: vec![self.customer],
            guardians: vec![self.guardian],
            why: "2 drinks a day are allowed".to_owned(),
        };
        self.order_asking(hold_until, Some(ask))
    }

    fn order_asking(&self, hold_until: Option<Timestamp>, ask: Option<Ask>) -> Order {
        let wishes = vec![wish("flat-white", self.customer), wish("espresso", self.stranger)];
        let new = NewOrder {
            id: OrderId::new(),
            number: 12,
            placed_by: self.customer,
            wishes,
            hold_until,
            permission: ask.map(Permission::Asked),
        };
        Order::place(new, at(0), &Waits::default()).unwrap().0
    }

    /// An order that was queued at second 1.
    pub(super) fn queued(&self) -> Order {
        let mut order = self.order(None);
        give(&mut order, &Command::Queue { revision: 1 }, Actor::System, 1).unwrap();
        order
    }

    /// One that a barista accepted at second 2.
    pub(super) fn preparing(&self) -> Order {
        let mut order = self.queued();
        give(&mut order, &Command::Accept, self.actor(self.barista), 2).unwrap();
        order
    }

    /// And called ready at second 3.
    pub(super) fn ready(&self) -> Order {
        let mut order = self.preparing();
        give(&mut order, &Command::Ready, self.actor(self.barista), 3).unwrap();
        order
    }
}

/// Gives a command at a second, whatever the version, and applies what it changes.
pub(super) fn give(
    order: &mut Order,
    command: &Command,
    actor: impl std::borrow::Borrow<Actor>,
    second: i64,
) -> Result<Outcome<Event>, Rejection> {
    let outcome = order.decide(command, actor.borrow(), 0, at(second), &Waits::default())?;
    if let Outcome::Changed(event) = &outcome {
        order.apply(event);
    }
    Ok(outcome)
}
