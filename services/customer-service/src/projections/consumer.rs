//! Consumes the order events: a batch, one transaction, then the offsets.
//! What can never be processed is set aside; after a transient failure a
//! partition rests with what it delivered, while the others go on.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use runtime::{
    Runtime,
    postgres::{in_time, timed},
    telemetry,
};
use tokio::{sync::watch, time::Instant};
use tracing::Instrument;

use super::{
    Projections,
    decode::{self, Incoming},
    observer::Observer,
    source::{Delivery, Source, group},
    tally::{self, Applied},
};
use crate::{app::App, config::Kafka, metrics, store::projections as store};

/// A batch is at most so many messages, and waits at most so long for more.
const BATCH: usize = 100;
const LINGER: Duration = Duration::from_millis(100);
/// A partition rests so long after a failure: doubled each time, up to the last.
const FIRST_REST: Duration = Duration::from_millis(250);
const LONGEST_REST: Duration = Duration::from_secs(15);
/// How often the generation is read, for rebuilds that another replica began.
const LOOK_AT_GENERATION: Duration = Duration::from_secs(5);
/// After a broken consumer, or while the database does not tell the generation.
const START_AGAIN: Duration = Duration::from_secs(1);

/// What a partition delivered and could not be processed yet.
#[derive(Debug)]
struct Resting {
    messages: Vec<Delivery>,
    attempts: u32,
    until: Instant,
}

/// Why a consumer ends.
enum End {
    Draining,
    NextGeneration,
    Broken(KafkaError),
}

/// Consumes until the service drains, through every generation.
pub async fn run(app: Arc<App>, kafka: Kafka, runtime: Runtime) -> anyhow::Result<()> {
    let draining = runtime.shutdown.draining().clone();
    let part = runtime.health.optional("kafka");
    while !draining.is_cancelled() {
        let end = match in_time(store::generation(&app.projections.pool)).await {
            Ok(generation) => {
                app.projections.generation.send_replace(generation);
                let observer = Observer::new(part.clone(), kafka.orders_topic.clone());
                match Source::open(&kafka, &group(app.log.epoch(), generation), observer) {
                    Ok(source) => {
                        let end = consume(&app.projections, &source, generation, &draining).await;
                        source.leave().await;
                        end
                    }
                    Err(error) => End::Broken(error),
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the projections' generation cannot be read");
                rest(&draining).await;
                continue;
            }
        };
        match end {
            End::Draining => break,
            End::NextGeneration => {}
            End::Broken(error) => {
                tracing::warn!(%error, "the consumer broke; starting another");
                part.down("the consumer broke");
                rest(&draining).await;
            }
        }
    }
    Ok(())
}

async fn rest(draining: &tokio_util::sync::CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(START_AGAIN) => {}
        () = draining.cancelled() => {}
    }
}

async fn consume(
    projections: &Projections,
    source: &Source,
    generation: i32,
    draining: &tokio_util::sync::CancellationToken,
) -> End {
    let mut told = projections.generation.subscribe();
    let mut look = tokio::time::interval(LOOK_AT_GENERATION);
    let mut resting: BTreeMap<i32, Resting> = BTreeMap::new();
    loop {
        let next_try = resting.values().map(|resting| resting.until).min();
        tokio::select! {
            biased;
            () = draining.cancelled() => return End::Draining,
            () = next_generation(&mut told, generation) => return End::NextGeneration,
            _ = look.tick() => {
                let now = in_time(store::generation(&projections.pool)).await;
                if now.is_ok_and(|now| now > generation) {
                    return End::NextGeneration;
                }
            }
            () = until(next_try) => try_again(projections, source, &mut resting).await,
            first = source.next() => {
                let mut batch = vec![];
                if let Some(end) = take(first, &mut batch).await {
                    return end;
                }
                let linger = Instant::now() + LINGER;
                while !batch.is_empty() && batch.len() < BATCH {
                    let Ok(more) = tokio::time::timeout_at(linger, source.next()).await else {
                        break;
                    };
                    if let Some(end) = take(more, &mut batch).await {
                        return end;
                    }
                }
                process(projections, source, batch, &mut resting).await;
            }
        }
    }
}

