//! When an order will be ready: the domain's rule over past orders and the
//! queue, both remembered for a moment.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use order_domain::{Order, Sample, StateKind, estimate};
use runtime::AppError;
use types::{OrderId, Timestamp};

use super::App;
use crate::store;

/// How many past orders are learned from.
const PAST: i64 = 60;
/// How long what was learned counts.
const LEARNED_FOR: Duration = Duration::from_secs(30);
/// How long a look at the queue counts.
const SEEN_FOR: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Cache {
    past: Mutex<Option<(Instant, Arc<[Sample]>)>>,
    counter: Mutex<Option<(Instant, Arc<Counter>)>>,
}

/// When it first stood in the queue: what is amended keeps it.
type Place = (Option<Timestamp>, OrderId);

/// What goes on at the counter at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub queued: u32,
    pub preparing: u32,
    /// Distinct people at work.
    baristas: u32,
    /// Items before the end of the queue.
    items: u32,
    /// Each open order's place in the queue, with the items before it; in their order.
    ahead: Vec<(Place, u32)>,
    past: Arc<[Sample]>,
}

impl Counter {
    pub(crate) fn of(orders: &[Order], past: Arc<[Sample]>) -> Self {
        let mut counter =
            Self { queued: 0, preparing: 0, baristas: 0, items: 0, ahead: Vec::new(), past };
        let mut baristas = Vec::new();
        for order in orders {
            match order.state.kind() {
                StateKind::Queued => counter.queued += 1,
                StateKind::Preparing => counter.preparing += 1,
                _ => continue,
            }
            baristas.extend(order.barista());
            counter.ahead.push((place(order), counter.items));
            let items = order.live_items().filter(|item| !item.ticked).count();
            counter.items += u32::try_from(items).unwrap_or(u32::MAX);
        }
        baristas.sort_unstable();
        baristas.dedup();
        counter.baristas = u32::try_from(baristas.len()).unwrap_or(u32::MAX);
        counter
    }

    /// How long one more order of one item is likely to take.
    pub(crate) fn estimate_of_one(&self) -> Option<Duration> {
        estimate(&self.past, 1, self.items, self.baristas)
    }

    /// When this order is likely to be ready; none when that is unknown or no
    /// longer a question.
    pub(crate) fn ready_at(&self, order: &Order) -> Option<Timestamp> {
        let items = u32::try_from(order.live_items().count()).ok()?;
        let (from, takes) = match order.state.kind() {
            StateKind::Placed | StateKind::Queued => {
                let takes = estimate(&self.past, items, self.items_before(order), self.baristas)?;
                (order.queued_at.unwrap_or(order.state_since), takes)
            }
            StateKind::Preparing => {
                // Somebody has turned to it: nobody waits any more.
                let past: Vec<Sample> = self
                    .past
                    .iter()
                    .map(|sample| Sample { waited: Duration::ZERO, ..*sample })
                    .collect();
                (order.accepted_at.unwrap_or(order.state_since), estimate(&past, items, 0, 1)?)
            }
            _ => return None,
        };
        from.checked_add_signed(chrono::TimeDelta::from_std(takes).ok()?)
    }

    /// What is made before this order: whatever has stood in the queue for longer,
    /// all of it if it never stood there.
    fn items_before(&self, order: &Order) -> u32 {
        if order.queued_at.is_none() {
            return self.items;
        }
        let at = self.ahead.partition_point(|(other, _)| *other < place(order));
        self.ahead.get(at).map_or(self.items, |(_, items)| *items)
    }
}

const fn place(order: &Order) -> Place {
    (order.queued_at, order.id)
}

impl App {
    /// The counter at this moment, or half a second ago. Memory; two queries now and
    /// then, by one caller for all.
    pub(crate) async fn counter(&self) -> Result<Arc<Counter>, AppError> {
        if let Some(counter) = fresh(&self.0.estimates.counter, SEEN_FOR) {
            return Ok(counter);
        }
        // While one looks again the others do with what was seen last.
        touch(&self.0.estimates.counter);
        let orders = store::orders::on_screen(self.pool()).await?;
        self.counter_of(&orders).await
    }

