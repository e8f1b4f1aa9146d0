//! What Kafka holds, read by a client of its own.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    time::{Duration, Instant},
};

use prost::Message as _;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use wire::events::v1::{CustomerEvent, OrderEvent, customer_event::What};

const ORDERS: &str = "everything.orders.v1";
const CUSTOMERS: &str = "everything.customers.v1";
const LIMIT: Duration = Duration::from_secs(60);

/// Each order's versions from 1 to its present one are on the topic, first
/// seen in their order. Delivered twice is allowed, missing is not.
pub(crate) fn holds_each_event_in_order(brokers: &str, versions: &BTreeMap<String, u64>) {
    let mut seen = Versions::default();
    read_until_none_misses(brokers, ORDERS, |event| {
        if let Some(bytes) = event {
            let event = OrderEvent::decode(bytes).unwrap();
            seen.take(&event.order_id, event.version);
        }
        versions.iter().find(|(order, version)| seen.0.get(*order) < Some(version))
    });
}

/// Each of these entries of the ledger is on the topic with its beans; what
/// happened to a member is seen in its order.
pub(crate) fn holds_each_booking(brokers: &str, entries: &BTreeMap<String, i64>) {
    let mut seen = Versions::default();
    let mut booked = BTreeMap::new();
    read_until_none_misses(brokers, CUSTOMERS, |event| {
        if let Some(bytes) = event {
            let event = CustomerEvent::decode(bytes).unwrap();
            seen.take(&event.member_id, event.version);
            if let Some(What::BeansBooked(entry)) = event.what {
                booked.insert(entry.entry_id, entry.beans);
            }
        }
        entries.iter().find(|(entry, beans)| booked.get(*entry) != Some(beans))
    });
}

/// How far each thing's events were seen.
#[derive(Default)]
struct Versions(BTreeMap<String, u64>);

impl Versions {
    fn take(&mut self, of: &str, version: u64) {
        let newest = self.0.entry(of.to_owned()).or_insert(0);
        assert!(version <= *newest + 1, "{of}: version {version} follows {newest}");
        *newest = version.max(*newest);
    }
}

/// Hands each record of a topic on, from the first, until the answer is that nothing misses.
fn read_until_none_misses<T: Debug>(
    brokers: &str,
    topic: &str,
    mut missing: impl FnMut(Option<&[u8]>) -> Option<T>,
) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "a-test-that-commits-nothing")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), LIMIT).unwrap();
    let mut all = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        all.add_partition_offset(topic, partition.id(), Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();

    let end = Instant::now() + LIMIT;
    let mut message = None;
    while let Some(missing) = missing(message.as_ref().and_then(Message::payload)) {
        assert!(Instant::now() < end, "{topic} does not hold all of {missing:?}");
        message = consumer.poll(Duration::from_millis(200)).map(Result::unwrap);
    }
}
