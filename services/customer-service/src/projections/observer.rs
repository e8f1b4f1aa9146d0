//! What librdkafka reports of itself: whether a broker is there, how far behind
//! we are, which partitions went to others, and its log, of which a broker's
//! absence would fill a screen a second.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use opentelemetry::KeyValue;
use rdkafka::{
    ClientContext, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, ConsumerContext, Rebalance},
    error::{KafkaError, KafkaResult},
};
use runtime::health::Part;

use crate::metrics;

/// One line of the same severity at most so often.
const QUIET: Duration = Duration::from_secs(30);

/// A client's context.
#[derive(Debug)]
pub struct Observer {
    part: Part,
    topic: String,
    last_line: Mutex<Option<Instant>>,
    lost: Mutex<BTreeSet<i32>>,
}

impl Observer {
    /// Reports into this part of the service's health, and the lag in this topic.
    pub fn new(part: Part, topic: String) -> Self {
        Self { part, topic, last_line: Mutex::default(), lost: Mutex::default() }
    }

    /// The partitions that we lost since this was last asked.
    pub(super) fn take_lost(&self) -> BTreeSet<i32> {
        std::mem::take(&mut self.lost())
    }

    fn lost(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        self.lost.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    fn may_speak(&self) -> bool {
        let mut last = self.last_line.lock().unwrap_or_else(|poison| poison.into_inner());
        let may = last.is_none_or(|at| at.elapsed() >= QUIET);
        if may {
            *last = Some(Instant::now());
        }
        may
    }
}

impl ClientContext for Observer {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => {
                if self.may_speak() {
                    tracing::warn!(facility, message, "Kafka's client says (more is not shown)");
                }
            }
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(facility, message, "Kafka's client says");
            }
        }
    }

    fn stats(&self, statistics: Statistics) {
        // Negative ids are bootstrap and logical brokers.
        let is_up =
            |broker: &rdkafka::statistics::Broker| broker.nodeid >= 0 && broker.state == "UP";
        if statistics.brokers.values().any(is_up) {
            self.part.up();
        } else {
            self.part.down("no broker");
        }
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        for partition in topic.partitions.values() {
            if partition.partition >= 0 && partition.consumer_lag >= 0 {
                metrics::CONSUMER_LAG.record(
                    partition.consumer_lag,
                    &[KeyValue::new("partition", i64::from(partition.partition))],
                );
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if self.may_speak() {
            tracing::warn!(%error, reason, "Kafka's client has trouble (more is not shown)");
        }
    }
}

impl ConsumerContext for Observer {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            self.lost().extend(partitions.elements().iter().map(|element| element.partition()));
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            // What was not committed comes again, and is known by its event id.
            tracing::debug!(%error, "offsets were not committed");
        }
    }
}
