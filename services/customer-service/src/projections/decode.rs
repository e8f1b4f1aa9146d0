//! Reads an order event off the topic: checked here, trusted afterwards.

use customer_domain::{
    ledger::MOST_OWED,
    stats::{Drink, Outcome, Step, What as Told},
};
use prost::Message;
use types::{Beans, EventId, MemberId, MenuItemId};
use wire::events::v1::{Item, OrderEvent, order_event::What};

use crate::events::read_time;

/// An event that can be consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub id: EventId,
    /// What it tells; many tell nothing that is counted.
    pub step: Option<Step>,
}

/// Why a message can never be processed.
#[derive(Debug, thiserror::Error)]
pub enum Poison {
    #[error("the message is empty")]
    Empty,
    #[error("the message is not an OrderEvent: {0}")]
    NotProtobuf(#[from] prost::DecodeError),
    #[error("{field} is not what it should be: {value:?}")]
    Field { field: &'static str, value: String },
}

fn field(field: &'static str, value: impl ToString) -> Poison {
    // A hostile text shall not fill the table of dead letters.
    Poison::Field { field, value: value.to_string().chars().take(80).collect() }
}

/// Reads a message's payload. An event of a kind that this version does not
/// know is no poison: it tells nothing.
pub fn read(payload: Option<&[u8]>) -> Result<Incoming, Poison> {
    let payload = payload.filter(|payload| !payload.is_empty()).ok_or(Poison::Empty)?;
    let OrderEvent { event_id, order_id, version, at, placed_by, revision: _, owed_beans: _, what } =
        OrderEvent::decode(payload)?;
    let id = event_id.parse().map_err(|_| field("event_id", &event_id))?;
    let Some(what) = what.map(told).transpose()?.flatten() else {
        return Ok(Incoming { id, step: None });
    };
    let order = order_id.parse().map_err(|_| field("order_id", &order_id))?;
    if version == 0 || i64::try_from(version).is_err() {
        return Err(field("version", version));
    }
    let at = at.as_ref().and_then(read_time).ok_or_else(|| field("at", format!("{at:?}")))?;
    let placed_by = member("placed_by", &placed_by)?;
    Ok(Incoming { id, step: Some(Step { order, version, at, placed_by, what }) })
}

fn told(what: What) -> Result<Option<Told>, Poison> {
    let made = |outcome, items: Vec<Item>| {
        let drinks = items.into_iter().map(drink).collect::<Result<_, _>>()?;
        Ok::<_, Poison>(Told::Ended(outcome, drinks))
    };
    let over = |outcome| Told::Ended(outcome, vec![]);
    Ok(Some(match what {
        What::Placed(_) => Told::Placed,
        What::Accepted(_) => Told::Accepted,
        What::Ready(ready) => {
            let barista = &ready.barista;
            let by = barista.parse().map_err(|_| field("ready.barista", barista))?;
            Told::Ready { by: Some(by) }
        }
        What::Completed(completed) => made(Outcome::Completed, completed.items)?,
        What::Uncollected(uncollected) => made(Outcome::Uncollected, uncollected.items)?,
        What::Rejected(_) => over(Outcome::Rejected),
        What::Declined(_) => over(Outcome::Declined),
        What::Cancelled(_) => over(Outcome::Cancelled),
        What::Expired(_) => over(Outcome::Expired),
        What::Held(_)
        | What::Queued(_)
        | What::Released(_)
        | What::HandedOver(_)
        | What::Recalled(_)
        | What::Amended(_)
        | What::ItemTicked(_)
        | What::ItemStruck(_)
        | What::ItemReplaced(_)
        | What::Forgiven(_)
        | What::Settled(_)
        | What::Approved(_)
        | What::Acknowledged(_)
        | What::BarChanged(_)
        | What::MenuChanged(_) => return Ok(None),
    }))
}

/// A member's id; `None` where it is empty.
fn member(name: &'static str, text: &str) -> Result<Option<MemberId>, Poison> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| field(name, text)),
    }
}

fn drink(item: Item) -> Result<Drink, Poison> {
    let Item {
        line: _,
        menu_item_id,
        slug,
        size: _,
        milk: _,
        extras: _,
        member_id,
        price_beans,
        caffeine_mg,
    } = item;
    let member = member("items.member_id", &member_id)?;
    let item: MenuItemId =
        menu_item_id.parse().map_err(|_| field("items.menu_item_id", &menu_item_id))?;
    if slug.is_empty() || slug.len() > 100 || slug.contains('\0') {
        return Err(field("items.slug", slug));
    }
    let caffeine_mg =
        u32::try_from(caffeine_mg).map_err(|_| field("items.caffeine_mg", caffeine_mg))?;
    let price = Beans::new(price_beans);
    if price < Beans::ZERO || price > MOST_OWED {
        return Err(field("items.price_beans", price_beans));
    }
    Ok(Drink { member, guest: member.is_none(), item, slug, caffeine_mg, price })
}

#[cfg(test)]
mod tests {
    use types::OrderId;
    use wire::events::v1::{Accepted, Completed, Expired, Placed, Queued, Ready};

