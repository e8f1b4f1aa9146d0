//! What follows the event log in this replica: the relay to Kafka, and the
//! memory of menu and bar. (The relay to the workflow is the workflow's.)

use std::time::Duration;

use outbox::{Live, Log, kafka};
use runtime::{Runtime, postgres};

use crate::{app::App, convert::event::HouseChange};

/// The topic of orders, bar and menu.
const TOPIC: &str = "everything.orders.v1";
/// Where what can never be delivered is set aside.
const DEAD_LETTERS: &str = "everything.dead-letters.v1";

/// Where this service's events go.
pub(crate) fn orders_topic(brokers: &str) -> kafka::Config {
    kafka::Config {
        brokers: brokers.to_owned(),
        topic: TOPIC.to_owned(),
        dead_letters: DEAD_LETTERS.to_owned(),
    }
}

/// Delivers the log to Kafka, with a cursor of its own, for as long as the service runs.
pub(crate) fn to_kafka(runtime: &Runtime, log: &Log, topic: kafka::Config) {
    let receiver = kafka::KafkaReceiver::new(runtime, topic);
    let relay = outbox::relay(runtime.clone(), log.clone(), "kafka", receiver);
    runtime.spawn("relay to kafka", relay);
}

/// Looks at menu and bar again whenever any replica changed them. What is missed
/// while the database is away is noticed when an order is placed.
pub(crate) fn to_memory(runtime: &Runtime, log: &Log, app: App) {
    let mut events = log.subscribe(None);
    let draining = runtime.shutdown.draining().clone();
    runtime.spawn("menu and bar", async move {
        loop {
            let item = tokio::select! {
                item = events.next() => item,
                () = draining.cancelled() => return Ok(()),
            };
            let concerns_us = match &item {
                Ok(Live::Reset(_)) => true,
                Ok(Live::Event(record)) => [HouseChange::Bar, HouseChange::Menu]
                    .iter()
                    .any(|change| change.kind() == record.kind),
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    false
                }
            };
            if !concerns_us {
                continue;
            }
            if let Err(error) = postgres::in_time(app.fresh_house()).await {
                tracing::debug!(cause = error.chain(), "could not look at menu and bar again");
            }
        }
    });
}
