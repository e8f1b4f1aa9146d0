//! Kafka as a receiver: an idempotent producer, a batch published and every
//! report awaited. After any error the producer goes, with its queue, and a new
//! one begins at the cursor. What can never be sent is set aside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use futures::future;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram},
};
use rdkafka::{
    ClientConfig, ClientContext,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer},
};
use runtime::{Runtime, health::Part, telemetry};
use tracing::{Instrument, Span};

use crate::{
    cursor::Position,
    log::Record,
    relay::{Receiver, Undelivered},
};

/// How long Kafka may take to say what it has.
const ASK: Duration = Duration::from_secs(5);
/// A little more than `delivery.timeout.ms`: the reports come by then.
const REPORTS: Duration = Duration::from_secs(125);
/// Of a topic of events, and of the dead letters; permanent once created.
const PARTITIONS: i32 = 4;
const DEAD_LETTER_PARTITIONS: i32 = 1;

/// Where the events go.
#[derive(Debug, Clone)]
pub struct Config {
    /// "kafka:9092".
    pub brokers: String,
    /// "everything.orders.v1".
    pub topic: String,
    /// Where notes of events are kept that can never be sent: "everything.dead-letters.v1".
    pub dead_letters: String,
}

/// Delivers to one topic, keyed by stream key. Reports into health as the
/// optional part `kafka`.
pub struct KafkaReceiver {
    config: Config,
    quiet: Quiet,
    producer: Option<FutureProducer<Quiet>>,
    meters: Meters,
}

struct Meters {
    sent: Counter<u64>,
    duration: Histogram<f64>,
    set_aside: Counter<u64>,
}

impl KafkaReceiver {
    pub fn new(runtime: &Runtime, config: Config) -> Self {
        let meter = telemetry::meter();
        Self {
            config,
            quiet: Quiet::new(runtime.health.optional("kafka")),
            producer: None,
            meters: Meters {
                sent: meter
                    .u64_counter("messaging.client.sent.messages")
                    .with_description("Messages that the producer tried to send.")
                    .build(),
                duration: telemetry::seconds(
                    "messaging.client.operation.duration",
                    "From sending a message to its report.",
                ),
                set_aside: meter
                    .u64_counter("outbox.kafka.dead_letters")
                    .with_description("Events that could never be sent and were set aside.")
                    .build(),
            },
        }
    }

    fn producer(&mut self) -> anyhow::Result<FutureProducer<Quiet>> {
        if let Some(producer) = &self.producer {
            return Ok(producer.clone());
        }
        let producer: FutureProducer<Quiet> = client(&self.config.brokers)
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("compression.codec", "lz4")
            .set("delivery.timeout.ms", "120000")
            .set("queue.buffering.max.kbytes", "4096")
            .create_with_context(self.quiet.clone())
            .context("make a Kafka producer")?;
        self.producer = Some(producer.clone());
        Ok(producer)
    }

    /// Drops the producer that is kept, with what it has queued.
    async fn drop_producer(&mut self) {
        if let Some(producer) = self.producer.take() {
            discard(producer).await;
        }
    }

    async fn publish(
        &mut self,
        producer: &FutureProducer<Quiet>,
        batch: &[Arc<Record>],
    ) -> Result<(), Undelivered> {
        let sent: Vec<_> = batch.iter().map(|record| self.send(producer, record)).collect();
        let reports = future::join_all(sent);
        let Ok(reports) = tokio::time::timeout(REPORTS, reports).await else {
            return Err(anyhow!("Kafka did not report in time").into());
        };
        let mut up_to = None;
        for (record, report) in batch.iter().zip(reports) {
            match report {
                Ok(()) => {}
                Err(error) if is_hopeless(&error) => {
                    self.set_aside(producer, record, &error)
                        .await
                        .map_err(|cause| Undelivered { up_to, cause })?;
                }
                Err(error) => {
                    let cause = anyhow::Error::new(error).context("publish to Kafka");
                    return Err(Undelivered { up_to, cause });
                }
            }
            up_to = Some(record.position);
        }
        Ok(())
    }

