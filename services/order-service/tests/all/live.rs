//! The live feed.

use futures::StreamExt as _;
use tonic::Streaming;
use wire::order::v1::{self as pb, live_event::What};

use crate::house::{House, PATIENCE, code, on};

async fn watch(house: &House, after: &str) -> Streaming<pb::LiveEvent> {
    let request = pb::WatchEventsRequest { after: after.to_owned() };
    house.as_gateway().watch_events(request).await.unwrap().into_inner()
}

async fn next(events: &mut Streaming<pb::LiveEvent>) -> pb::LiveEvent {
    let event = tokio::time::timeout(PATIENCE, events.next()).await.expect("silence");
    event.expect("the stream ended").unwrap()
}

/// The next event that is more than a heartbeat.
async fn news(events: &mut Streaming<pb::LiveEvent>) -> pb::LiveEvent {
    loop {
        let event = next(events).await;
        if !matches!(event.what, Some(What::Heartbeat(_))) {
            return event;
        }
    }
}

/// The next so many events that are about orders.
async fn orders(
    events: &mut Streaming<pb::LiveEvent>,
    count: usize,
) -> Vec<(String, pb::OrderChanged)> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let event = news(events).await;
        match event.what.unwrap() {
            What::Order(order) => seen.push((event.position, order)),
            other => panic!("{other:?}"),
        }
    }
    seen
}

#[tokio::test]
async fn every_change_of_an_order_comes_once_in_order_and_resumes() {
    let house = House::open().await;
    let (anna, bert, barista) = (house.member(), house.member(), house.barista());
    let mut events = watch(&house, "").await;
    let item = pb::ItemRequest {
        recipient: Some(pb::item_request::Recipient::MemberId(bert.id.to_string())),
        ..crate::house::a("latte")
    };
    let order = anna.orders(vec![item]).await.unwrap();
    barista.ready(on(&order)).await.unwrap();
    anna.pick_up(on(&order)).await.unwrap();
    let seen = orders(&mut events, 4).await;
    let kinds: Vec<_> = seen.iter().map(|(_, event)| event.kind.as_str()).collect();
    assert_eq!(kinds, ["placed", "queued", "ready", "completed"]);
    let states: Vec<_> = seen.iter().map(|(_, event)| event.state()).collect();
    assert_eq!(
        states,
        [
            pb::OrderState::Placed,
            pb::OrderState::Queued,
            pb::OrderState::Ready,
            pb::OrderState::Completed
        ]
    );
    for ((_, event), version) in seen.iter().zip(1..) {
        assert_eq!((event.order_id.as_str(), event.version), (order.id.as_str(), version));
        assert_eq!((event.number, event.placed_by.as_str()), (1, &*anna.id.to_string()));
        assert_eq!(event.recipients, [bert.id.to_string()]);
        assert!(event.at.is_some());
    }

    // From any of them on, the rest comes again, and nothing else.
    for (at, (position, _)) in seen.iter().enumerate().take(3) {
        let mut again = watch(&house, position).await;
        let rest = orders(&mut again, 3 - at).await;
        assert_eq!(rest, seen[at + 1..]);
    }
    // After a restart too: what is not in memory is read from the log.
    let house = house.restart().await;
    let mut again = watch(&house, &seen[0].0).await;
    assert_eq!(orders(&mut again, 3).await, seen[1..]);
}

#[tokio::test]
async fn what_cannot_be_resumed_is_reset_and_goes_on() {
    let house = House::open().await;
    let anna = house.member();
    let mut live = watch(&house, "").await;
    anna.orders_a_flat_white().await;
    let (position, _) = orders(&mut live, 2).await.pop().unwrap();
    let (epoch, _) = position.split_once('-').unwrap();
    for after in ["abc-1", &format!("{epoch}-999"), "nonsense", "-", "é"] {
        let mut events = watch(&house, after).await;
        let first = next(&mut events).await;
        assert_eq!(first.what, Some(What::Reset(pb::Reset {})), "{after}");
        assert_eq!(first.position, position, "{after}");
    }
    let mut events = watch(&house, "abc-1").await;
    next(&mut events).await;
    anna.orders_a_flat_white().await;
    assert_eq!(orders(&mut events, 2).await.len(), 2);
}

#[tokio::test]
async fn the_bar_and_the_menu_are_news_too_and_silence_is_never_long() {
    let house = House::open().await;
    let barista = house.barista();
    let mut events = watch(&house, "").await;
    let first = next(&mut events).await.what;
    assert_eq!(first, Some(What::Heartbeat(pb::Heartbeat {})), "where the log is, at once");
    let pause = pb::SetBarRequest { state: pb::BarState::Paused.into(), until: None };
    barista.set_bar(pause).await.unwrap();
    assert_eq!(news(&mut events).await.what, Some(What::Bar(pb::BarChanged {})));
    let off = pb::SetAvailabilityRequest { slug: "soy".into(), available: false, until: None };
    barista.set_availability(off).await.unwrap();
    let changed = news(&mut events).await;
    assert_eq!(changed.what, Some(What::Bar(pb::BarChanged {})));
    let beat = next(&mut events).await;
    assert_eq!(beat.what, Some(What::Heartbeat(pb::Heartbeat {})));
    assert_eq!(beat.position, changed.position);
}

#[tokio::test]
async fn a_list_shows_a_position_from_which_nothing_is_missed() {
    let house = House::open().await;
    let anna = house.member();
    anna.orders_a_flat_white().await;
    let list = anna.ask_list(pb::ListOrdersRequest::default()).await.unwrap();
    let order = anna.orders_a_flat_white().await;
    let mut events = watch(&house, &list.position).await;
    let mut versions = Vec::new();
    while versions.len() < 2 {
        let (_, event) = orders(&mut events, 1).await.pop().unwrap();
        if event.order_id == order.id {
            versions.push(event.version);
        }
    }
    assert_eq!(versions, [1, 2]);
}

#[tokio::test]
async fn the_feed_is_for_the_gateway_alone() {
    let house = House::open().await;
    let request = pb::WatchEventsRequest { after: String::new() };
    let refused = house.as_customer_service().watch_events(request).await;
    assert_eq!(code(refused.map_err(runtime::AppError::from_status)), "forbidden");
}
