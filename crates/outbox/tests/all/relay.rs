//! The relay: at least once, in order, forward only, one replica at a time.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::anyhow;
use outbox::{Position, Receiver, Record, Undelivered};

use crate::{Replica, World, cursor, event, reaches, until, write};

/// What arrived, and what shall go wrong.
#[derive(Clone, Default)]
struct Mailbox {
    arrived: Arc<Mutex<Vec<i64>>>,
    /// So many deliveries fail after half of their events got through.
    failures: Arc<AtomicUsize>,
    stuck: Arc<AtomicBool>,
    lost_everything: Arc<AtomicBool>,
    inside: Arc<AtomicUsize>,
    crowded: Arc<AtomicBool>,
}

/// A delivery under way, however it ends.
struct Inside(Arc<AtomicUsize>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Mailbox {
    fn arrived(&self) -> Vec<i64> {
        self.arrived.lock().unwrap().clone()
    }

    fn has(&self, positions: std::ops::RangeInclusive<i64>) -> bool {
        let arrived: HashSet<i64> = self.arrived().into_iter().collect();
        positions.into_iter().all(|position| arrived.contains(&position))
    }
}

impl Receiver for Mailbox {
    async fn deliver(&mut self, batch: &[Arc<Record>]) -> Result<(), Undelivered> {
        if self.inside.fetch_add(1, Ordering::SeqCst) > 0 {
            self.crowded.store(true, Ordering::SeqCst);
        }
        let _inside = Inside(Arc::clone(&self.inside));
        // Time in which another replica could break in.
        tokio::time::sleep(Duration::from_millis(5)).await;
        while self.stuck.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let broken = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        let through = if broken { batch.len() / 2 } else { batch.len() };
        let positions = batch[..through].iter().map(|record| record.position.get());
        self.arrived.lock().unwrap().extend(positions);
        if broken { Err(anyhow!("the letterbox is jammed").into()) } else { Ok(()) }
    }

    async fn resume(&mut self, cursor: Position) -> anyhow::Result<Position> {
        let lost = self.lost_everything.swap(false, Ordering::SeqCst);
        Ok(if lost { Position::START } else { cursor })
    }
}

fn start(replica: &Replica, name: &'static str, mailbox: &Mailbox) {
    let (runtime, log) = (replica.runtime.clone(), replica.log.clone());
    replica.runtime.spawn("relay", outbox::relay(runtime, log, name, mailbox.clone()));
}

#[tokio::test]
async fn everything_arrives_in_order_and_again_after_a_failure() {
    let world = World::new().await;
    let replica = world.replica().await;
    let mailbox = Mailbox::default();
    mailbox.failures.store(3, Ordering::SeqCst);
    for version in 1..=20 {
        write(&world.pool, &event("a", version)).await;
    }
    replica.log.wake();
    reaches(replica.log.head(), 20).await;
    start(&replica, "mailbox", &mailbox);
    until("20 delivered", async || cursor(&world.pool, "mailbox").await.get() == 20).await;
    let arrived = mailbox.arrived();
    assert!(arrived.len() > 20, "what got through before a failure comes again: {arrived:?}");
    // Without what came before: each for the first time in order.
    let mut seen = HashSet::new();
    let first: Vec<_> = arrived.into_iter().filter(|position| seen.insert(*position)).collect();
    assert_eq!(first, (1..=20).collect::<Vec<_>>());
    replica.leave().await;
}

#[tokio::test]
async fn receivers_do_not_hold_up_each_other() {
    let world = World::new().await;
    let replica = world.replica().await;
    let (jammed, free) = (Mailbox::default(), Mailbox::default());
    jammed.failures.store(usize::MAX, Ordering::SeqCst);
    start(&replica, "jammed", &jammed);
    start(&replica, "free", &free);
    write(&world.pool, &event("a", 1)).await;
    write(&world.pool, &event("a", 2)).await;
    replica.log.wake();
    until("the free one has all", async || cursor(&world.pool, "free").await.get() == 2).await;
    assert_eq!(cursor(&world.pool, "jammed").await, Position::START);
    jammed.failures.store(0, Ordering::SeqCst);
    until("the other one too", async || cursor(&world.pool, "jammed").await.get() == 2).await;
    replica.leave().await;
}

#[tokio::test]
async fn one_replica_delivers_at_a_time_and_the_other_goes_on_when_it_leaves() {
    let world = World::new().await;
    let (one, two) = (world.replica().await, world.replica().await);
    let mailbox = Mailbox::default();
    start(&one, "mailbox", &mailbox);
    start(&two, "mailbox", &mailbox);
    for version in 1..=30 {
        write(&world.pool, &event("a", version)).await;
        one.log.wake();
    }
    until("30 arrived", async || mailbox.has(1..=30)).await;
    one.leave().await;
    for version in 31..=40 {
        write(&world.pool, &event("a", version)).await;
        two.log.wake();
    }
    until("10 more arrived", async || mailbox.has(1..=40)).await;
    assert!(!mailbox.crowded.load(Ordering::SeqCst), "both delivered at once");
    assert_eq!(mailbox.arrived().len(), 40);
    two.leave().await;
}

#[tokio::test]
async fn a_replica_whose_lease_was_taken_does_not_move_the_cursor() {
    let world = World::new().await;
    let one = world.replica().await;
    let stuck = Mailbox::default();
    stuck.stuck.store(true, Ordering::SeqCst);
    start(&one, "mailbox", &stuck);
    write(&world.pool, &event("a", 1)).await;
    one.log.wake();
    until("it is stuck", async || stuck.inside.load(Ordering::SeqCst) == 1).await;

    let (holder,): (String,) =
        sqlx::query_as("select holder from relay_cursor").fetch_one(&world.pool).await.unwrap();

    let two = world.replica().await;
    let other = Mailbox::default();
    start(&two, "mailbox", &other);
    // As if the first had been silent for longer than its lease, however often it renews it.
    let expire = "update relay_cursor set leased_until = now() - interval '1 second'
                   where holder = $1";
    until("the other took over", async || {
        sqlx::query(expire).bind(&holder).execute(&world.pool).await.unwrap();
        cursor(&world.pool, "mailbox").await.get() == 1
    })
    .await;
    write(&world.pool, &event("a", 2)).await;
    two.log.wake();
    until("and goes on", async || cursor(&world.pool, "mailbox").await.get() == 2).await;

    stuck.stuck.store(false, Ordering::SeqCst);
    until("the first came to", async || stuck.inside.load(Ordering::SeqCst) == 0).await;
    assert_eq!(cursor(&world.pool, "mailbox").await.get(), 2);
    one.leave().await;
    assert_eq!(cursor(&world.pool, "mailbox").await.get(), 2);
    two.leave().await;
}

#[tokio::test]
async fn a_receiver_that_lost_everything_is_filled_again() {
    let world = World::new().await;
    let first = world.replica().await;
    let mailbox = Mailbox::default();
    start(&first, "mailbox", &mailbox);
    for version in 1..=3 {
        write(&world.pool, &event("a", version)).await;
    }
    first.log.wake();
    until("3 delivered", async || cursor(&world.pool, "mailbox").await.get() == 3).await;
    first.leave().await;

    mailbox.lost_everything.store(true, Ordering::SeqCst);
    mailbox.arrived.lock().unwrap().clear();
    let second = world.replica().await;
    reaches(second.log.head(), 3).await;
    start(&second, "mailbox", &mailbox);
    until("3 delivered again", async || mailbox.has(1..=3)).await;
    second.leave().await;
}
