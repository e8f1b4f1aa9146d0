use std::time::{Duration, Instant};
use crate::*;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn latency() {
    let world = World::new().await;
    let replica = world.replica().await;
    let other = world.replica().await;
    let mut sub = replica.log.subscribe(None);
    let mut sub2 = other.log.subscribe(None);
    let (mut a, mut b) = (vec![], vec![]);
    for v in 1..=500 {
        let e = event("a", v);
        let mut tx = world.pool.begin().await.unwrap();
        outbox::append(&mut tx, &e).await.unwrap();
        tx.commit().await.unwrap();
        let t = Instant::now();
        replica.log.wake();
        sub.next().await.unwrap();
        a.push(t.elapsed());
        sub2.next().await.unwrap();
        b.push(t.elapsed());
    }
    a.sort(); b.sort();
    println!("own p50 {:?} p99 {:?}; other p50 {:?} p99 {:?}", a[250], a[495], b[250], b[495]);
    replica.leave().await; other.leave().await;
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_dies() {
    let world = World::new().await;
    let replica = world.replica().await;
    let topics = test_kit::Topics::create("scratch").await.unwrap();
    crate::kafka::start(&replica, &topics);
    let run = |s: &str| { let s = s.to_owned(); tokio::task::spawn_blocking(move || std::process::Command::new("bash").arg("-c").arg(s).status().unwrap()) };
    for v in 1..=2000i64 {
        write(&world.pool, &event(&format!("k{}", v % 7), v)).await;
        replica.log.wake();
        if v == 700 { run("kill -9 $(cat /tmp/c-kafka/pid)").await.unwrap(); println!("killed"); }
        if v == 1400 { println!("degraded {:?} cursor {}", replica.runtime.health.report().degraded, cursor(&world.pool, "kafka").await);
            run("cd /tmp/c-kafka; (setsid nohup bash start.sh >log 2>&1 </dev/null & echo $! > pid)").await.unwrap(); println!("restarted"); }
    }
    let t = Instant::now();
    until60("all", async || cursor(&world.pool, "kafka").await.get() == 2000).await;
    println!("caught up after {:?}", t.elapsed());
    // data deleted
    run("kill -9 $(cat /tmp/c-kafka/pid); sleep 1; rm -rf /tmp/c-kafka/data; cd /tmp/c-kafka; (setsid nohup bash start.sh >log 2>&1 </dev/null & echo $! > pid)").await.unwrap();
    let t = Instant::now();
    write(&world.pool, &event("k0", 2001)).await;
    replica.log.wake();
    until60("filled", async || cursor(&world.pool, "kafka").await.get() == 2001).await;
    println!("filled after {:?}", t.elapsed());
    let m = crate::kafka::messages(topics.orders(), 2001).await;
    let mut seen = std::collections::HashSet::new();
    for x in &m { seen.insert(rdkafka::Message::payload(x).unwrap().to_vec()); }
    println!("messages {} distinct {}", m.len(), seen.len());
    replica.leave().await;
}
async fn until60<F: Future<Output = bool>>(what: &str, mut c: impl FnMut() -> F) {
    let w = tokio::time::timeout(Duration::from_secs(180), async { while !c().await { tokio::time::sleep(Duration::from_millis(50)).await; } });
    assert!(w.await.is_ok(), "never: {what}");
}
