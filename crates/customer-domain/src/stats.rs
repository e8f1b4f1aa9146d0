//! What the order events add up to: drinks per member, drink and hour of the
//! family's day. The tally is a function of the *set* of events: of each order
//! the event of the highest version counts, whenever and however often it came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Beans, MemberId, MenuItemId, OrderId};

/// One drink of an order that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drink {
    /// Whom it was for; `None` for a guest, who counts for nobody.
    pub member: Option<MemberId>,
    pub item: MenuItemId,
    pub slug: String,
    pub caffeine_mg: u32,
    /// Not counted here: what it cost, for the stamp card.
    #[serde(default)]
    pub price: Beans,
}

/// That an order's drinks were made: it was completed, or left uncollected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub order: OrderId,
    /// Of the order, after the event.
    pub version: u64,
    /// Of the family's day when it happened, 0 to 23.
    pub hour: u8,
    pub drinks: Vec<Drink>,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub member: MemberId,
    pub item: MenuItemId,
    pub slug: String,
    pub hour: u8,
}

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub drinks: i64,
    pub caffeine_mg: i64,
}

/// Counts by cell; a cell of nothing is not there.
pub type Tally = BTreeMap<Cell, Count>;

impl Served {
    /// What this order alone adds up to.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::new();
        for drink in &self.drinks {
            let Some(member) = drink.member else { continue };
            let cell = Cell { member, item: drink.item, slug: drink.slug.clone(), hour: self.hour };
            let count = tally.entry(cell).or_default();
            count.drinks += 1;
            count.caffeine_mg += i64::from(drink.caffeine_mg);
        }
        tally
    }
}

/// How the tally changes when `arrived` comes and `counted` is what the order
/// counts with so far; `None` when it is older, or the same again.
pub fn change(counted: Option<&Served>, arrived: &Served) -> Option<Tally> {
    if counted.is_some_and(|counted| counted.version >= arrived.version) {
        return None;
    }
    let mut change = arrived.tally();
    for (cell, count) in counted.map(Served::tally).unwrap_or_default() {
        let entry = change.entry(cell).or_default();
        entry.drinks -= count.drinks;
        entry.caffeine_mg -= count.caffeine_mg;
    }
    change.retain(|_, count| *count != Count::default());
    Some(change)
}

/// The tally of a set of events: the definition that [`change`] keeps up with.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Served>) -> Tally {
    let mut newest: BTreeMap<OrderId, &Served> = BTreeMap::new();
    for event in events {
        let kept = newest.entry(event.order).or_insert(event);
        if event.version > kept.version {
            *kept = event;
        }
    }
    let mut tally = Tally::new();
    for served in newest.into_values() {
        add(&mut tally, served.tally());
    }
    tally
}

/// Adds a change to a tally; cells that come to nothing go.
pub fn add(tally: &mut Tally, change: Tally) {
    for (cell, count) in change {
        let entry = tally.entry(cell).or_default();
        entry.drinks += count.drinks;
        entry.caffeine_mg += count.caffeine_mg;
    }
    tally.retain(|_, count| *count != Count::default());
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    fn id<T>(make: impl Fn(&str) -> T, prefix: &str, n: usize) -> T {
        make(&format!("{prefix}_0000000000000000000000000{n}"))
    }

    fn drink() -> impl Strategy<Value = Drink> {
        (option::of(0..3_usize), 0..3_usize, 0..200_u32).prop_map(|(member, item, caffeine_mg)| {
            Drink {
                member: member.map(|n| id(|text| text.parse().unwrap(), "mem", n)),
                item: id(|text| text.parse().unwrap(), "itm", item),
                slug: format!("drink-{item}"),
                caffeine_mg,
                price: Beans::ZERO,
            }
        })
    }

    /// A set of events: at most one per order and version, as the event log has it.
    fn events() -> impl Strategy<Value = Vec<Served>> {
        vec((0..4_usize, 1..5_u64, 0..24_u8, vec(drink(), 0..4)), 0..12).prop_map(|all| {
            let mut set = BTreeMap::new();
            for (order, version, hour, drinks) in all {
                let order: OrderId = id(|text| text.parse().unwrap(), "ord", order);
                set.insert((order, version), Served { order, version, hour, drinks });
            }
            set.into_values().collect()
        })
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_with_any_repeats_gives_the_fold_of_the_set(
            (set, arrival) in events().prop_flat_map(|set| {
                let twice: Vec<Served> = set.iter().chain(&set).cloned().collect();
                (Just(set), Just(twice).prop_shuffle())
            }),
        ) {
            let mut counted: BTreeMap<OrderId, Served> = BTreeMap::new();
            let mut tally = Tally::new();
            for event in arrival {
                if let Some(change) = change(counted.get(&event.order), &event) {
                    add(&mut tally, change);
                    counted.insert(event.order, event);
                }
            }
            prop_assert_eq!(tally, fold(&set));
        }

        #[test]
        fn guests_count_for_nobody_and_members_for_themselves(set in events()) {
            let newest: BTreeMap<OrderId, &Served> =
                set.iter().map(|event| (event.order, event)).collect();
            let drunk = newest
                .values()
                .flat_map(|event| &event.drinks)
                .filter(|drink| drink.member.is_some())
                .count();
            let counted: i64 = fold(&set).values().map(|count| count.drinks).sum();
            prop_assert_eq!(counted, i64::try_from(drunk).unwrap());
        }
    }
}
