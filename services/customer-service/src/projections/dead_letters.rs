//! Sets aside what can never be processed: a row, and a message on the
//! dead-letter topic, whole, with its cause in a header.

use std::{fmt, time::Duration};

use outbox::kafka::is_hopeless;
use rdkafka::{
    ClientConfig,
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use runtime::postgres::in_time;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::sync::Mutex;
use types::Timestamp;

use super::source::Delivery;
use crate::{
    config::Kafka,
    metrics,
    store::dead_letters::{self as rows, DeadLetter},
};

const SEND: Duration = Duration::from_secs(10);
/// What is kept of a cause.
const LONGEST_CAUSE: usize = 1000;

/// Sets messages aside. Its producer is made when the first one comes.
pub struct DeadLetters {
    brokers: String,
    topic: String,
    producer: Mutex<Option<FutureProducer>>,
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// It could not be set aside now; try again later.
#[derive(Debug, thiserror::Error)]
pub enum SetAsideError {
    #[error("store a dead letter")]
    Database(#[from] sqlx::Error),
    #[error("publish a dead letter")]
    Kafka(#[from] KafkaError),
}

impl DeadLetters {
    pub fn new(kafka: &Kafka) -> Self {
        let (brokers, topic) = (kafka.kafka_brokers.clone(), kafka.dead_letters_topic.clone());
        Self { brokers, topic, producer: Mutex::new(None) }
    }

    /// Sets a message aside; the same one again changes nothing.
    pub async fn set_aside(
        &self,
        pool: &PgPool,
        message: &Delivery,
        cause: String,
        now: Timestamp,
    ) -> Result<(), SetAsideError> {
        let letter = letter(message, &cause);
        if !in_time(rows::insert(pool, &letter, now)).await? {
            return Ok(());
        }
        let mut published = self.publish(&letter, Part::Whole).await;
        if published.as_ref().is_err_and(is_hopeless) {
            // The row has it whole; what is behind it must not wait for ever.
            published = self.publish(&letter, Part::Cause).await;
        }
        if let Err(error) = published {
            // Its queue may hold the message still: the next attempt has another.
            self.producer.lock().await.take();
            return Err(error.into());
        }
        in_time(rows::mark_published(pool, &letter.digest, now)).await?;
        metrics::EVENTS_CONSUMED.add(1, &metrics::outcome("set-aside"));
        tracing::error!(
            topic = letter.topic,
            partition = letter.partition,
            offset = letter.kafka_offset,
            event.id = letter.event_id,
            cause = letter.cause,
            "set a message aside that can never be processed"
        );
        Ok(())
    }

    async fn publish(&self, letter: &DeadLetter, part: Part) -> Result<(), KafkaError> {
        let producer = self.producer().await?;
        let partition = letter.partition.to_string();
        let offset = letter.kafka_offset.to_string();
        let mut facts = vec![
            ("cause", Some(letter.cause.as_str())),
            ("source-topic", Some(letter.topic.as_str())),
            ("source-partition", Some(partition.as_str())),
            ("source-offset", Some(offset.as_str())),
        ];
        let mut record = FutureRecord::<[u8], [u8]>::to(&self.topic);
        if let Part::Whole = part {
            facts.extend([
                ("event-id", letter.event_id.as_deref()),
                ("event-type", letter.event_type.as_deref()),
                ("traceparent", letter.traceparent.as_deref()),
            ]);
            record.key = letter.key.as_deref();
            record.payload = letter.payload.as_deref();
        }
        let mut headers = OwnedHeaders::new();
        for (key, value) in facts {
            if value.is_some() {
                headers = headers.insert(Header { key, value });
            }
        }
        let record = record.headers(headers);
        producer.send(record, SEND).await.map(|_| ()).map_err(|(error, _)| error)
    }

    async fn producer(&self) -> Result<FutureProducer, KafkaError> {
        let mut producer = self.producer.lock().await;
        if let Some(producer) = &*producer {
            return Ok(producer.clone());
        }
        let new: FutureProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "customer-service-dead-letters")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("message.timeout.ms", "10000")
            .create()?;
        Ok(producer.insert(new).clone())
    }
}

/// How much of a letter the topic gets.
#[derive(Debug, Clone, Copy)]
enum Part {
    Whole,
    /// Where it was and why it is here: for what is too large to be sent.
    Cause,
}

/// The letter of a message. Its texts come from anybody: without NUL, which
/// PostgreSQL takes in no text.
fn letter(message: &Delivery, cause: &str) -> DeadLetter {
    let clean = |text: &String| text.replace('\0', "");
    let mut digest = Sha256::new();
    for part in [Some(message.topic.as_bytes()), message.key.as_deref(), message.payload.as_deref()]
    {
        let part = part.unwrap_or_default();
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    DeadLetter {
        digest: digest.to_vec(),
        topic: message.topic.clone(),
        partition: message.partition,
        kafka_offset: message.offset,
        key: message.key.clone(),
        payload: message.payload.clone(),
        event_id: message.event_id.as_ref().map(clean),
        event_type: message.event_type.as_ref().map(clean),
        traceparent: message.traceparent.as_ref().map(clean),
        cause: cause.chars().filter(|c| *c != '\0').take(LONGEST_CAUSE).collect(),
    }
}
