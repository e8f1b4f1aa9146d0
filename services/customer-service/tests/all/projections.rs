use std::collections::BTreeMap;

use customer_service::{events::wire_time, projections::source::Delivery};
use prost::Message;
use rdkafka::{
    ClientConfig, Message as _,
    consumer::{Consumer, StreamConsumer},
    message::{Header, Headers, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use runtime::Peer;
use types::{EventId, MemberId, MenuItemId, OrderId, Role, Timestamp};
use wire::{
    customer::v1::{self as pb, customer_service_server::CustomerService},
    events::v1::{Completed, Item, OrderEvent, Queued, Uncollected, order_event::What},
};

use crate::house::{House, Setup, With, by, by_person, eventually, unwrapped};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn drink(slug: &str, member: Option<MemberId>, caffeine_mg: i32) -> Item {
    Item {
        line: 1,
        menu_item_id: item_id(slug).to_string(),
        slug: slug.to_owned(),
        member_id: member.map(|member| member.to_string()).unwrap_or_default(),
        caffeine_mg,
        ..Item::default()
    }
}

/// The same item has the same id in every test.
fn item_id(slug: &str) -> MenuItemId {
    let number = slug.bytes().fold(7_u128, |number, byte| number * 31 + u128::from(byte));
    MenuItemId::from_uuid(uuid::Uuid::from_u128(number))
}

fn event(order: OrderId, version: u64, at: &str, what: What) -> OrderEvent {
    OrderEvent {
        event_id: EventId::new().to_string(),
        order_id: order.to_string(),
        version,
        at: Some(wire_time(at.parse::<Timestamp>().unwrap())),
        placed_by: MemberId::new().to_string(),
        revision: 1,
        owed_beans: 3,
        what: Some(what),
    }
}

fn completed(order: OrderId, version: u64, at: &str, items: Vec<Item>) -> OrderEvent {
    event(order, version, at, What::Completed(Completed { items }))
}

fn uncollected(order: OrderId, version: u64, at: &str, items: Vec<Item>) -> OrderEvent {
    event(order, version, at, What::Uncollected(Uncollected { items }))
}

/// As the consumer gets it.
fn delivery(offset: i64, payload: Vec<u8>) -> Delivery {
    Delivery {
        topic: "orders".to_owned(),
        partition: 0,
        offset,
        key: None,
        payload: Some(payload),
        event_id: None,
        event_type: None,
        traceparent: Some(TRACE.to_owned()),
    }
}

async fn take_in(house: &House, events: &[&OrderEvent]) {
    let batch: Vec<Delivery> = events
        .iter()
        .enumerate()
        .map(|(at, event)| delivery(at as i64, event.encode_to_vec()))
        .collect();
    house.service.app.projections.take_in(&batch).await.unwrap();
}

async fn stats(house: &House, member: MemberId) -> pb::Stats {
    let request = pb::GetStatsRequest::default();
    unwrapped(house.handlers.get_stats(by_person(member, [Role::Member], request)).await).unwrap()
}

/// Everything that is projected.
async fn rows(house: &House) -> Vec<String> {
    sqlx::query_scalar(
        "select drink_stats::text from drink_stats
         union all select served_orders::text from served_orders
         union all select consumed_events::text from consumed_events order by 1",
    )
    .fetch_all(house.pool())
    .await
    .unwrap()
}

struct Topic {
    producer: FutureProducer,
    name: String,
}

impl Topic {
    fn orders(house: &House) -> Self {
        let brokers = test_kit::engines().kafka_brokers;
        let producer = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
        Self { producer, name: house.topics.as_ref().unwrap().orders().to_owned() }
    }

    async fn publish(&self, key: &str, payload: &[u8]) {
        let headers = OwnedHeaders::new()
            .insert(Header { key: "event-id", value: Some("evt_of_the_header") })
            .insert(Header { key: "traceparent", value: Some(TRACE) });
        let record = FutureRecord::to(&self.name).key(key).payload(payload).headers(headers);
        self.producer.send(record, std::time::Duration::from_secs(20)).await.unwrap();
    }

    async fn publish_events(&self, events: &[OrderEvent]) {
        for event in events {
            self.publish(&event.order_id, &event.encode_to_vec()).await;
        }
    }
}

#[tokio::test]
async fn what_was_made_counts_for_whom_it_was_in_the_familys_hour() {
    let house = House::start(Setup::default()).await;
    let (mia, ben) = (MemberId::new(), MemberId::new());
    let order = OrderId::new();
    // 06:30 UTC is 07:30 in Berlin's winter.
    let at = "2026-11-22T06:30:00Z";
    let items = vec![
        drink("flat-white", Some(mia), 130),
        drink("flat-white", Some(mia), 130),
        drink("cocoa", Some(ben), 5),
        drink("flat-white", None, 130),
    ];
    let queued = event(order, 2, at, What::Queued(Queued {}));
    take_in(&house, &[&queued, &completed(order, 6, at, items)]).await;
    let mias = stats(&house, mia).await;
    assert_eq!((mias.drinks, mias.caffeine_mg), (2, 260));
    assert_eq!(mias.by_hour, [pb::HourCount { hour: 7, count: 2 }]);
    assert_eq!(mias.by_drink.len(), 1);
    assert_eq!((mias.by_drink[0].slug.as_str(), mias.by_drink[0].count), ("flat-white", 2));
    assert_eq!(stats(&house, ben).await.drinks, 1);
    house.stop().await;
}

#[tokio::test]
async fn the_newest_version_counts_whatever_comes_first() {
    let house = House::start(Setup::default()).await;
    let mia = MemberId::new();
    let order = OrderId::new();
    let left = uncollected(
        order,
        5,
        "2026-11-22T08:00:00Z",
        vec![drink("flat-white", Some(mia), 130), drink("cocoa", Some(mia), 5)],
    );
    let fetched =
        completed(order, 6, "2026-11-22T09:00:00Z", vec![drink("flat-white", Some(mia), 130)]);
    take_in(&house, &[&fetched]).await;
    take_in(&house, &[&left]).await;
    take_in(&house, &[&left, &fetched, &fetched]).await;
    let late_first = stats(&house, mia).await;
    assert_eq!((late_first.drinks, late_first.caffeine_mg), (1, 130));
    assert_eq!(late_first.by_hour, [pb::HourCount { hour: 10, count: 1 }]);

    house.service.app.projections.rebuild().await.unwrap();
    take_in(&house, &[&left]).await;
    assert_eq!(stats(&house, mia).await.drinks, 2);
    take_in(&house, &[&fetched]).await;
    assert_eq!(stats(&house, mia).await, late_first);
    let empty: i64 = sqlx::query_scalar("select count(*) from drink_stats where drinks = 0")
        .fetch_one(house.pool())
        .await
        .unwrap();
    assert_eq!(empty, 0);
    house.stop().await;
}

#[tokio::test]
async fn any_order_of_arrival_gives_the_same_rows() {
    let house = House::start(Setup::default()).await;
    let members: Vec<MemberId> = (0..3).map(|_| MemberId::new()).collect();
    let mut events = vec![];
    for at in 0..12 {
        let order = OrderId::new();
        let items = |count: usize| {
            (0..count).map(|n| drink(["mocha", "chai", "tea"][n % 3], Some(members[n % 3]), 50))
        };
        let hour = |shift: usize| format!("2026-11-22T{:02}:00:00Z", (at + shift) % 24);
        events.push(uncollected(order, 4, &hour(0), items(at % 4).collect()));
        events.push(completed(order, 5, &hour(1), items(at % 3).collect()));
    }
    let mut expected = None;
    for _ in 0..4 {
        for at in (1..events.len()).rev() {
            events.swap(at, rand::random_range(0..=at));
        }
        let some = rand::random_range(1..events.len());
        let all: Vec<&OrderEvent> = events.iter().collect();
        take_in(&house, &all[..some]).await;
        take_in(&house, &all[some / 2..]).await;
        take_in(&house, &all).await;
        let rows = rows(&house).await;
        assert_eq!(*expected.get_or_insert_with(|| rows.clone()), rows);
        house.service.app.projections.rebuild().await.unwrap();
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_changes_nothing_and_a_rebuild_gives_the_same_rows() {
    let house = House::start(Setup { kafka: With::OwnTopics, ..Setup::default() }).await;
    let topic = Topic::orders(&house);
    let mia = house.member("Mia", 50, [Role::Member]).await;
    let ben = MemberId::new();
    let events: Vec<OrderEvent> = (0..20)
        .map(|at| {
            let hour = format!("2026-11-22T{:02}:30:00Z", at % 24);
            let for_whom = if at % 2 == 0 { mia } else { ben };
            completed(OrderId::new(), 6, &hour, vec![drink("chai", Some(for_whom), 40)])
        })
        .collect();
    topic.publish_events(&events).await;
    eventually("all are counted", async || {
        stats(&house, mia).await.drinks + stats(&house, ben).await.drinks == 20
    })
    .await;
    let before = rows(&house).await;
    let balance = house.balance(mia).await;

    // The whole topic again, as after a refill from the event log.
    topic.publish_events(&events).await;
    let last = completed(OrderId::new(), 6, "2026-11-22T12:00:00Z", vec![]);
    for _ in 0..4 {
        topic.publish_events(std::slice::from_ref(&last)).await;
    }
    eventually("the replay is through", async || {
        rows(&house).await.iter().any(|row| row.contains(&uuid_of(&last)))
    })
    .await;
    let without_last = |rows: Vec<String>| -> Vec<String> {
        let order = last.order_id.parse::<OrderId>().unwrap().uuid().to_string();
        let event = uuid_of(&last);
        rows.into_iter().filter(|row| !row.contains(&event) && !row.contains(&order)).collect()
    };
    assert_eq!(without_last(rows(&house).await), before);

    let answer =
        house.handlers.rebuild_projections(by(Peer::Launcher, pb::RebuildProjectionsRequest {}));
    assert_eq!(unwrapped(answer.await).unwrap().generation, 2);
    eventually("the rebuild is through", async || without_last(rows(&house).await) == before).await;
    assert_eq!(house.balance(mia).await, balance);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

fn uuid_of(event: &OrderEvent) -> String {
    event.event_id.parse::<EventId>().unwrap().uuid().to_string()
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
        letters.push((message.payload().unwrap().to_vec(), headers.collect()));
    }
    letters
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transient_failure_rests_and_loses_nothing() {
    let house = House::start(Setup { kafka: With::OwnTopics, ..Setup::default() }).await;
    let topic = Topic::orders(&house);
    let mia = MemberId::new();
    let events: Vec<OrderEvent> = (0..12)
        .map(|_| {
            let items = vec![drink("chai", Some(mia), 40)];
            completed(OrderId::new(), 6, "2026-11-22T08:00:00Z", items)
        })
        .collect();
    let rename = |statement: &'static str| sqlx::raw_sql(statement).execute(house.pool());
    rename("alter table consumed_events rename to away").await.unwrap();
    topic.publish_events(&events[..6]).await;
    eventually("partitions rest", async || {
        runtime::telemetry::metrics_text().contains("everything_consumer_pauses_total")
    })
    .await;
    topic.publish_events(&events[6..]).await;
    rename("alter table away rename to consumed_events").await.unwrap();
    eventually("everything is counted", async || stats(&house, mia).await.drinks == 12).await;
    assert_eq!(
        customer_service::store::dead_letters::waiting(house.pool(), 10).await.unwrap().len(),
        0,
        "nothing of it was poison"
    );
    house.stop().await;
}

#[tokio::test]
async fn what_the_database_refuses_is_set_aside_alone() {
    let house = House::start(Setup { kafka: With::OwnTopics, ..Setup::default() }).await;
    let mia = MemberId::new();
    let at = "2026-11-22T08:00:00Z";
    let good = completed(OrderId::new(), 6, at, vec![drink("chai", Some(mia), 40)]);
    let bad = completed(OrderId::new(), 6, at, vec![drink("forbidden", Some(mia), 40)]);
    sqlx::raw_sql("alter table drink_stats add constraint tea_only check (slug <> 'forbidden')")
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

#[tokio::test]
async fn without_kafka_the_service_works_and_says_so() {
    let house = House::start(Setup { kafka: With::KafkaAway, ..Setup::default() }).await;
    let mia = house.member("Mia", 20, [Role::Member]).await;
    house.settle(OrderId::new(), mia, 1, 7).await.unwrap();
    eventually("it says so", async || {
        let report = house.runtime.health.report();
        report.ready && report.degraded == ["kafka"]
    })
    .await;
    house.stop().await;
}
