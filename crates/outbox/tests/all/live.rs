//! Live streams: resume, go on, reset.

use chrono::Utc;
use outbox::{Cursor, Epoch, FURTHEST_BEHIND, Live, Position, Subscription};

use crate::{PATIENCE, World, event, reaches, write};

async fn next(events: &mut Subscription) -> Live {
    tokio::time::timeout(PATIENCE, events.next()).await.expect("nothing comes").unwrap()
}

async fn version(events: &mut Subscription) -> i64 {
    match next(events).await {
        Live::Event(record) => record.version,
        Live::Reset(cursor) => panic!("reset to {cursor}"),
    }
}

#[tokio::test]
async fn a_subscriber_gets_what_it_missed_and_then_what_comes() {
    let world = World::new().await;
    let replica = world.replica().await;
    for at in 1..=3 {
        write(&world.pool, &event("a", at)).await;
    }
    replica.log.wake();
    reaches(replica.log.head(), 3).await;

    let mut resumed = replica.log.subscribe(Some(replica.log.cursor(Position::new(1))));
    let mut fresh = replica.log.subscribe(None);
    assert_eq!((version(&mut resumed).await, version(&mut resumed).await), (2, 3));
    write(&world.pool, &event("a", 4)).await;
    replica.log.wake();
    assert_eq!((version(&mut resumed).await, version(&mut fresh).await), (4, 4));
    assert_eq!(resumed.cursor(), replica.log.position());
    replica.leave().await;
}

#[tokio::test]
async fn what_another_replica_numbers_arrives_too() {
    let world = World::new().await;
    let (one, two) = (world.replica().await, world.replica().await);
    let mut events = two.log.subscribe(None);
    for at in 1..=5 {
        write(&world.pool, &event("a", at)).await;
        one.log.wake();
        assert_eq!(version(&mut events).await, at);
    }
    one.leave().await;
    two.leave().await;
}

#[tokio::test]
async fn another_epoch_the_future_and_too_far_behind_are_resets_and_go_on() {
    let world = World::new().await;
    sqlx::query(
        "insert into event_log (event_id, stream_key, version, kind, payload, at)
         select gen_random_uuid(), 'a', n, 'accepted', '', $2 from generate_series(1, $1) n",
    )
    .bind(FURTHEST_BEHIND + 10)
    .bind(Utc::now())
    .execute(&world.pool)
    .await
    .unwrap();
    let replica = world.replica().await;
    let log = &replica.log;
    reaches(log.head(), FURTHEST_BEHIND + 10).await;
    let foreign = Cursor { epoch: Epoch::new("another"), position: Position::new(5) };
    let future = log.cursor(Position::new(FURTHEST_BEHIND + 11));
    let behind = log.cursor(Position::new(9));
    let mut streams: Vec<_> =
        [foreign, future, behind].map(|after| log.subscribe(Some(after))).into();
    for events in &mut streams {
        assert_eq!(next(events).await, Live::Reset(log.position()));
    }
    let mut near = log.subscribe(Some(log.cursor(Position::new(10))));
    assert_eq!(version(&mut near).await, 11);

    write(&world.pool, &event("a", FURTHEST_BEHIND + 11)).await;
    log.wake();
    for events in &mut streams {
        assert_eq!(version(events).await, FURTHEST_BEHIND + 11);
    }
    replica.leave().await;
}