    /// Queues one event at once, so that order is kept; the future is its report.
    fn send(
        &self,
        producer: &FutureProducer<Quiet>,
        record: &Arc<Record>,
    ) -> impl Future<Output = Result<(), KafkaError>> + Send + use<> {
        let topic = self.config.topic.as_str();
        let span = tracing::info_span!(
            "messaging.send",
            otel.name = format!("send {topic}"),
            otel.kind = "producer",
            messaging.system = "kafka",
            messaging.operation.type = "send",
            messaging.operation.name = "send",
            messaging.destination.name = topic,
            messaging.message.id = %record.event_id,
            messaging.kafka.message.key = record.stream_key,
        );
        telemetry::set_parent(&span, record.traceparent.as_deref());
        let start = Instant::now();
        let headers = headers_of(record, &span);
        let message = FutureRecord::to(topic)
            .key(&record.stream_key)
            .payload(&record.payload[..])
            .timestamp(record.at.timestamp_millis())
            .headers(headers);
        let queued = producer.send_result(message).map_err(|(error, _)| error);
        let (sent, duration) = (self.meters.sent.clone(), self.meters.duration.clone());
        let (inside, topic) = (span.clone(), topic.to_owned());
        async move {
            let report = match queued {
                Ok(queued) => report(queued).await,
                Err(error) => Err(error),
            };
            let mut labels = vec![
                KeyValue::new("messaging.system", "kafka"),
                KeyValue::new("messaging.operation.name", "send"),
                KeyValue::new("messaging.destination.name", topic),
            ];
            if let Err(error) = &report {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                let code = format!("{code:?}");
                telemetry::failed(&inside, &code);
                labels.push(KeyValue::new("error.type", code));
            }
            sent.add(1, &labels);
            duration.record(telemetry::since(start), &labels);
            report
        }
        .instrument(span)
    }

    /// The log keeps the event for ever; the dead letter says which, and why.
    async fn set_aside(
        &self,
        producer: &FutureProducer<Quiet>,
        record: &Record,
        cause: &KafkaError,
    ) -> anyhow::Result<()> {
        tracing::error!(
            event.id = %record.event_id, position = %record.position, %cause,
            "an event can never be sent: set aside"
        );
        let why = cause.to_string();
        let position = record.position.to_string();
        let headers = headers_of(record, &Span::current())
            .insert(Header { key: "position", value: Some(&position) })
            .insert(Header { key: "cause", value: Some(&why) });
        let letter: FutureRecord<'_, str, [u8]> = FutureRecord::to(&self.config.dead_letters)
            .key(record.stream_key.as_str())
            .headers(headers);
        let queued = producer.send_result(letter).map_err(|(error, _)| error)?;
        report(queued).await.context("write a dead letter")?;
        let topic = KeyValue::new("messaging.destination.name", self.config.topic.clone());
        self.meters.set_aside.add(1, &[topic]);
        Ok(())
    }
}

/// Drops a producer and what it has queued. That may take a moment, so not here.
async fn discard(producer: FutureProducer<Quiet>) {
    let gone = tokio::task::spawn_blocking(move || drop(producer));
    let _ = tokio::time::timeout(ASK, gone).await;
}

impl Receiver for KafkaReceiver {
    async fn deliver(&mut self, batch: &[Arc<Record>]) -> Result<(), Undelivered> {
        let producer = self.producer()?;
        // Held by this delivery alone: one that is given up takes its queue with it.
        self.producer = None;
        let result = self.publish(&producer, batch).await;
        match &result {
            Ok(()) => {
                self.quiet.part.up();
                self.producer = Some(producer);
            }
            Err(_) => {
                self.quiet.part.down("does not take our events");
                discard(producer).await;
            }
        }
        result
    }

