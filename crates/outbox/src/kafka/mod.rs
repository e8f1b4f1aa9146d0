//! Kafka as a receiver: an idempotent producer, a batch published and every
//! report awaited. After any error the producer goes, with its queue, and a new
//! one begins at the cursor. What can never be sent is set aside.

mod producer;
mod topics;

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
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::BaseRecord,
};
use runtime::{Runtime, health::Part, telemetry};
use tracing::{Instrument, Span};

use self::producer::Producer;
use crate::{
    cursor::Position,
    log::Record,
    relay::{Receiver, Undelivered},
};

/// How long Kafka may take to say what it has.
const ASK: Duration = Duration::from_secs(5);
/// A little more than `delivery.timeout.ms`: the reports come by then.
const REPORTS: Duration = Duration::from_secs(125);

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
    producer: Option<Arc<Producer>>,
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

    fn producer(&mut self) -> anyhow::Result<Arc<Producer>> {
        if let Some(producer) = &self.producer {
            return Ok(Arc::clone(producer));
        }
        let producer = Arc::new(Producer::new(&self.config.brokers, self.quiet.clone())?);
        self.producer = Some(Arc::clone(&producer));
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
        producer: &Producer,
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
        producer: &Producer,
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
        let reported = producer.send(|report| {
            BaseRecord::with_opaque_to(topic, report)
                .key(record.stream_key.as_str())
                .payload(&record.payload[..])
                .timestamp(record.at.timestamp_millis())
                .headers(headers)
        });
        let (sent, duration) = (self.meters.sent.clone(), self.meters.duration.clone());
        let (inside, topic) = (span.clone(), topic.to_owned());
        async move {
            let report = reported.wait().await;
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
        producer: &Producer,
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
        let letter = |report| {
            BaseRecord::with_opaque_to(&self.config.dead_letters, report)
                .key(record.stream_key.as_str())
                .headers(headers)
        };
        producer.send(letter).wait().await.context("write a dead letter")?;
        let topic = KeyValue::new("messaging.destination.name", self.config.topic.clone());
        self.meters.set_aside.add(1, &[topic]);
        Ok(())
    }
}

/// Drops a producer and what it has queued. That may take a moment, so not here.
async fn discard(producer: Arc<Producer>) {
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
        let ask = move || topics::events_in(producer.client(), &topic);
        let asked = tokio::task::spawn_blocking(ask).await?;
        let result = match asked {
            Ok(Some(events)) if events < cursor.get() => Ok(Position::START),
            Ok(Some(_)) => Ok(cursor),
            Ok(None) => {
                topics::create(&self.config, self.quiet.clone()).await.map(|()| Position::START)
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
