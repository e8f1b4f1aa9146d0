//! The way to the end: in order, within a bound, and the exit says how it was.

use std::time::{Duration, Instant};

use anyhow::bail;
use runtime::Peer;

use crate::{admin, config, start};

#[tokio::test]
async fn a_task_that_fails_ends_the_service_with_its_reason() {
    let runtime = start(Peer::Server);
    let draining = runtime.shutdown.draining().clone();
    runtime.spawn("steady", async move {
        draining.cancelled().await;
        Ok(())
    });
    runtime.spawn("broken", async { bail!("out of milk") });
    let error = runtime.finish().await.unwrap_err();
    assert_eq!(error.to_string(), "broken: out of milk");
}

#[tokio::test]
async fn a_task_that_panics_ends_the_service_with_its_reason() {
    let runtime = start(Peer::Server);
    runtime.spawn("clumsy", async { panic!("dropped the cup") });
    let error = runtime.finish().await.unwrap_err();
    assert_eq!(error.to_string(), "clumsy panicked: dropped the cup");
}

#[tokio::test]
async fn work_under_way_ends_before_the_service_does_and_readiness_goes_first() {
    let runtime = start(Peer::Server);
    runtime.health.started();
    assert_eq!(admin(&runtime, "/readyz").await.0, 200);
    let (draining, health) = (runtime.shutdown.draining().clone(), runtime.health.clone());
    let (told, seen) = tokio::sync::oneshot::channel();
    runtime.spawn("worker", async move {
        draining.cancelled().await;
        let status = health.report().status;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let _ = told.send(status);
        Ok(())
    });
    runtime.shutdown.request();
    runtime.finish().await.unwrap();
    assert_eq!(seen.await, Ok("draining"));
}

#[tokio::test]
async fn whoever_does_not_end_is_cut_off_and_that_is_admitted() {
    let config = runtime::Config { drain_seconds: 0, ..config(Peer::Server) };
    let runtime = runtime::start(Peer::Server, &config).unwrap();
    runtime.spawn("stubborn", std::future::pending());
    runtime.shutdown.request();
    let start = Instant::now();
    let error = runtime.finish().await.unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
}
