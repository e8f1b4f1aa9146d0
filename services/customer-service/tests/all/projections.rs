use customer_service::projections::source::Delivery;
use prost::Message;
use runtime::Peer;
use types::{EventId, MemberId, OrderId, Role};
use wire::{
    customer::v1::{self as pb, customer_service_server::CustomerService},
    events::v1::{Accepted, OrderEvent, Placed, Queued, Ready, order_event::What},
};

use crate::{
    house::{House, Setup, With, by, eventually, unwrapped},
    topic::{PARTITIONS, Topic, completed, delivery, drink, event, stats, take_in, uncollected},
};

/// Everything that is projected.
async fn rows(house: &House) -> Vec<String> {
    sqlx::query_scalar(
        "select drinks_served::text from drinks_served
         union all select order_facts::text from order_facts
         union all select stamps::text from stamps
         union all select stamp_cards::text from stamp_cards
         union all select consumed_events::text from consumed_events order by 1",
    )
    .fetch_all(house.pool())
    .await
    .unwrap()
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
        let (ben, ada) = (members[0].to_string(), members[1].to_string());
        let placed = What::Placed(Placed::default());
        events.push(event(order, 1, &hour(0), placed.clone()));
        events.push(event(order, 2, &hour(0), What::Accepted(Accepted { barista: ben.clone() })));
        events.push(event(order, 3, &hour(0), What::Ready(Ready { barista: ben })));
        events.push(uncollected(order, 4, &hour(0), items(at % 4).collect()));
        events.push(completed(order, 5, &hour(1), items(at % 3).collect()));
        // Of an order that was recalled and made again, amended and placed again.
        events.push(event(order, 6, &hour(2), What::Ready(Ready { barista: ada })));
        events.push(event(order, 7, &hour(2), placed));
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
        .flat_map(|at| {
            let hour = format!("2026-11-22T{:02}:30:00Z", at % 24);
            let for_whom = if at % 2 == 0 { mia } else { ben };
            let order = OrderId::new();
            let made = What::Ready(Ready { barista: ben.to_string() });
            [
                event(order, 1, &hour, What::Placed(Placed::default())),
                event(order, 5, &hour, made),
                completed(order, 6, &hour, vec![drink("chai", Some(for_whom), 40)]),
            ]
        })
        .collect();
    topic.publish_events(&events).await;
    eventually("all are counted", async || {
        stats(&house, mia).await.drinks + stats(&house, ben).await.drinks == 20
    })
    .await;
    let before = rows(&house).await;
    let balance = house.balance(mia).await;

    // The whole topic again, as after a refill from the event log, and behind it
    // in each partition one that adds nothing.
    topic.publish_events(&events).await;
    let at = "2026-11-22T12:00:00Z";
    let last: Vec<OrderEvent> =
        (0..PARTITIONS).map(|_| event(OrderId::new(), 2, at, What::Queued(Queued {}))).collect();
    for (partition, event) in (0..PARTITIONS).zip(&last) {
        topic.publish_to(partition, event).await;
    }
    let ends: Vec<String> = last.iter().map(uuid_of).collect();
    let is_through = async || {
        let rows = rows(&house).await;
        ends.iter().all(|end| rows.iter().any(|row| row.contains(end)))
    };
    let without_ends = async || -> Vec<String> {
        let rows = rows(&house).await.into_iter();
        rows.filter(|row| !ends.iter().any(|end| row.contains(end))).collect()
    };
    eventually("the replay is through", &is_through).await;
    assert_eq!(without_ends().await, before);

    let answer =
        house.handlers.rebuild_projections(by(Peer::Launcher, pb::RebuildProjectionsRequest {}));
    assert_eq!(unwrapped(answer.await).unwrap().generation, 2);
    eventually("the rebuild is through", &is_through).await;
    assert_eq!(without_ends().await, before);
    assert_eq!(house.balance(mia).await, balance);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

fn uuid_of(event: &OrderEvent) -> String {
    event.event_id.parse::<EventId>().unwrap().uuid().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_count_for_the_same_people_never_wait_for_each_other_crosswise() {
    let house = House::start(Setup::default()).await;
    let mut members: Vec<MemberId> = (0..20).map(|_| MemberId::new()).collect();
    let batch = |members: &[MemberId]| -> Vec<Delivery> {
        let order = |(at, member): (usize, &MemberId)| {
            let items = vec![drink("chai", Some(*member), 40)];
            let event = completed(OrderId::new(), 6, "2026-11-22T08:00:00Z", items);
            delivery(at as i64, event.encode_to_vec())
        };
        members.iter().enumerate().map(order).collect()
    };
    let projections = &house.service.app.projections;
    for _ in 0..10 {
        let forth = batch(&members);
        members.reverse();
        let back = batch(&members);
        let (one, other) = tokio::join!(projections.take_in(&forth), projections.take_in(&back));
        one.unwrap();
        other.unwrap();
    }
    for member in members {
        assert_eq!(stats(&house, member).await.drinks, 20);
    }
    house.stop().await;
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
