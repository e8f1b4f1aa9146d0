//! `/v1/events`: nothing is missed, nothing is shown to the wrong person.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use types::{OrderId, Role};

use crate::{
    http_client::Events,
    samples::{bar_changed, changed},
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const BARISTA: &[Role] = &[Role::Member, Role::Barista];

async fn listen(world: &World, by: &Someone, after: &str) -> Events {
    let path = if after.is_empty() {
        "/v1/events".to_owned()
    } else {
        format!("/v1/events?after={after}")
    };
    world.get(&path).by(by).listen().await
}

async fn ready(world: &World) {
    world.until("the hub follows", |world| world.app.hub().head().is_some()).await;
}

/// The hub has everything that the log has.
async fn caught_up(world: &World) {
    let head = world.orders.log.head();
    world
        .until("the hub caught up", |world| {
            world.app.hub().head().is_some_and(|at| at.to_string() == head)
        })
        .await;
}

#[tokio::test]
async fn a_member_sees_their_own_orders_and_a_barista_all() {
    let world = World::new().await;
    ready(&world).await;
    let (me, other, barista) =
        (world.someone(MEMBER), world.someone(MEMBER), world.someone(BARISTA));
    let mut mine = listen(&world, &me, "e1-0").await;
    let mut counter = listen(&world, &barista, "e1-0").await;
    let (theirs, ours, for_me) = (OrderId::new(), OrderId::new(), OrderId::new());
    world.orders.log.append(changed(theirs, other.member, 1));
    let second = world.orders.log.append(changed(ours, me.member, 4));
    let wire::order::v1::live_event::What::Order(mut gift) = changed(for_me, other.member, 2)
    else {
        unreachable!()
    };
    gift.recipients = vec![me.member.to_string()];
    world.orders.log.append(wire::order::v1::live_event::What::Order(gift));
    world.orders.log.append(bar_changed());

    let event = mine.event().await.unwrap();
    assert_eq!((event.event.as_str(), &event.id), ("order", &second));
    let data = event.value();
    assert_eq!(data["order"], ours.to_string());
    assert_eq!(data["version"], 4);
    assert_eq!(data["state"], "queued");
    assert_eq!(data["kind"], "queued");
    assert_eq!(data["number"], 7);
    assert!(data["at"].is_string());
    assert_eq!(data.as_object().unwrap().len(), 6);
    assert_eq!(mine.event().await.unwrap().value()["order"], for_me.to_string());
    assert_eq!(mine.event().await.unwrap().event, "bar");

    for order in [theirs, ours, for_me] {
        assert_eq!(counter.event().await.unwrap().value()["order"], order.to_string());
    }
    assert_eq!(counter.event().await.unwrap().event, "bar");
}

#[tokio::test]
async fn a_listener_resumes_where_it_was_and_the_last_event_id_wins() {
    let world = World::new().await;
    ready(&world).await;
    let barista = world.someone(BARISTA);
    for version in 1..=10 {
        world.orders.log.append(changed(OrderId::new(), barista.member, version));
    }
    caught_up(&world).await;
    let mut events = listen(&world, &barista, "e1-7").await;
    assert_eq!(events.event().await.unwrap().id, "e1-8");
    let call = world.get("/v1/events?after=e1-2").by(&barista).header("last-event-id", "e1-9");
    let mut events = call.listen().await;
    assert_eq!(events.event().await.unwrap().id, "e1-10");
    // Without a position, from now on.
    let mut events = listen(&world, &barista, "").await;
    world.orders.log.append(bar_changed());
    assert_eq!(events.event().await.unwrap().id, "e1-11");
}

#[tokio::test]
async fn who_cannot_be_told_what_they_missed_is_told_to_load_again() {
    let world = World::new().await;
    ready(&world).await;
    let barista = world.someone(BARISTA);
    world.orders.log.append_all((0..200).map(|_| bar_changed()));
    caught_up(&world).await;
    for position in
        ["e1-3", "e0-199", "e1-999999", "nonsense", "e1-", "%ff", "e1-18446744073709551616"]
    {
        let mut events = listen(&world, &barista, position).await;
        let event = events.event().await.unwrap();
        assert_eq!((event.event.as_str(), event.id.as_str()), ("reset", "e1-200"), "{position}");
        assert_eq!(event.value()["position"], "e1-200");
    }
    let call = world.get("/v1/events?after=e1-200").by(&barista).header("last-event-id", b"\xff");
    assert_eq!(call.listen().await.event().await.unwrap().event, "reset");
    // After a reset it goes on.
    let mut events = listen(&world, &barista, "e1-3").await;
    assert_eq!(events.event().await.unwrap().event, "reset");
    world.orders.log.append(bar_changed());
    assert_eq!(events.event().await.unwrap().id, "e1-201");
}

#[tokio::test]
async fn a_page_that_is_a_moment_ahead_of_the_gateway_waits_and_is_not_reset() {
    let world = World::new().await;
    ready(&world).await;
    let barista = world.someone(BARISTA);
    let mut events = listen(&world, &barista, "e1-1").await;
    world.until("it waits", |world| world.app.hub().listening() == 1).await;
    world.orders.log.append_all([bar_changed(), bar_changed()]);
    let event = events.event().await.unwrap();
    assert_eq!((event.event.as_str(), event.id.as_str()), ("bar", "e1-2"));
}

#[tokio::test]
async fn a_broken_stream_upstream_is_resumed_and_nobody_misses_or_sees_twice() {
    let world = World::new().await;
    ready(&world).await;
    let barista = world.someone(BARISTA);
    let mut events = listen(&world, &barista, "e1-0").await;
    world.orders.log.append(bar_changed());
    assert_eq!(events.event().await.unwrap().id, "e1-1");
    world.orders.log.break_streams();
    world.orders.log.append(bar_changed());
    assert_eq!(events.event().await.unwrap().id, "e1-2");
    assert_eq!(world.orders.log.watched_after(), ["", "e1-1"]);
    // Another log altogether: everybody loads again.
    world.orders.log.new_epoch("e2");
    let event = events.event().await.unwrap();
    assert_eq!((event.event.as_str(), event.id.as_str()), ("reset", "e2-0"));
    world.orders.log.append(bar_changed());
    assert_eq!(events.event().await.unwrap().id, "e2-1");
}

#[tokio::test]
async fn one_stream_upstream_feeds_everybody() {
    let world = World::with(|config| config.streams_per_member = 100).await;
    ready(&world).await;
    let barista = world.someone(BARISTA);
    let listeners = (0..50).map(|_| listen(&world, &barista, "e1-0"));
    let mut listeners = futures::future::join_all(listeners).await;
    world.until("all listen", |world| world.app.hub().listening() == 50).await;
    world.orders.log.append_all((0..40).map(|_| bar_changed()));
    let read_all = listeners.iter_mut().map(async |events| {
        for number in 1..=40 {
            assert_eq!(events.event().await.unwrap().id, format!("e1-{number}"));
        }
    });
    futures::future::join_all(read_all).await;
    assert_eq!(world.orders.log.watched_after().len(), 1);
    drop(listeners);
    world.until("all left", |world| world.app.hub().listening() == 0).await;
}

#[tokio::test]
async fn the_heartbeat_is_a_bare_id_that_moves_on() {
    let world = World::with(|config| config.heartbeat = Duration::from_millis(200)).await;
    ready(&world).await;
    let me = world.someone(MEMBER);
    let mut events = listen(&world, &me, "e1-0").await;
    let beat = events.block().await.unwrap();
    assert_eq!((beat.id.as_str(), beat.event.as_str(), beat.data.as_str()), ("e1-0", "", ""));
    // What one may not see moves the id all the same.
    world.orders.log.append(changed(OrderId::new(), world.someone(MEMBER).member, 1));
    caught_up(&world).await;
    loop {
        let beat = events.block().await.unwrap();
        assert_eq!((beat.event.as_str(), beat.data.as_str()), ("", ""));
        if beat.id == "e1-1" {
            break;
        }
        assert_eq!(beat.id, "e1-0");
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_dropped_and_harms_nobody() {
    let world = World::new().await;
    ready(&world).await;
    let (slow, quick) = (world.someone(BARISTA), world.someone(BARISTA));
    let mut stream = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let request = format!(
        "GET /v1/events?after=e1-0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        slow.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 64];
    stream.read_exact(&mut head).await.unwrap();
    let mut events = listen(&world, &quick, "e1-0").await;
    world.until("both listen", |world| world.app.hub().listening() == 2).await;
    // More than any socket buffer holds, in portions that a reader keeps up with.
    let mut number = 0;
    while world.app.hub().listening() == 2 {
        world.orders.log.append_all((0..32).map(|_| changed(OrderId::new(), slow.member, 1)));
        for _ in 0..32 {
            number += 1;
            assert_eq!(events.event().await.unwrap().id, format!("e1-{number}"));
        }
        assert!(number < 200_000, "a reader that does not read is never dropped");
    }
    world.orders.log.append(bar_changed());
    assert_eq!(events.event().await.unwrap().id, format!("e1-{}", number + 1));
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "its connection was closed");
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_its_session() {
    let world = World::new().await;
    ready(&world).await;
    let short = world.someone_for(MEMBER, 1);
    let events = listen(&world, &short, "e1-0").await;
    events.must_end().await;

    let someone = world.someone(MEMBER);
    let events = listen(&world, &someone, "e1-0").await;
    world.until("it listens", |world| world.app.hub().listening() == 1).await;
    let until = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    world.customers.revocations.send_modify(|list| list.push((someone.session.to_string(), until)));
    events.must_end().await;
    world.get("/v1/events").by(&someone).refused(401, "unauthenticated").await;
    world.get("/v1/events").refused(401, "unauthenticated").await;
}

#[tokio::test]
async fn one_member_holds_only_so_many_streams() {
    let world = World::with(|config| config.streams_per_member = 2).await;
    ready(&world).await;
    let (me, other) = (world.someone(MEMBER), world.someone(MEMBER));
    let first = listen(&world, &me, "").await;
    let _second = listen(&world, &me, "").await;
    world.get("/v1/events").by(&me).refused(429, "too-many-requests").await;
    let _another = listen(&world, &other, "").await;
    drop(first);
    world.until("one left", |world| world.app.hub().listening() == 2).await;
    let _third = listen(&world, &me, "").await;
}

#[tokio::test]
async fn a_gateway_that_leaves_ends_its_streams_and_finishes_in_time() {
    let world = World::new().await;
    ready(&world).await;
    let me = world.someone(MEMBER);
    let events = listen(&world, &me, "e1-0").await;
    world.gateway.shutdown.request();
    let finishing = tokio::time::timeout(Duration::from_secs(8), world.gateway.clone().finish());
    let (finished, ()) = tokio::join!(finishing, events.must_end());
    finished.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(world.address).await.is_err());
}

#[tokio::test]
async fn listeners_wait_while_order_service_is_away_and_are_served_when_it_is_back() {
    let world = World::with(|config| {
        config.order_service_url = "http://127.0.0.1:1".to_owned();
        config.heartbeat = Duration::from_millis(100);
    })
    .await;
    let me = world.someone(MEMBER);
    let mut events = listen(&world, &me, "e1-5").await;
    world.app.hub().take(wire::order::v1::LiveEvent {
        position: "e1-5".to_owned(),
        what: Some(wire::order::v1::live_event::What::Heartbeat(wire::order::v1::Heartbeat {})),
    });
    assert_eq!(events.block().await.unwrap().id, "e1-5");
}