async fn next_generation(told: &mut watch::Receiver<i32>, generation: i32) {
    if told.wait_for(|now| *now > generation).await.is_err() {
        // We hold a sender: it cannot be closed.
        std::future::pending().await
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Adds a message to the batch. An error that passes by itself adds nothing.
async fn take(received: Result<Delivery, KafkaError>, batch: &mut Vec<Delivery>) -> Option<End> {
    match received {
        Ok(message) => batch.push(message),
        Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) => {
            return Some(End::Broken(error));
        }
        Err(error) => {
            // Brokers away, a topic not made yet, an offset gone: librdkafka
            // goes on by itself; we only must not spin.
            tracing::debug!(%error, "nothing to consume at the moment");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    None
}

/// Processes a batch and commits its offsets, or lets its partitions rest.
async fn process(
    projections: &Projections,
    source: &Source,
    batch: Vec<Delivery>,
    resting: &mut BTreeMap<i32, Resting>,
) {
    source.drop_lost(resting);
    // A partition that rests was paused; should a message come all the same, it
    // rests behind the others.
    let (early, batch): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|message| resting.contains_key(&message.partition));
    for message in early {
        source.pause(message.partition);
        resting.entry(message.partition).and_modify(|resting| resting.messages.push(message));
    }
    if batch.is_empty() {
        return;
    }
    match projections.take_in(&batch).await {
        Ok(()) => source.commit(&batch),
        Err(error) => {
            tracing::warn!(%error, "events cannot be processed now; their partitions rest");
            let mut by_partition: BTreeMap<i32, Vec<Delivery>> = BTreeMap::new();
            for message in batch {
                by_partition.entry(message.partition).or_default().push(message);
            }
            for (partition, messages) in by_partition {
                source.pause(partition);
                metrics::CONSUMER_PAUSES.add(1, &[]);
                let until = Instant::now() + FIRST_REST;
                resting.insert(partition, Resting { messages, attempts: 1, until });
            }
        }
    }
}

/// Tries the partitions again whose rest is over.
async fn try_again(
    projections: &Projections,
    source: &Source,
    resting: &mut BTreeMap<i32, Resting>,
) {
    source.drop_lost(resting);
    let now = Instant::now();
    let due: Vec<i32> = resting
        .iter()
        .filter(|(_, resting)| resting.until <= now)
        .map(|(partition, _)| *partition)
        .collect();
    for partition in due {
        let Some(mut again) = resting.remove(&partition) else { continue };
        match projections.take_in(&again.messages).await {
            Ok(()) => {
                source.commit(&again.messages);
                source.resume(partition);
                tracing::info!(partition, "a partition goes on after a rest");
            }
            Err(error) => {
                let rest = LONGEST_REST.min(FIRST_REST * 2_u32.pow(again.attempts.min(6)));
                tracing::debug!(partition, %error, "still not");
                again.attempts += 1;
                again.until = Instant::now() + rest;
                resting.insert(partition, again);
            }
        }
    }
}

/// It did not work now and may work later.
#[derive(Debug, thiserror::Error)]
pub enum Transient {
    #[error("the database")]
    Database(#[from] sqlx::Error),
    #[error("a dead letter")]
    SetAside(#[from] super::dead_letters::SetAsideError),
}

impl Projections {
    /// Takes a batch in: one transaction, after the poison is set aside.
    pub async fn take_in(&self, batch: &[Delivery]) -> Result<(), Transient> {
        let start = std::time::Instant::now();
        let mut good = Vec::with_capacity(batch.len());
        for message in batch {
            match decode::read(message.payload.as_deref()) {
                Ok(incoming) => good.push((message, incoming)),
                Err(poison) => self.set_aside(message, poison.to_string()).await?,
            }
        }
        match self.apply(&good).await {
            Err(error) if tally::is_poison(&error) => {
                for (message, incoming) in good {
                    let alone = [(message, incoming)];
                    match self.apply(&alone).await {
                        Err(error) if tally::is_poison(&error) => {
                            self.set_aside(message, error.to_string()).await?;
                        }
                        applied => applied?,
                    }
                }
            }
            applied => applied?,
        }
        metrics::BATCH_SECONDS.record(telemetry::since(start), &[]);
        Ok(())
    }

    async fn apply(&self, events: &[(&Delivery, Incoming)]) -> sqlx::Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        // One span per message, in the trace of the tap that caused it; the work
        // on all of them is done once, in the batch's, which is linked to each.
        let spans: Vec<_> = events.iter().map(|(message, _)| span(message)).collect();
        let batch = batch_span(events);
        let incoming: Vec<Incoming> = events.iter().map(|(_, event)| event.clone()).collect();
        let applied = Box::pin(async {
            let mut tx = self.pool.begin().await?;
            let applied =
                tally::apply(&mut tx, &incoming, self.time_zone, crate::clock::now()).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(applied)
        });
        let applied = timed("projections.apply", in_time(applied)).instrument(batch.clone());
        let Applied { new, booked } = applied.await.inspect_err(|_| {
            for span in spans.iter().chain([&batch]) {
                telemetry::failed(span, "database");
            }
        })?;
        self.committed(&booked);
        metrics::EVENTS_CONSUMED.add(new as u64, &metrics::outcome("counted"));
        metrics::EVENTS_CONSUMED.add((incoming.len() - new) as u64, &metrics::outcome("repeated"));
        Ok(())
    }

    async fn set_aside(&self, message: &Delivery, cause: String) -> Result<(), Transient> {
        let span = span(message);
        telemetry::failed(&span, "poison");
        let now = crate::clock::now();
        let set_aside = self.dead_letters.set_aside(&self.pool, message, cause, now);
        Ok(set_aside.instrument(span).await?)
    }
}

/// Of no message's trace, and linked to all of them.
fn batch_span(events: &[(&Delivery, Incoming)]) -> tracing::Span {
    let topic = events.first().map_or("", |(message, _)| &message.topic);
    let span = tracing::info_span!(
        parent: None,
        "consume batch",
        otel.name = format!("process batch {topic}"),
        messaging.system = "kafka",
        messaging.operation.name = "process",
        messaging.operation.r#type = "process",
        messaging.destination.name = topic,
        messaging.batch.message_count = events.len(),
    );
    for (message, _) in events {
        telemetry::link(&span, message.traceparent.as_deref());
    }
    span
}

fn span(message: &Delivery) -> tracing::Span {
    let span = tracing::info_span!(
        "consume",
        otel.name = format!("process {}", message.topic),
        otel.kind = "consumer",
        messaging.system = "kafka",
        messaging.operation.name = "process",
        messaging.operation.r#type = "process",
        messaging.destination.name = message.topic,
        messaging.destination.partition.id = message.partition,
        messaging.kafka.offset = message.offset,
        messaging.message.id = message.event_id,
        event.kind = message.event_type,
    );
    telemetry::set_parent(&span, message.traceparent.as_deref());
    span
}
