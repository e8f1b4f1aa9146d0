//! Reads an order event off the topic: checked here, trusted afterwards.

use chrono::Timelike;
use chrono_tz::Tz;
use customer_domain::{
    ledger::MOST_OWED,
    stats::{Drink, Served},
};
use prost::Message;
use types::{Beans, EventId, MenuItemId};
use wire::events::v1::{Item, OrderEvent, order_event::What};

use crate::events::read_time;

/// An event that can be consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub id: EventId,
    /// What it adds to the statistics; most events add nothing.
    pub served: Option<Served>,
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
/// know is no poison: it adds nothing.
pub fn read(payload: Option<&[u8]>, time_zone: Tz) -> Result<Incoming, Poison> {
    let payload = payload.filter(|payload| !payload.is_empty()).ok_or(Poison::Empty)?;
    let OrderEvent {
        event_id,
        order_id,
        version,
        at,
        placed_by: _,
        revision: _,
        owed_beans: _,
        what,
    } = OrderEvent::decode(payload)?;
    let id = event_id.parse().map_err(|_| field("event_id", &event_id))?;
    let items = match what {
        Some(What::Completed(completed)) => completed.items,
        Some(What::Uncollected(uncollected)) => uncollected.items,
        Some(
            What::Held(_)
            | What::Placed(_)
            | What::Queued(_)
            | What::Accepted(_)
            | What::Ready(_)
            | What::Released(_)
            | What::HandedOver(_)
            | What::Recalled(_)
            | What::Rejected(_)
            | What::Declined(_)
            | What::Cancelled(_)
            | What::Expired(_)
            | What::Amended(_)
            | What::ItemTicked(_)
            | What::ItemStruck(_)
            | What::ItemReplaced(_)
            | What::Forgiven(_)
            | What::Settled(_)
            | What::BarChanged(_)
            | What::MenuChanged(_),
        )
        | None => return Ok(Incoming { id, served: None }),
    };
    let order = order_id.parse().map_err(|_| field("order_id", &order_id))?;
    if version == 0 || i64::try_from(version).is_err() {
        return Err(field("version", version));
    }
    let at = at.as_ref().and_then(read_time).ok_or_else(|| field("at", format!("{at:?}")))?;
    let hour = u8::try_from(at.with_timezone(&time_zone).hour()).unwrap_or_default();
    let drinks = items.into_iter().map(drink).collect::<Result<_, _>>()?;
    Ok(Incoming { id, served: Some(Served { order, version, hour, drinks }) })
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
    let member = match member_id.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| field("items.member_id", text))?),
    };
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
    Ok(Drink { member, item, slug, caffeine_mg, price })
}

#[cfg(test)]
mod tests {
    use types::{MemberId, OrderId};
    use wire::events::v1::{Completed, Queued};

    use super::*;
    use crate::events::wire_time;

    fn completed(item: Item) -> OrderEvent {
        OrderEvent {
            event_id: EventId::new().to_string(),
            order_id: OrderId::new().to_string(),
            version: 6,
            // 23:30 UTC is half past midnight in Berlin.
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
        read(Some(&event.encode_to_vec()), chrono_tz::Europe::Berlin)
    }

    #[test]
    fn a_completed_order_counts_in_the_familys_hour() {
        let served = read_event(&completed(item())).unwrap().served.unwrap();
        assert_eq!((served.hour, served.version, served.drinks.len()), (0, 6, 1));
    }

    #[test]
    fn other_kinds_and_kinds_of_tomorrow_add_nothing() {
        let mut event = completed(item());
        event.what = Some(What::Queued(Queued {}));
        assert_eq!(read_event(&event).unwrap().served, None);
        event.what = None;
        let mut payload = event.encode_to_vec();
        // An unknown field, number 99, length-delimited, empty.
        payload.extend([0x9a, 0x06, 0x00]);
        assert_eq!(read(Some(&payload), chrono_tz::UTC).unwrap().served, None);
    }

    #[test]
    fn what_can_never_be_processed_is_poison_with_a_cause() {
        assert!(matches!(read(None, chrono_tz::UTC), Err(Poison::Empty)));
        assert!(matches!(read(Some(b""), chrono_tz::UTC), Err(Poison::Empty)));
        let garbage = read(Some(b"\xff\xff\xff"), chrono_tz::UTC);
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
