//! Two replicas on one database.

use futures::StreamExt as _;
use wire::order::v1::{self as pb, live_event::What};

use crate::house::{House, PATIENCE, a, asking, code, on, until};

#[tokio::test]
async fn two_replicas_are_one_service() {
    let house = House::open().await;
    let second = house.second_replica().await;
    let (anna, barista) = (house.member(), house.barista());
    let (anna_there, barista_there) = (anna.at(&house, &second), barista.at(&house, &second));

    // Numbers, keys and commands are shared.
    let here = anna.orders_a_flat_white().await;
    let there = anna_there.orders_a_flat_white().await;
    assert_eq!((here.number, there.number), (1, 2));
    let request = asking(vec![a("latte")]);
    let (one, other) =
        tokio::join!(anna.ask_place(request.clone()), anna_there.ask_place(request.clone()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.order.unwrap().id, other.order.unwrap().id);
    assert_ne!(one.repeated_request, other.repeated_request);
    let colleague_there = house.barista().at(&house, &second);
    let (accepted, also) =
        tokio::join!(barista.accept(on(&here)), colleague_there.accept(on(&here)));
    assert_ne!(accepted.is_ok(), also.is_ok());

    // Both settle, and everything is charged once.
    house.customer.books().away = true;
    let mut ids = Vec::new();
    for at in 0..10 {
        let person = if at % 2 == 0 { &anna } else { &anna_there };
        let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("espresso")]) };
        ids.push(person.ask_place(request).await.unwrap().order.unwrap().id);
    }
    let before = house.customer.books().balances[&anna.id.to_string()];
    house.customer.books().away = false;
    for id in &ids {
        crate::settling::until_state(&anna, id, pb::OrderState::Queued).await;
    }
    assert_eq!(house.customer.books().balances[&anna.id.to_string()], before - 10);

    // What one learns, the other shows, and refuses at once.
    let closed = pb::SetBarRequest { state: pb::BarState::Closed.into(), until: None };
    barista_there.set_bar(closed).await.unwrap();
    assert_eq!(code(anna.ask_place(asking(vec![a("latte")])).await), "bar-closed");
    let off = pb::SetAvailabilityRequest { slug: "mocha".into(), available: false, until: None };
    barista.set_availability(off).await.unwrap();
    until("off there too", async || {
        let menu = anna_there.menu().await.unwrap();
        (menu.sold_out.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_feed_of_one_replica_has_what_the_other_did() {
    let house = House::open().await;
    let second = house.second_replica().await;
    let anna_there = house.member().at(&house, &second);
    let watch = pb::WatchEventsRequest { after: String::new() };
    let mut events = house.as_gateway().watch_events(watch).await.unwrap().into_inner();
    let order = anna_there.orders_a_flat_white().await;
    let mut versions = Vec::new();
    while versions.len() < 2 {
        let event = tokio::time::timeout(PATIENCE, events.next()).await.expect("silence");
        if let Some(What::Order(changed)) = event.unwrap().unwrap().what {
            assert_eq!((&changed.order_id, changed.number), (&order.id, order.number));
            assert_eq!(changed.recipients, [anna_there.id.to_string()]);
            versions.push(changed.version);
        }
    }
    assert_eq!(versions, [1, 2]);
}
