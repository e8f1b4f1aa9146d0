//! Kafka as a receiver, against the real one.

use std::time::Duration;

use outbox::{
    NewEvent, Receiver,
    kafka::{Config, KafkaReceiver},
};
use rdkafka::{
    ClientConfig, Message,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    consumer::{Consumer, StreamConsumer},
    message::{Headers, OwnedMessage},
};
use test_kit::Topics;

use crate::{PATIENCE, Replica, World, cursor, event, until, write};

fn receiver(replica: &Replica, brokers: &str, topics: &Topics) -> KafkaReceiver {
    let config = Config {
        brokers: brokers.to_owned(),
        topic: topics.orders().to_owned(),
        dead_letters: topics.dead_letters().to_owned(),
    };
    KafkaReceiver::new(&replica.runtime, config)
}

fn start(replica: &Replica, topics: &Topics) {
    let brokers = test_kit::engines().kafka_brokers;
    let receiver = receiver(replica, &brokers, topics);
    let (runtime, log) = (replica.runtime.clone(), replica.log.clone());
    replica.runtime.spawn("relay", outbox::relay(runtime, log, "kafka", receiver));
}

/// The first messages of a topic.
async fn messages(topic: &str, count: usize) -> Vec<OwnedMessage> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", test_kit::engines().kafka_brokers)
        .set("group.id", format!("{topic}-{}", uuid::Uuid::new_v4()))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let mut messages = Vec::new();
    while messages.len() < count {
        let next = tokio::time::timeout(PATIENCE, consumer.recv()).await;
        messages.push(next.expect("nothing comes from Kafka").unwrap().detach());
    }
    messages
}

fn header(message: &OwnedMessage, name: &str) -> String {
    let headers = message.headers().unwrap();
    let found = headers.iter().find(|header| header.key == name).unwrap();
    String::from_utf8(found.value.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn events_arrive_with_key_headers_and_trace() {
    let (world, topics) = (World::new().await, Topics::create("outbox").await.unwrap());
    let replica = world.replica().await;
    start(&replica, &topics);
    let events: Vec<_> = (1..=10).map(|version| event("ord_a", version)).collect();
    for event in &events {
        write(&world.pool, event).await;
        replica.log.wake();
    }
    let messages = messages(topics.orders(), 10).await;
    for (event, message) in events.iter().zip(&messages) {
        assert_eq!(message.key(), Some(&b"ord_a"[..]));
        assert_eq!(message.payload(), Some(&event.payload[..]));
        assert_eq!(header(message, "event-id"), event.event_id.to_string());
        assert_eq!(header(message, "event-type"), "accepted");
        // The trace of whoever wrote the event.
        let traceparent = header(message, "traceparent");
        assert!(traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{traceparent}");
        assert_eq!(message.timestamp().to_millis(), Some(event.at.timestamp_millis()));
    }
    until("the cursor follows", async || cursor(&world.pool, "kafka").await.get() == 10).await;
    assert!(!replica.runtime.health.report().degraded.contains(&"kafka"));
    replica.leave().await;
}

#[tokio::test]
async fn an_event_that_can_never_be_sent_is_set_aside_and_the_rest_goes_on() {
    let (world, topics) = (World::new().await, Topics::create("outbox").await.unwrap());
    let replica = world.replica().await;
    write(&world.pool, &event("ord_a", 1)).await;
    let huge = NewEvent { payload: noise(3_000_000), ..event("ord_a", 2) };
    write(&world.pool, &huge).await;
    write(&world.pool, &event("ord_a", 3)).await;
    start(&replica, &topics);
    let letters = messages(topics.dead_letters(), 1).await;
    assert_eq!(header(&letters[0], "event-id"), huge.event_id.to_string());
    assert_eq!(header(&letters[0], "position"), "2");
    assert!(!header(&letters[0], "cause").is_empty());
    let messages = messages(topics.orders(), 2).await;
    assert_eq!(messages[1].payload(), Some(&b"ord_a 3"[..]));
    until("the cursor passes it", async || cursor(&world.pool, "kafka").await.get() == 3).await;
    replica.leave().await;
}

/// Bytes that do not compress.
fn noise(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    rand::fill(&mut bytes[..]);
    bytes
}

#[tokio::test]
async fn a_topic_that_was_deleted_is_filled_again_from_the_log() {
    let (world, topics) = (World::new().await, Topics::create("outbox").await.unwrap());
    let first = world.replica().await;
    start(&first, &topics);
    for version in 1..=3 {
        write(&world.pool, &event("ord_a", version)).await;
    }
    first.log.wake();
    until("3 delivered", async || cursor(&world.pool, "kafka").await.get() == 3).await;
    first.leave().await;

    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", test_kit::engines().kafka_brokers)
        .create()
        .unwrap();
    admin.delete_topics(&[topics.orders()], &AdminOptions::new()).await.unwrap();
    until("it is gone", async || {
        let metadata = admin.inner().fetch_metadata(None, PATIENCE).unwrap();
        !metadata.topics().iter().any(|topic| topic.name() == topics.orders())
    })
    .await;
    write(&world.pool, &event("ord_a", 4)).await;
    let second = world.replica().await;
    start(&second, &topics);
    until("all delivered", async || cursor(&world.pool, "kafka").await.get() == 4).await;
    let messages = messages(topics.orders(), 4).await;
    let texts: Vec<_> = messages.iter().map(|message| message.payload().unwrap()).collect();
    assert_eq!(texts, [b"ord_a 1", b"ord_a 2", b"ord_a 3", b"ord_a 4"]);
    second.leave().await;
}

#[tokio::test]
async fn without_kafka_nothing_moves_and_the_service_is_degraded() {
    let (world, topics) = (World::new().await, Topics::create("outbox").await.unwrap());
    let replica = world.replica().await;
    // Port 1 of loopback: nobody listens.
    let mut receiver = receiver(&replica, "127.0.0.1:1", &topics);
    let asked = receiver.resume(outbox::Position::START);
    let error = tokio::time::timeout(Duration::from_secs(15), asked).await.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("Kafka"), "{error:#}");
    let report = replica.runtime.health.report();
    assert!(report.degraded.contains(&"kafka"), "{report:?}");
    replica.leave().await;
}
