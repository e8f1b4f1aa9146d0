//! Messages of the services, filled where the gateway looks.

use chrono::Utc;
use types::{MemberId, OrderId};
use wire::{customer::v1 as customer, order::v1 as pb};

pub(crate) fn now() -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: Utc::now().timestamp(), nanos: 0 })
}

pub(crate) fn order(id: &str, placed_by: &str) -> pb::Order {
    pb::Order {
        id: id.to_owned(),
        number: 12,
        placed_by: placed_by.to_owned(),
        state: pb::OrderState::Queued.into(),
        version: 3,
        revision: 1,
        items: vec![item()],
        price_beans: 4,
        owed_beans: 4,
        placed_at: now(),
        state_since: now(),
        allowed: vec![pb::OrderCommand::Cancel.into(), pb::OrderCommand::PickUp.into()],
        ..pb::Order::default()
    }
}

pub(crate) fn item() -> pb::Item {
    pb::Item {
        line: 1,
        menu_item_id: "itm_01h455vb4pex5vsknk084sn02q".to_owned(),
        slug: "flat-white".to_owned(),
        name: "Flat white".to_owned(),
        size: "small".to_owned(),
        milk: "oat-milk".to_owned(),
        summary: "oat milk".to_owned(),
        guest: "Grandma".to_owned(),
        price_beans: 4,
        caffeine_mg: 130,
        ..pb::Item::default()
    }
}

pub(crate) fn done(id: &str) -> pb::CommandResponse {
    let order = order(id, &MemberId::new().to_string());
    pb::CommandResponse { order: Some(order), already_so: false }
}

pub(crate) fn changed(order: OrderId, placed_by: MemberId, version: u64) -> pb::live_event::What {
    pb::live_event::What::Order(pb::OrderChanged {
        order_id: order.to_string(),
        version,
        state: pb::OrderState::Queued.into(),
        kind: "queued".to_owned(),
        number: 7,
        placed_by: placed_by.to_string(),
        recipients: Vec::new(),
        at: now(),
        traceparent: String::new(),
    })
}

pub(crate) fn bar_changed() -> pb::live_event::What {
    pb::live_event::What::Bar(pb::BarChanged {})
}

pub(crate) fn menu() -> pb::Menu {
    let choice = |slug: &str, sold_out| pb::Choice {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        sold_out,
        ..pb::Choice::default()
    };
    let item = pb::MenuItem {
        id: "itm_01h455vb4pex5vsknk084sn02q".to_owned(),
        slug: "flat-white".to_owned(),
        name: "Flat white".to_owned(),
        category: "coffee".to_owned(),
        price_beans: 4,
        caffeine_mg: 130,
        milks: vec![choice("whole", false), choice("oat", true)],
        extras: vec![choice("vanilla", false), choice("shot", false)],
        ..pb::MenuItem::default()
    };
    let until = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
    let sold_out = vec![pb::SoldOut { slug: "oat".to_owned(), name: "oat".to_owned(), until }];
    pb::Menu { etag: "m1".to_owned(), items: vec![item], sold_out }
}

pub(crate) fn open_bar() -> pb::Bar {
    pb::Bar { state: pb::BarState::Open.into(), ..pb::Bar::default() }
}

/// A flat white that is somebody's usual, and has become dearer.
pub(crate) fn usual() -> customer::Favourite {
    customer::Favourite {
        id: "fav_01h455vb4pex5vsknk084sn02q".to_owned(),
        name: "Morning".to_owned(),
        menu_item_id: "itm_01h455vb4pex5vsknk084sn02q".to_owned(),
        slug: "flat-white".to_owned(),
        drink: "Flat white".to_owned(),
        size: "small".to_owned(),
        milk: "oat-milk".to_owned(),
        summary: "oat milk".to_owned(),
        price_beans: 4,
        kept_at: now(),
        usual: true,
        now: Some(customer::FavouriteNow {
            state: customer::FavouriteState::PriceChanged.into(),
            says: "It costs 5 now, and not 4.".to_owned(),
            price_beans: Some(5),
        }),
        ..customer::Favourite::default()
    }
}