    use super::*;
    use crate::events::wire_time;

    fn completed(item: Item) -> OrderEvent {
        OrderEvent {
            event_id: EventId::new().to_string(),
            order_id: OrderId::new().to_string(),
            version: 6,
            at: Some(wire_time("2026-11-22T23:30:00Z".parse().unwrap())),
            what: Some(What::Completed(Completed { items: vec![item] })),
            ..OrderEvent::default()
        }
    }

    fn item() -> Item {
        Item {
            line: 1,
            menu_item_id: MenuItemId::new().to_string(),
            slug: "flat-white".to_owned(),
            member_id: MemberId::new().to_string(),
            caffeine_mg: 130,
            ..Item::default()
        }
    }

    fn read_event(event: &OrderEvent) -> Result<Incoming, Poison> {
        read(Some(&event.encode_to_vec()))
    }

    #[test]
    fn what_was_made_is_told_with_its_drinks() {
        let event = completed(item());
        let step = read_event(&event).unwrap().step.unwrap();
        assert_eq!((step.version, step.placed_by, step.drinks().len()), (6, None, 1));
        let nobody = OrderEvent { placed_by: "Mia".to_owned(), ..event };
        assert!(read_event(&nobody).is_err());
    }

    #[test]
    fn each_mile_of_an_orders_way_is_told() {
        let barista = MemberId::new();
        let told = |what| {
            let event = OrderEvent { what: Some(what), ..completed(item()) };
            read_event(&event).unwrap().step.unwrap().what
        };
        assert_eq!(told(What::Placed(Placed::default())), Told::Placed);
        assert_eq!(told(What::Accepted(Accepted::default())), Told::Accepted);
        let ready = Ready { barista: barista.to_string() };
        assert_eq!(told(What::Ready(ready)), Told::Ready { by: Some(barista) });
        assert_eq!(told(What::Expired(Expired {})), Told::Ended(Outcome::Expired, vec![]));
        let nobody = What::Ready(Ready { barista: "Ben".to_owned() });
        assert!(read_event(&OrderEvent { what: Some(nobody), ..completed(item()) }).is_err());
    }

    #[test]
    fn other_kinds_and_kinds_of_tomorrow_tell_nothing() {
        let mut event = completed(item());
        event.what = Some(What::Queued(Queued {}));
        assert_eq!(read_event(&event).unwrap().step, None);
        event.what = None;
        let mut payload = event.encode_to_vec();
        // An unknown field, number 99, length-delimited, empty.
        payload.extend([0x9a, 0x06, 0x00]);
        assert_eq!(read(Some(&payload)).unwrap().step, None);
    }

    #[test]
    fn what_can_never_be_processed_is_poison_with_a_cause() {
        assert!(matches!(read(None), Err(Poison::Empty)));
        assert!(matches!(read(Some(b"")), Err(Poison::Empty)));
        let garbage = read(Some(b"\xff\xff\xff"));
        assert!(matches!(garbage, Err(Poison::NotProtobuf(_))), "{garbage:?}");
        let spoil: [fn(&mut OrderEvent); 5] = [
            |event| event.event_id = "evt_1".to_owned(),
            |event| event.order_id = "mem_00000000000000000000000000".to_owned(),
            |event| event.version = u64::MAX,
            |event| event.at = None,
            |event| event.at = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
        ];
        for spoil in spoil {
            let mut event = completed(item());
            spoil(&mut event);
            assert!(matches!(read_event(&event), Err(Poison::Field { .. })), "{event:?}");
        }
        for spoiled in [
            Item { caffeine_mg: -1, ..item() },
            Item { price_beans: -1, ..item() },
            Item { slug: String::new(), ..item() },
            Item { menu_item_id: "x".to_owned(), ..item() },
            Item { member_id: "Mia".to_owned(), ..item() },
        ] {
            assert!(read_event(&completed(spoiled)).is_err());
        }
    }
}