    /// Fewer events in the topic than were delivered: Kafka's data was lost, and
    /// the log fills it again. (An event that was set aside is missing too, and
    /// may once cause the same: whoever reads the topic knows what they have.)
    async fn resume(&mut self, cursor: Position) -> anyhow::Result<Position> {
        let producer = self.producer()?;
        let topic = self.config.topic.clone();
        let asked = tokio::task::spawn_blocking(move || events_in(&producer, &topic)).await?;
        let result = match asked {
            Ok(Some(events)) if events < cursor.get() => Ok(Position::START),
            Ok(Some(_)) => Ok(cursor),
            Ok(None) => {
                let Config { brokers, topic, dead_letters } = &self.config;
                let topics = [(topic.as_str(), PARTITIONS), (dead_letters, DEAD_LETTER_PARTITIONS)];
                create_topics(brokers, &topics, self.quiet.clone()).await.map(|()| Position::START)
            }
            Err(error) => Err(error),
        };
        match &result {
            Ok(_) => self.quiet.part.up(),
            Err(_) => {
                self.quiet.part.down("no answer");
                self.drop_producer().await;
            }
        }
        result
    }
}

/// How many events were ever written to the topic; `None`: there is no such topic.
fn events_in(producer: &FutureProducer<Quiet>, topic: &str) -> anyhow::Result<Option<i64>> {
    let client = producer.client();
    let metadata = client.fetch_metadata(Some(topic), ASK).context("ask Kafka for its topics")?;
    let partitions: Vec<i32> = metadata
        .topics()
        .iter()
        .filter(|found| found.name() == topic && found.error().is_none())
        .flat_map(|found| found.partitions().iter().map(|partition| partition.id()))
        .collect();
    if partitions.is_empty() {
        return Ok(None);
    }
    let mut events = 0;
    for partition in partitions {
        let (_, high) =
            client.fetch_watermarks(topic, partition, ASK).context("ask Kafka how much it has")?;
        events += high;
    }
    Ok(Some(events))
}

/// Creates topics that are missing, to keep for ever, each append fsynced,
/// replicated as the broker does by default. Topics that are there stay as they are.
async fn create_topics(brokers: &str, topics: &[(&str, i32)], quiet: Quiet) -> anyhow::Result<()> {
    let admin: AdminClient<Quiet> = client(brokers).create_with_context(quiet)?;
    let topics: Vec<_> = topics
        .iter()
        .map(|(topic, partitions)| {
            NewTopic::new(topic, *partitions, TopicReplication::Fixed(-1))
                .set("retention.ms", "-1")
                .set("flush.messages", "1")
        })
        .collect();
    let options = AdminOptions::new().request_timeout(Some(ASK)).operation_timeout(Some(ASK));
    for result in admin.create_topics(&topics, &options).await.context("create topics")? {
        match result {
            Ok(topic) => tracing::info!(topic, "created a topic"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(anyhow!("create topic {topic}: {code}")),
        }
    }
    Ok(())
}

/// What every client of ours has in common.
fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("reconnect.backoff.ms", "100")
        .set("reconnect.backoff.max.ms", "2000")
        .set("socket.keepalive.enable", "true")
        .set("socket.nagle.disable", "true")
        .set_log_level(RDKafkaLogLevel::Warning);
    config
}

fn headers_of(record: &Record, span: &Span) -> OwnedHeaders {
    let event_id = record.event_id.to_string();
    let traceparent = span.in_scope(telemetry::traceparent).or_else(|| record.traceparent.clone());
    OwnedHeaders::new_with_capacity(3)
        .insert(Header { key: "event-id", value: Some(&event_id) })
        .insert(Header { key: "event-type", value: Some(&record.kind) })
        .insert(Header { key: "traceparent", value: traceparent.as_ref() })
}

async fn report(queued: DeliveryFuture) -> Result<(), KafkaError> {
    match queued.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(error),
        Err(_) => Err(KafkaError::Canceled),
    }
}

/// Nothing that waiting would change.
pub fn is_hopeless(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::InvalidRecord
                | RDKafkaErrorCode::InvalidMessageSize
        )
    )
}

/// librdkafka says several lines a second while Kafka is away: one here when it
/// goes, the rest at debug level.
#[derive(Clone)]
struct Quiet {
    part: Part,
    told: Arc<AtomicBool>,
}

impl Quiet {
    fn new(part: Part) -> Self {
        Self { part, told: Arc::default() }
    }
}

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, "librdkafka: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.part.down("no broker answers"),
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {}
            _ => {
                if !self.told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, reason, "Kafka's client complains");
                }
            }
        }
        tracing::debug!(%error, reason, "Kafka's client complains");
    }
}
