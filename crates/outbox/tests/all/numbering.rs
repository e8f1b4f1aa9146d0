//! Positions: dense, in commit's order, per key by version, nothing skipped.

use std::collections::HashMap;

use outbox::{AppendError, Position, read_after};
use rand::RngExt;
use tokio::task::JoinSet;

use crate::{World, event, names, reaches, write};

#[tokio::test]
async fn an_event_that_commits_late_is_not_skipped() {
    let world = World::new().await;
    let replica = world.replica().await;

    let mut late = world.pool.begin().await.unwrap();
    outbox::append(&mut late, &event("late", 1)).await.unwrap();
    write(&world.pool, &event("early", 1)).await;
    replica.log.wake();
    reaches(replica.log.head(), 1).await;
    let first = replica.log.read_after(Position::START, 10).await.unwrap();
    assert_eq!(names(&first), ["early 1"]);

    // It was inserted first, and commits when somebody has read past it.
    late.commit().await.unwrap();
    replica.log.wake();
    reaches(replica.log.head(), 2).await;
    let rest = replica.log.read_after(first[0].position, 10).await.unwrap();
    assert_eq!(names(&rest), ["late 1"]);
    replica.leave().await;
}

#[tokio::test]
async fn positions_are_dense_and_in_order_per_key_under_concurrent_writers_and_numberers() {
    const WRITERS: usize = 8;
    const EACH: i64 = 30;
    let world = World::new().await;
    let (one, two) = (world.replica().await, world.replica().await);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let pool = world.pool.clone();
        let log = if writer % 2 == 0 { one.log.clone() } else { two.log.clone() };
        writers.spawn(async move {
            let mut version = 1;
            while version <= EACH {
                let mut tx = pool.begin().await.unwrap();
                outbox::append(&mut tx, &event(&format!("key {writer}"), version)).await.unwrap();
                // Some fail after their event was written: a hole in `seq`.
                if rand::rng().random_bool(0.2) {
                    tx.rollback().await.unwrap();
                    continue;
                }
                tx.commit().await.unwrap();
                log.wake();
                version += 1;
            }
        });
    }
    writers.join_all().await;
    let total = WRITERS as i64 * EACH;
    reaches(one.log.head(), total).await;
    reaches(two.log.head(), total).await;
    let records = read_after(&world.pool, Position::START, 10_000).await.unwrap();
    let positions: Vec<i64> = records.iter().map(|record| record.position.get()).collect();
    assert_eq!(positions, (1..=total).collect::<Vec<_>>());
    let mut last = HashMap::new();
    for record in &records {
        let before = last.insert(record.stream_key.clone(), record.version).unwrap_or(0);
        assert_eq!(record.version, before + 1, "{}", record.stream_key);
    }
    // Whoever pages through a replica's log, in memory or not, finds the same.
    for log in [&one.log, &two.log] {
        let mut paged = Vec::new();
        while let Some(at) = (paged.len() < records.len()).then_some(paged.len()) {
            let page = log.read_after(Position::new(at as i64), 7).await.unwrap();
            assert!(!page.is_empty(), "nothing after {at}");
            paged.extend(page);
        }
        assert_eq!(paged, records);
    }
    one.leave().await;
    two.leave().await;
}

#[tokio::test]
async fn events_of_one_key_that_were_inserted_in_the_wrong_order_are_numbered_by_version() {
    let world = World::new().await;
    let mut tx = world.pool.begin().await.unwrap();
    for (key, version) in [("a", 2), ("b", 1), ("a", 3), ("a", 1), ("b", 2)] {
        outbox::append(&mut tx, &event(key, version)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let replica = world.replica().await;
    reaches(replica.log.head(), 5).await;
    let records = replica.log.read_after(Position::START, 10).await.unwrap();
    assert_eq!(names(&records), ["a 1", "b 1", "a 2", "a 3", "b 2"]);
    replica.leave().await;
}

#[tokio::test]
async fn a_version_can_be_taken_once_only() {
    let world = World::new().await;
    write(&world.pool, &event("a", 1)).await;
    let mut tx = world.pool.begin().await.unwrap();
    let error = outbox::append(&mut tx, &event("a", 1)).await.unwrap_err();
    assert!(matches!(error, AppendError::VersionTaken { version: 1, .. }), "{error:?}");
    assert_eq!(runtime::AppError::from(error).code, runtime::Code::Stale);
}

#[tokio::test]
async fn an_event_whose_writer_died_after_its_commit_is_numbered_all_the_same() {
    let world = World::new().await;
    let replica = world.replica().await;
    // Nobody wakes the numberer.
    write(&world.pool, &event("a", 1)).await;
    reaches(replica.log.head(), 1).await;
    replica.leave().await;
}

#[tokio::test]
async fn what_another_replica_numbered_is_found_even_if_it_was_not_heard() {
    let world = World::new().await;
    let replica = world.replica().await;
    // Numbered without a word, as on a connection that is lost and does not know it.
    // (The first may be seen by the ear as it begins.)
    for position in 1..=2 {
        let mut tx = world.pool.begin().await.unwrap();
        outbox::append(&mut tx, &event("a", position)).await.unwrap();
        let number = "update event_log set position = version";
        sqlx::query(number).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        reaches(replica.log.head(), position).await;
    }
    replica.leave().await;
}

#[tokio::test]
async fn a_new_replica_opens_the_log_where_it_is() {
    let world = World::new().await;
    let one = world.replica().await;
    write(&world.pool, &event("a", 1)).await;
    one.log.wake();
    reaches(one.log.head(), 1).await;
    let two = world.replica().await;
    assert_eq!(two.log.position(), one.log.position());
    assert_eq!(two.log.position().to_string(), format!("{}-1", one.log.epoch()));
    one.leave().await;
    two.leave().await;
}
