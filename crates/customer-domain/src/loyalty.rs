//! Loyalty: every tenth coffee is free. Whatever was drunk is a coffee, with
//! caffeine or without, and counts for whom it was. The count is a function of
//! the *set* of events, and never sinks: an order counts with as many drinks for
//! somebody as it ever served them. So every n-th coffee is passed once, whatever
//! the order of arrival, and its reward is decided then and never again.

use std::collections::BTreeMap;

use types::{Beans, MemberId};

use crate::{ledger::SettlementState, stats::Drink};

/// So many coffees fill a card; the last of them is free.
pub const FREE_EVERY: u64 = 10;

/// What an event says about the cards: the prices of each member's drinks, in
/// the order of their lines.
pub fn drinks(served: &[Drink]) -> BTreeMap<MemberId, Vec<Beans>> {
    let mut all: BTreeMap<MemberId, Vec<Beans>> = BTreeMap::new();
    for drink in served {
        if let Some(member) = drink.member {
            all.entry(member).or_default().push(drink.price);
        }
    }
    all
}

/// Which coffees are free, when the count goes from `before` to `after`: 10, 20, …
pub fn free(before: u64, after: u64) -> impl Iterator<Item = u64> {
    (before / FREE_EVERY + 1..=after / FREE_EVERY).map(|card| card * FREE_EVERY)
}

/// What the ledger calls the n-th coffee: each is given once.
pub fn cause(nth: u64) -> String {
    format!("coffee-{nth}")
}

/// What comes back for a free coffee: its price, and never more than its order
/// cost. Nothing where nothing was paid: at a free bar, or after it was forgiven.
pub fn worth(price: Beans, paid: Option<SettlementState>) -> Beans {
    price.min(paid.map_or(Beans::ZERO, |order| order.charged())).max(Beans::ZERO)
}

/// A member's stamp card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// On the present card.
    pub stamps: u64,
    /// So many fill it.
    pub of: u64,
    /// Cards that were filled.
    pub filled: u64,
}

/// The card after so many coffees.
pub const fn card(coffees: u64) -> Card {
    Card { stamps: coffees % FREE_EVERY, of: FREE_EVERY, filled: coffees / FREE_EVERY }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*};
    use types::{MenuItemId, OrderId};

    use super::*;
    use crate::ledger::Standing;

    /// That an order was made.
    #[derive(Debug, Clone)]
    struct Served {
        order: OrderId,
        drinks: Vec<Drink>,
    }

    /// The projection in miniature, and beside it what was decided.
    #[derive(Default)]
    struct Book {
        stamps: BTreeMap<(MemberId, OrderId), usize>,
        decided: BTreeSet<(MemberId, u64)>,
        booked: usize,
    }

    impl Book {
        fn count(&self, member: MemberId) -> u64 {
            let his = self.stamps.iter().filter(|((of, _), _)| *of == member);
            his.map(|(_, drinks)| *drinks as u64).sum()
        }

        fn take_in(&mut self, served: &Served) {
            for (member, prices) in drinks(&served.drinks) {
                let before = self.count(member);
                let seen = self.stamps.entry((member, served.order)).or_default();
                *seen = prices.len().max(*seen);
                for nth in free(before, self.count(member)) {
                    self.booked += usize::from(self.decided.insert((member, nth)));
                }
            }
        }
    }

    fn id(n: usize) -> String {
        format!("0000000000000000000000000{n}")
    }

    /// A set of events: at most one per order and version.
    fn events() -> impl Strategy<Value = Vec<Served>> {
        let event = (0..9_usize, 1..4_u64, vec(0..2_usize, 0..9));
        vec(event, 0..16).prop_map(|all| {
            let mut set = BTreeMap::new();
            for (order, version, members) in all {
                let drink = |member| Drink {
                    member: Some(format!("mem_{}", id(member)).parse().unwrap()),
                    guest: false,
                    item: format!("itm_{}", id(7)).parse::<MenuItemId>().unwrap(),
                    slug: "latte".to_owned(),
                    caffeine_mg: 0,
                    price: Beans::new(3),
                };
                let served = Served {
                    order: format!("ord_{}", id(order)).parse().unwrap(),
                    drinks: members.into_iter().map(drink).collect(),
                };
                set.insert((order, version), served);
            }
            set.into_values().collect()
        })
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_and_any_replays_give_the_same_rewards(
            (set, one, other) in events().prop_flat_map(|set| {
                let twice: Vec<Served> = set.iter().chain(&set).cloned().collect();
                (Just(set), Just(twice.clone()).prop_shuffle(), Just(twice).prop_shuffle())
            }),
        ) {
            let mut first = Book::default();
            let mut second = Book::default();
            for event in &one {
                first.take_in(event);
            }
            for event in &other {
                second.take_in(event);
            }
            prop_assert_eq!(&first.decided, &second.decided);
            prop_assert_eq!(&first.stamps, &second.stamps);
            let members: BTreeSet<MemberId> = first.stamps.keys().map(|(of, _)| *of).collect();
            let due: u64 = members.iter().map(|member| first.count(*member) / FREE_EVERY).sum();
            prop_assert_eq!(first.booked as u64, due);

            // A rebuild empties the count, not what was decided.
            let (stamps, booked) = (first.stamps.clone(), first.booked);
            first.stamps.clear();
            for event in set.iter().rev() {
                first.take_in(event);
            }
            prop_assert_eq!(first.stamps, stamps);
            prop_assert_eq!(first.booked, booked);
        }

        #[test]
        fn each_tenth_is_passed_once_in_whatever_steps(steps in vec(0..25_u64, 0..20)) {
            let mut count = 0;
            let mut passed = vec![];
            for step in steps {
                passed.extend(free(count, count + step));
                count += step;
            }
            let all: Vec<u64> = (1..=count / FREE_EVERY).map(|card| card * FREE_EVERY).collect();
            prop_assert_eq!(passed, all);
        }
    }

    #[test]
    fn a_free_coffee_gives_back_what_was_paid_and_no_more() {
        let paid = |standing, owed| {
            Some(SettlementState {
                payer: MemberId::new(),
                revision: 1,
                owed: Beans::new(owed),
                standing,
            })
        };
        let four = Beans::new(4);
        assert_eq!(worth(four, paid(Standing::Charged, 9)), four);
        assert_eq!(worth(four, paid(Standing::Charged, 3)), Beans::new(3));
        assert_eq!(worth(four, paid(Standing::Charged, 0)), Beans::ZERO, "it was forgiven");
        assert_eq!(worth(four, paid(Standing::Free, 9)), Beans::ZERO, "at a free bar");
        assert_eq!(worth(four, None), Beans::ZERO);
    }

    #[test]
    fn the_card_begins_anew_after_the_tenth() {
        assert_eq!(card(0), Card { stamps: 0, of: 10, filled: 0 });
        assert_eq!(card(9), Card { stamps: 9, of: 10, filled: 0 });
        assert_eq!(card(10), Card { stamps: 0, of: 10, filled: 1 });
        assert_eq!(cause(20), "coffee-20");
    }
}
