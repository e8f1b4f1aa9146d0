//! What an order remembers of people besides their ids: notes, guests' names,
//! and what a barista said to somebody.

use types::MemberId;

use crate::{Order, Recipient, State};

/// What is put where somebody's words were and something has to stand.
pub const REMOVED: &str = "removed";
/// A guest whose name is forgotten.
const SOME_GUEST: &str = "Guest";

impl Order {
    /// Forgets what it knows of somebody who left: whatever was said with it, if
    /// they placed it, and else about their own items. Prices and choices stay.
    pub fn forget(&mut self, member: MemberId) {
        let placed = self.placed_by == member;
        for item in &mut self.items {
            if !placed && item.recipient != Recipient::Member(member) {
                continue;
            }
            item.note.clear();
            if item.recipient == Recipient::Member(member) {
                item.warnings.clear();
            }
            if let Recipient::Guest(name) = &mut item.recipient {
                SOME_GUEST.clone_into(name);
            }
            for reason in item.struck.iter_mut().chain(&mut item.replaced) {
                REMOVED.clone_into(reason);
            }
        }
        if placed
            && let State::Declined { reason, .. } | State::Cancelled { reason, .. } =
                &mut self.state
        {
            reason.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use types::{Beans, MenuItemId, OrderId, Timestamp};

    use super::*;
    use crate::{By, Drink, NewOrder, Waits, Wish};

    fn drink() -> Drink {
        Drink {
            menu_item: MenuItemId::default(),
            slug: "latte".to_owned(),
            name: "Latte".to_owned(),
            size: "small".to_owned(),
            milk: None,
            extras: vec![],
            summary: "small".to_owned(),
            price: Beans::new(3),
            caffeine_mg: 63,
            allergens: vec![],
            bite: false,
        }
    }

    #[test]
    fn of_who_left_choices_and_numbers_stay_and_nothing_that_was_said() {
        let (mia, ben) = (MemberId::new(), MemberId::new());
        let wish = |recipient, note: &str| Wish {
            drink: drink(),
            note: note.to_owned(),
            recipient,
            warnings: vec!["no nuts".to_owned()],
        };
        let new = NewOrder {
            id: OrderId::new(),
            number: 7,
            placed_by: mia,
            wishes: vec![
                wish(Recipient::Member(mia), "in my cup"),
                wish(Recipient::Member(ben), "he likes it hot"),
                wish(Recipient::Guest("Zoe".to_owned()), ""),
            ],
            hold_until: None,
            permission: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        let (mut order, _) = Order::place(new, now, &Waits::default()).unwrap();
        order.items[1].struck = Some("Mia drank the milk".to_owned());
        order.state = State::Cancelled { by: By::Member(mia), reason: "I am ill".to_owned() };
        let price = order.price();

        // For Ben only his own item is touched.
        let mut bens = order.clone();
        bens.forget(ben);
        assert_eq!(bens.items[0], order.items[0]);
        assert_eq!(
            (bens.items[1].note.as_str(), bens.items[1].struck.as_deref()),
            ("", Some(REMOVED))
        );
        assert_eq!(bens.state, order.state);

        order.forget(mia);
        let text = format!("{order:?}");
        for said in ["my cup", "hot", "Zoe", "drank", "ill"] {
            assert!(!text.contains(said), "{said} in {text}");
        }
        assert!(order.items[0].warnings.is_empty(), "what must not be in her cup is hers");
        assert_eq!((order.price(), order.items.len(), order.placed_by), (price, 3, mia));
        assert!(!order.items[1].is_live(), "what was struck stays struck");
    }
}
