//! The topic as one consumer of a group has it: messages in, offsets out,
//! partitions that rest.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{CommitMode, Consumer, StreamConsumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
};

use super::observer::Observer;
use crate::config::Kafka;

/// A message, detached from the consumer.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub event_id: Option<String>,
    pub event_type: Option<String>,
    pub traceparent: Option<String>,
}

impl Delivery {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        let header = |name: &str| {
            message
                .headers()?
                .iter()
                .find(|header| header.key == name)
                .and_then(|header| String::from_utf8(header.value?.to_vec()).ok())
        };
        Self {
            topic: message.topic().to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            event_id: header("event-id"),
            event_type: header("event-type"),
            traceparent: header("traceparent"),
        }
    }
}

/// The name of a generation's consumer group. The epoch of our own log is in it
/// too: a new or restored database reads the whole topic.
pub fn group(epoch: &outbox::Epoch, generation: i32) -> String {
    format!("customer-service.orders.{epoch}.{generation}")
}

/// The topic as one consumer of the group has it.
pub(super) struct Source {
    consumer: StreamConsumer<Observer>,
    topic: String,
}

impl Source {
    /// The next message. Cancel-safe.
    pub(super) async fn next(&self) -> Result<Delivery, KafkaError> {
        self.consumer.recv().await.map(|message| Delivery::of(&message))
    }

    pub(super) fn open(kafka: &Kafka, group: &str, observer: Observer) -> Result<Self, KafkaError> {
        let consumer: StreamConsumer<Observer> = ClientConfig::new()
            .set("bootstrap.servers", &kafka.kafka_brokers)
            .set("client.id", "customer-service")
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "2000")
            .set("allow.auto.create.topics", "false")
            .set("topic.metadata.refresh.interval.ms", "30000")
            .set("reconnect.backoff.max.ms", "5000")
            .set("socket.nagle.disable", "true")
            // Memory: what lies read ahead, per process.
            .set("queued.max.messages.kbytes", "1024")
            .set("fetch.message.max.bytes", "262144")
            .set("statistics.interval.ms", "5000")
            .set_log_level(RDKafkaLogLevel::Warning)
            .create_with_context(observer)?;
        let topic = kafka.orders_topic.clone();
        consumer.subscribe(&[&topic])?;
        Ok(Self { consumer, topic })
    }

    /// Leaving the group blocks its thread for a moment.
    pub(super) async fn leave(self) {
        let left = tokio::task::spawn_blocking(move || drop(self));
        if tokio::time::timeout(Duration::from_secs(3), left).await.is_err() {
            tracing::debug!("the consumer did not leave its group in time");
        }
    }

    pub(super) fn commit(&self, batch: &[Delivery]) {
        let mut next: BTreeMap<i32, i64> = BTreeMap::new();
        for message in batch {
            let next = next.entry(message.partition).or_default();
            *next = (*next).max(message.offset + 1);
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, offset) in next {
            let offset = Offset::Offset(offset);
            if let Err(error) = offsets.add_partition_offset(&self.topic, partition, offset) {
                tracing::warn!(%error, partition, "no such offset");
            }
        }
        if let Err(error) = self.consumer.commit(&offsets, CommitMode::Async) {
            // What was not committed comes again, and is known by its event id.
            tracing::debug!(%error, "offsets were not committed");
        }
    }

    fn only(&self, partition: i32) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, partition);
        list
    }

    pub(super) fn pause(&self, partition: i32) {
        if let Err(error) = self.consumer.pause(&self.only(partition)) {
            tracing::debug!(%error, partition, "not paused: another consumer may have it now");
        }
    }

    pub(super) fn resume(&self, partition: i32) {
        if let Err(error) = self.consumer.resume(&self.only(partition)) {
            tracing::debug!(%error, partition, "not resumed: another consumer may have it now");
        }
    }

    /// Forgets what rests of partitions that another consumer got since: it
    /// begins where we committed, and its offsets are its own.
    pub(super) fn drop_lost<T>(&self, resting: &mut BTreeMap<i32, T>) {
        for partition in self.consumer.context().take_lost() {
            resting.remove(&partition);
        }
    }
}
