//! The bar: open, paused, closed.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use wire::order::v1 as pb;

use crate::house::{House, a, asking, because, code, in_seconds, named, on};

fn set(state: pb::BarState, until: Option<chrono::DateTime<Utc>>) -> pb::SetBarRequest {
    let until = until.map(|at| prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 });
    pb::SetBarRequest { state: state.into(), until }
}

#[tokio::test]
async fn a_paused_bar_refuses_new_orders_with_the_time_and_goes_on_with_the_others() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let open = anna.orders_a_flat_white().await;
    let until = Utc::now() + TimeDelta::minutes(30);
    let bar = barista.set_bar(set(pb::BarState::Paused, Some(until))).await.unwrap();
    assert_eq!(
        (bar.state(), bar.until.unwrap().seconds),
        (pb::BarState::Paused, until.timestamp())
    );
    assert_eq!(bar.queued, 1);
    let error = anna.ask_place(asking(vec![a("latte")])).await.unwrap_err();
    assert_eq!(error.code.name(), "bar-paused");
    assert!(error.details["until"].starts_with(&until.format("%Y-%m-%dT%H:%M").to_string()));
    assert!(error.retry_after.unwrap() > Duration::from_secs(1_700));

    // Open orders go on.
    barista.accept(on(&open)).await.unwrap();
    barista.ready(on(&open)).await.unwrap();
    anna.pick_up(on(&open)).await.unwrap();

    let bar = barista.set_bar(set(pb::BarState::Open, None)).await.unwrap();
    assert_eq!((bar.state(), bar.until), (pb::BarState::Open, None));
    anna.orders_a_flat_white().await;
}

#[tokio::test]
async fn a_closed_bar_takes_orders_for_when_it_is_open_again() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let until = Utc::now() + TimeDelta::hours(10);
    barista.set_bar(set(pb::BarState::Closed, Some(until))).await.unwrap();
    assert_eq!(code(anna.ask_place(asking(vec![a("latte")])).await), "bar-closed");
    let at = |hours| {
        Some(prost_types::Timestamp {
            seconds: (Utc::now() + TimeDelta::hours(hours)).timestamp(),
            nanos: 0,
        })
    };
    let early = pb::PlaceOrderRequest { not_before: at(9), ..asking(vec![a("latte")]) };
    assert_eq!(code(anna.ask_place(early).await), "bar-closed");
    let later = pb::PlaceOrderRequest { not_before: at(11), ..asking(vec![a("latte")]) };
    let held = anna.ask_place(later).await.unwrap().order.unwrap();
    assert_eq!(held.state(), pb::OrderState::Held);
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let until = in_seconds(4);
    let pause = pb::SetBarRequest { state: pb::BarState::Paused.into(), until: Some(until) };
    barista.set_bar(pause).await.unwrap();
    let refused = anna.ask_place(asking(vec![a("latte")])).await;
    // Said only if it still was so when the answer came.
    if Utc::now().timestamp() < until.seconds {
        assert_eq!(code(refused), "bar-paused");
    }
    crate::house::until("open again", async || {
        let bar = anna.ask_bar(pb::GetBarRequest {}).await.unwrap();
        (bar.state() == pb::BarState::Open).then_some(())
    })
    .await;
    anna.orders_a_flat_white().await;
}

#[tokio::test]
async fn a_replica_that_has_not_heard_still_refuses_while_the_bar_is_closed() {
    let house = House::open().await;
    let anna = house.member();
    anna.orders_a_flat_white().await;
    sqlx::query("update bar set state = 'closed', generation = generation + 1")
        .execute(&house.pool)
        .await
        .unwrap();
    assert_eq!(code(anna.ask_place(asking(vec![a("latte")])).await), "bar-closed");
}

#[tokio::test]
async fn nonsense_is_refused() {
    let house = House::open().await;
    let barista = house.barista();
    let past = set(pb::BarState::Paused, Some(Utc::now() - TimeDelta::hours(1)));
    assert_eq!(named(barista.set_bar(past).await), ("invalid-request".into(), "until".into()));
    for state in [0, 9, -1] {
        let request = pb::SetBarRequest { state, until: None };
        assert_eq!(
            named(barista.set_bar(request).await),
            ("invalid-request".into(), "state".into())
        );
    }
}

#[tokio::test]
async fn estimates_are_learned_and_never_invented() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let bar = anna.ask_bar(pb::GetBarRequest {}).await.unwrap();
    assert_eq!(bar.estimate_seconds, None);
    for _ in 0..3 {
        let order = anna.orders_a_flat_white().await;
        barista.ready(on(&order)).await.unwrap();
    }
    // What took two minutes each, had somebody made them.
    sqlx::query(
        "update orders set detail = jsonb_set(jsonb_set(detail,
             '{queued_at}', to_jsonb((now() - interval '130 s')::timestamptz)),
             '{accepted_at}', to_jsonb((now() - interval '120 s')::timestamptz))",
    )
    .execute(&house.pool)
    .await
    .unwrap();
    // What was learned counts for a while; another replica learns afresh.
    let house = house.restart().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders_a_flat_white().await;
    let ready_at = anna.get(&order.id).await.unwrap().estimated_ready_at.unwrap().seconds;
    let takes = ready_at - order.placed_at.unwrap().seconds;
    assert!((125..=140).contains(&takes), "{takes}");
    let bar = barista.queue().await.bar.unwrap();
    assert!((230..=260).contains(&bar.estimate_seconds.unwrap()), "{bar:?}");
    barista.decline(because(&order, "no")).await.unwrap();
    assert_eq!(anna.get(&order.id).await.unwrap().estimated_ready_at, None);
}
