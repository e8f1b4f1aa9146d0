use std::collections::BTreeMap;

use prost::Message;
use rdkafka::{
    ClientConfig, Message as _,
    consumer::{Consumer, StreamConsumer},
    message::{Header, Headers, OwnedHeaders},
    producer::FutureRecord,
};
use runtime::Peer;
use types::{MemberId, OrderId};
use wire::{
    customer::v1::{self as pb, customer_service_server::CustomerService},
    events::v1::Item,
};

use crate::{
    house::{House, Setup, With, by, eventually, unwrapped},
    topic::{TRACE, Topic, completed, delivery, drink, stats, take_in},
};

/// The first messages of the dead-letter topic: payload and headers.
async fn dead_letters(house: &House, count: usize) -> Vec<(Vec<u8>, BTreeMap<String, String>)> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", test_kit::engines().kafka_brokers)
        .set("group.id", "test")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&[house.topics.as_ref().unwrap().dead_letters()]).unwrap();
    let mut letters = vec![];
    while letters.len() < count {
        let next = tokio::time::timeout(std::time::Duration::from_secs(30), consumer.recv());
        let message = next.await.expect("a dead letter in time").unwrap();
        let headers = message.headers().unwrap().iter();
        let headers = headers.map(|header| {
            let value = String::from_utf8(header.value.unwrap().to_vec()).unwrap();
            (header.key.to_owned(), value)
        });
        letters.push((message.payload().unwrap_or_default().to_vec(), headers.collect()));
    }
    letters
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_message_is_set_aside_with_its_cause_and_the_rest_goes_on() {
    let house = House::start(Setup { kafka: With::OwnTopics, ..Setup::default() }).await;
    let topic = Topic::orders(&house);
    let mia = MemberId::new();
    let at = "2026-11-22T08:00:00Z";
    let good = || completed(OrderId::new(), 6, at, vec![drink("chai", Some(mia), 40)]);
    let nobody = Item { member_id: "Mia".to_owned(), ..drink("chai", None, 40) };
    let poison = completed(OrderId::new(), 6, at, vec![nobody]).encode_to_vec();
    // All on one partition, one behind the other; the poison twice.
    topic.publish("key", &good().encode_to_vec()).await;
    topic.publish("key", b"\xff\xff\xff").await;
    topic.publish("key", &poison).await;
    topic.publish("key", &poison).await;
    topic.publish("key", &good().encode_to_vec()).await;
    eventually("the rest goes on", async || stats(&house, mia).await.drinks == 2).await;

    let waiting = customer_service::store::dead_letters::waiting(house.pool(), 10).await.unwrap();
    let causes: Vec<&str> = waiting.iter().map(|letter| letter.cause.as_str()).collect();
    assert_eq!(causes.len(), 2, "{causes:?}");
    assert!(causes[0].contains("not an OrderEvent"), "{causes:?}");
    assert!(causes[1].contains("items.member_id"), "{causes:?}");
    let letters = dead_letters(&house, 2).await;
    assert_eq!(letters[1].0, poison);
    assert!(letters[1].1["cause"].contains("items.member_id"));
    assert_eq!(letters[1].1["source-topic"], topic.name);
    assert_eq!(letters[1].1["source-offset"], "2");
    assert_eq!(letters[1].1["traceparent"], TRACE);

    // What is wrong stays wrong …
    let replay =
        || house.handlers.replay_dead_letters(by(Peer::Launcher, pb::ReplayDeadLettersRequest {}));
    let result = unwrapped(replay().await).unwrap();
    assert_eq!((result.replayed, result.failed), (0, 2));
    // … until somebody repairs it; then it counts.
    let repaired = good().encode_to_vec();
    sqlx::query("update dead_letters set payload = $1 where payload = $2")
        .bind(&repaired)
        .bind(&poison)
        .execute(house.pool())
        .await
        .unwrap();
    let result = unwrapped(replay().await).unwrap();
    assert_eq!((result.replayed, result.failed), (1, 1));
    assert_eq!(stats(&house, mia).await.drinks, 3);
    let result = unwrapped(replay().await).unwrap();
    assert_eq!((result.replayed, result.failed), (0, 1), "once");
    assert_eq!(stats(&house, mia).await.drinks, 3);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_even_be_set_aside_whole_holds_up_nobody() {
    let house = House::start(Setup { kafka: With::OwnTopics, ..Setup::default() }).await;
    let topic = Topic::orders(&house);
    let mia = MemberId::new();
    let good =
        completed(OrderId::new(), 6, "2026-11-22T08:00:00Z", vec![drink("chai", Some(mia), 40)]);
    // A header that PostgreSQL would not take; and what just fits into a message
    // does not with its cause beside it.
    let headers = OwnedHeaders::new().insert(Header { key: "event-type", value: Some("a\0b") });
    let record = FutureRecord::to(&topic.name).key("key").payload(b"\xff").headers(headers);
    topic.producer.send(record, std::time::Duration::from_secs(20)).await.unwrap();
    let huge = vec![0xff; 999_950];
    let record = FutureRecord::<str, [u8]>::to(&topic.name).key("key").payload(&huge);
    topic.producer.send(record, std::time::Duration::from_secs(20)).await.unwrap();
    topic.publish("key", &good.encode_to_vec()).await;
    eventually("the rest goes on", async || stats(&house, mia).await.drinks == 1).await;

    let waiting = customer_service::store::dead_letters::waiting(house.pool(), 10).await.unwrap();
    assert_eq!(waiting[0].event_type.as_deref(), Some("ab"));
    assert_eq!(waiting[1].payload.as_ref(), Some(&huge), "the row has it whole");
    let letters = dead_letters(&house, 2).await;
    assert_eq!(letters[0].0, b"\xff");
    assert_eq!(letters[1].0, b"", "the topic only where it was, and why");
    assert_eq!(letters[1].1["source-offset"], "1");
    assert!(letters[1].1["cause"].contains("not an OrderEvent"));
    house.stop().await;
}

#[tokio::test]
async fn what_was_tried_least_is_replayed_first_and_a_rebuild_makes_letters_wait_again() {
    let house = House::start(Setup::default()).await;
    let projections = &house.service.app.projections;
    let batch = [delivery(0, b"\xff\x00".to_vec()), delivery(1, b"\xff\x01".to_vec())];
    let first_waiting = async || {
        let waiting = customer_service::store::dead_letters::waiting(house.pool(), 1).await;
        waiting.unwrap().pop().and_then(|letter| letter.payload)
    };
    projections.take_in(&batch[..1]).await.unwrap();
    projections.replay_dead_letters(customer_service::clock::now()).await.unwrap();
    projections.take_in(&batch[1..]).await.unwrap();
    assert_eq!(first_waiting().await.unwrap(), b"\xff\x01", "the older one was tried before");

    // Repaired, replayed, and lost again by counting anew: the topic has it as it was.
    let mia = MemberId::new();
    let at = "2026-11-22T08:00:00Z";
    let repaired = completed(OrderId::new(), 6, at, vec![drink("chai", Some(mia), 40)]);
    sqlx::query("update dead_letters set payload = $1")
        .bind(repaired.encode_to_vec())
        .execute(house.pool())
        .await
        .unwrap();
    let replay = async || projections.replay_dead_letters(customer_service::clock::now()).await;
    assert_eq!(replay().await.unwrap().replayed, 2);
    assert_eq!((stats(&house, mia).await.drinks, first_waiting().await), (1, None));
    projections.rebuild().await.unwrap();
    projections.take_in(&batch).await.unwrap();
    assert_eq!(stats(&house, mia).await.drinks, 0);
    assert_eq!(replay().await.unwrap().replayed, 2);
    assert_eq!(stats(&house, mia).await.drinks, 1);
    house.stop().await;
}

#[tokio::test]
async fn what_the_database_refuses_is_set_aside_alone() {
    let house = House::start(Setup { kafka: With::OwnTopics, ..Setup::default() }).await;
    let mia = MemberId::new();
    let at = "2026-11-22T08:00:00Z";
    let good = completed(OrderId::new(), 6, at, vec![drink("chai", Some(mia), 40)]);
    let bad = completed(OrderId::new(), 6, at, vec![drink("forbidden", Some(mia), 40)]);
    sqlx::raw_sql("alter table drinks_served add constraint tea_only check (slug <> 'forbidden')")
        .execute(house.pool())
        .await
        .unwrap();
    take_in(&house, &[&bad, &good]).await;
    assert_eq!(stats(&house, mia).await.drinks, 1);
    let waiting = customer_service::store::dead_letters::waiting(house.pool(), 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].cause.contains("tea_only"), "{}", waiting[0].cause);
    house.stop().await;
}
