//! Order events, by hand and through a topic, and what they add up to.

use customer_service::{events::wire_time, projections::source::Delivery};
use prost::Message;
use rdkafka::{
    ClientConfig,
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use types::{EventId, MemberId, MenuItemId, OrderId, Role, Timestamp};
use wire::{
    customer::v1::{self as pb, customer_service_server::CustomerService},
    events::v1::{Completed, Item, OrderEvent, Uncollected, order_event::What},
};

use crate::house::{House, by_person, unwrapped};

/// Of the topic of orders.
pub(crate) const PARTITIONS: i32 = 4;
pub(crate) const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

pub(crate) fn drink(slug: &str, member: Option<MemberId>, caffeine_mg: i32) -> Item {
    Item {
        line: 1,
        menu_item_id: item_id(slug).to_string(),
        slug: slug.to_owned(),
        member_id: member.map(|member| member.to_string()).unwrap_or_default(),
        caffeine_mg,
        ..Item::default()
    }
}

/// The same item has the same id in every test.
pub(crate) fn item_id(slug: &str) -> MenuItemId {
    let number = slug.bytes().fold(7_u128, |number, byte| number * 31 + u128::from(byte));
    MenuItemId::from_uuid(uuid::Uuid::from_u128(number))
}

pub(crate) fn event(order: OrderId, version: u64, at: &str, what: What) -> OrderEvent {
    OrderEvent {
        event_id: EventId::new().to_string(),
        order_id: order.to_string(),
        version,
        at: Some(wire_time(at.parse::<Timestamp>().unwrap())),
        // The same in each event of an order.
        placed_by: MemberId::from_uuid(order.uuid()).to_string(),
        revision: 1,
        owed_beans: 3,
        what: Some(what),
    }
}

pub(crate) fn completed(order: OrderId, version: u64, at: &str, items: Vec<Item>) -> OrderEvent {
    event(order, version, at, What::Completed(Completed { items }))
}

pub(crate) fn uncollected(order: OrderId, version: u64, at: &str, items: Vec<Item>) -> OrderEvent {
    event(order, version, at, What::Uncollected(Uncollected { items }))
}

/// As the consumer gets it.
pub(crate) fn delivery(offset: i64, payload: Vec<u8>) -> Delivery {
    Delivery {
        topic: "orders".to_owned(),
        partition: 0,
        offset,
        key: None,
        payload: Some(payload),
        event_id: None,
        event_type: None,
        traceparent: Some(TRACE.to_owned()),
    }
}

pub(crate) async fn take_in(house: &House, events: &[&OrderEvent]) {
    let batch: Vec<Delivery> = events
        .iter()
        .enumerate()
        .map(|(at, event)| delivery(at as i64, event.encode_to_vec()))
        .collect();
    house.service.app.projections.take_in(&batch).await.unwrap();
}

pub(crate) async fn stats(house: &House, member: MemberId) -> pb::Stats {
    let request = pb::GetStatsRequest::default();
    unwrapped(house.handlers.get_stats(by_person(member, [Role::Member], request)).await).unwrap()
}

pub(crate) struct Topic {
    pub(crate) producer: FutureProducer,
    pub(crate) name: String,
}

impl Topic {
    pub(crate) fn orders(house: &House) -> Self {
        let brokers = test_kit::engines().kafka_brokers;
        let producer = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
        Self { producer, name: house.topics.as_ref().unwrap().orders().to_owned() }
    }

    pub(crate) async fn publish(&self, key: &str, payload: &[u8]) {
        let headers = OwnedHeaders::new()
            .insert(Header { key: "event-id", value: Some("evt_of_the_header") })
            .insert(Header { key: "traceparent", value: Some(TRACE) });
        let record = FutureRecord::to(&self.name).key(key).payload(payload).headers(headers);
        self.producer.send(record, std::time::Duration::from_secs(20)).await.unwrap();
    }

    pub(crate) async fn publish_to(&self, partition: i32, event: &OrderEvent) {
        let payload = event.encode_to_vec();
        let record = FutureRecord::to(&self.name)
            .key(&event.order_id)
            .payload(&payload)
            .partition(partition);
        self.producer.send(record, std::time::Duration::from_secs(20)).await.unwrap();
    }

    pub(crate) async fn publish_events(&self, events: &[OrderEvent]) {
        for event in events {
            self.publish(&event.order_id, &event.encode_to_vec()).await;
        }
    }
}