    /// The counter with these orders on it, which were just read. At most one query.
    pub(crate) async fn counter_of(&self, orders: &[Order]) -> Result<Arc<Counter>, AppError> {
        let past = match fresh(&self.0.estimates.past, LEARNED_FOR) {
            Some(past) => past,
            None => {
                touch(&self.0.estimates.past);
                let made = store::orders::made_last(self.pool(), PAST).await?;
                let past: Arc<[Sample]> = made.iter().filter_map(Sample::of).collect();
                keep(&self.0.estimates.past, &past);
                past
            }
        };
        let counter = Arc::new(Counter::of(orders, past));
        keep(&self.0.estimates.counter, &counter);
        Ok(counter)
    }
}

fn fresh<T: ?Sized>(slot: &Mutex<Option<(Instant, Arc<T>)>>, within: Duration) -> Option<Arc<T>> {
    let slot = slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    slot.as_ref().filter(|(since, _)| since.elapsed() < within).map(|(_, value)| Arc::clone(value))
}

fn touch<T: ?Sized>(slot: &Mutex<Option<(Instant, Arc<T>)>>) {
    let mut slot = slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some((since, _)) = slot.as_mut() {
        *since = Instant::now();
    }
}

fn keep<T: ?Sized>(slot: &Mutex<Option<(Instant, Arc<T>)>>, value: &Arc<T>) {
    let mut slot = slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    *slot = Some((Instant::now(), Arc::clone(value)));
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use order_domain::{
        Actor, Command, Drink, NewOrder, Outcome, Reader, Recipient, Waits, Wards, Wish,
    };
    use types::{Beans, MemberId, MenuItemId, Role};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn wish(slug: &str) -> Wish {
        let drink = Drink {
            menu_item: MenuItemId::new(),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            size: "small".to_owned(),
            milk: None,
            extras: vec![],
            summary: String::new(),
            price: Beans::new(1),
            caffeine_mg: 0,
            allergens: vec![],
            bite: false,
        };
        let recipient = Recipient::Guest("Oma".to_owned());
        Wish { drink, note: String::new(), recipient, warnings: vec![] }
    }

    fn place_at(second: i64, hold_until: Option<Timestamp>) -> Order {
        let new = NewOrder {
            id: OrderId::new(),
            number: 1,
            placed_by: MemberId::new(),
            wishes: vec![wish("espresso")],
            hold_until,
            permission: None,
        };
        Order::place(new, at(second), &Waits::default()).unwrap().0
    }

    fn give(order: &mut Order, command: &Command, actor: &Actor, second: i64) {
        let outcome = order.decide(command, actor, 0, at(second), &Waits::default()).unwrap();
        let Outcome::Changed(event) = outcome else { panic!("{command:?} changed nothing") };
        order.apply(&event);
    }

    /// Each item takes a minute, and nobody waits for long.
    fn counter(orders: &[Order]) -> Counter {
        let sample = Sample { items: 1, waited: Duration::ZERO, made_in: Duration::from_secs(60) };
        Counter::of(orders, vec![sample; order_domain::FEWEST_SAMPLES].into())
    }

    #[test]
    fn what_was_held_is_ready_some_time_after_it_was_released_not_after_it_was_ordered() {
        let mut order = place_at(0, Some(at(1_000)));
        assert_eq!(counter(&[]).ready_at(&order), None);
        let due = Command::ComeDue { wishes: vec![wish("espresso")] };
        give(&mut order, &due, &Actor::System, 1_000);
        assert_eq!(counter(&[]).ready_at(&order), Some(at(1_060)));
    }

    #[test]
    fn what_is_amended_keeps_its_place_in_the_queue() {
        let mut orders = [1, 2, 3].map(|second| {
            let mut order = place_at(second, None);
            give(&mut order, &Command::Queue { revision: 1 }, &Actor::System, second);
            order
        });
        assert_eq!(counter(&orders).ready_at(&orders[2]), Some(at(3 + 180)));
        assert_eq!(counter(&orders).ready_at(&orders[1]), Some(at(2 + 120)));
        let reader = Reader {
            member: orders[1].placed_by,
            roles: [Role::Member].into(),
            wards: Wards::default(),
        };
        let amend = Command::Amend { wishes: vec![wish("latte")] };
        give(&mut orders[1], &amend, &Actor::Person(reader), 10);
        assert_eq!(orders[1].state.kind(), StateKind::Placed);
        let [first, amended, third] = orders;
        assert_eq!(counter(&[first, third]).ready_at(&amended), Some(at(2 + 120)));
    }
}
