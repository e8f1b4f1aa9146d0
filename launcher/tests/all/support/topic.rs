//! What Kafka holds, read by a client of its own.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use prost::Message as _;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use wire::events::v1::OrderEvent;

const TOPIC: &str = "everything.orders.v1";
const LIMIT: Duration = Duration::from_secs(60);

/// Each order's versions from 1 to its present one are on the topic, first
/// seen in their order. Delivered twice is allowed, missing is not.
pub(crate) fn holds_each_event_in_order(brokers: &str, versions: &BTreeMap<String, u64>) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "a-test-that-commits-nothing")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(TOPIC), LIMIT).unwrap();
    let mut all = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        all.add_partition_offset(TOPIC, partition.id(), Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();

    let end = Instant::now() + LIMIT;
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    while versions.iter().any(|(order, version)| seen.get(order) < Some(version)) {
        let missing = || versions.iter().find(|(order, version)| seen.get(*order) < Some(version));
        assert!(Instant::now() < end, "Kafka does not hold all of {:?}", missing());
        let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
        let event = OrderEvent::decode(message.unwrap().payload().unwrap()).unwrap();
        let newest = seen.entry(event.order_id.clone()).or_insert(0);
        assert!(event.version <= *newest + 1, "version {} is missing: {event:?}", *newest + 1);
        *newest = event.version.max(*newest);
    }
}
