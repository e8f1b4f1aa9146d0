//! PostgreSQL and Valkey: there, away, and back.

use std::time::{Duration, Instant};

use runtime::{AppError, Code, Peer, postgres, valkey};
use test_kit::Database;

use crate::{admin, leave, start, until, way::Way};

#[tokio::test]
async fn a_pool_heals_when_its_connections_are_killed() {
    let database = Database::create("runtime").await.unwrap();
    let runtime = start(Peer::OrderService);
    let pool = postgres::pool(&runtime, &database.url().into(), 4).unwrap();
    runtime.health.started();
    until("ready", async || runtime.health.is_ready()).await;
    let killed = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query(killed).execute(&database.pool().await.unwrap()).await.unwrap();
    until("it answers again", async || {
        let asked = sqlx::query("select 1").execute(&pool);
        postgres::timed("test.ask", asked).await.is_ok()
    })
    .await;
    let (_, metrics) = admin(&runtime, "/metrics").await;
    assert!(metrics.contains("db_operation_name=\"test.ask\""), "{metrics}");
    leave(runtime).await;
}

#[tokio::test]
async fn a_host_that_vanishes_without_a_word_keeps_no_connection() {
    let database = Database::create("runtime").await.unwrap();
    let options: sqlx::postgres::PgConnectOptions = database.url().parse().unwrap();
    let host = format!("{}:{}", options.get_host(), options.get_port());
    let way = Way::to(Some(host.parse().unwrap())).await;
    let url = database.url().replace(&host, &way.address.to_string());
    let runtime = start(Peer::OrderService);
    let pool = postgres::pool(&runtime, &url.into(), 2).unwrap();
    let (one, other) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    way.go_silent();
    // As by two requests whose time is over.
    drop((one, other));
    until("it answers again", async || sqlx::query("select 1").execute(&pool).await.is_ok()).await;
    leave(runtime).await;
}

#[tokio::test]
async fn without_the_database_a_service_is_not_ready_and_says_unavailable() {
    let runtime = start(Peer::OrderService);
    // Port 1 of loopback: nobody listens.
    let pool = postgres::pool(&runtime, &"postgres://x@127.0.0.1:1/x".into(), 2).unwrap();
    runtime.health.started();
    let error = sqlx::query("select 1").execute(&pool).await.unwrap_err();
    let error = AppError::from(error);
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.retry_after.is_some());
    let (status, body) = admin(&runtime, "/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains("\"status\":\"down\"") && body.contains("postgres"), "{body}");
    leave(runtime).await;
}

#[tokio::test]
async fn waiting_for_the_database_ends_when_the_service_is_to_end() {
    let runtime = start(Peer::OrderService);
    let pool = postgres::pool(&runtime, &"postgres://x@127.0.0.1:1/x".into(), 2).unwrap();
    let migrator = sqlx::migrate::Migrator::DEFAULT;
    let waiting = postgres::migrate(&runtime, &pool, &migrator);
    let asked = runtime.shutdown.clone();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        asked.request();
    };
    let (result, ()) = tokio::join!(waiting, stop);
    assert!(result.unwrap_err().to_string().contains("told to stop"));
    leave(runtime).await;
}

#[tokio::test]
async fn valkey_answers_or_is_away_at_once() {
    let runtime = start(Peer::OrderService);
    runtime.health.started();
    let there = valkey::connect(&runtime, &test_kit::engines().valkey_url.into()).unwrap();
    let key = format!("order:test:{}", uuid::Uuid::new_v4());
    let set = redis::cmd("SET").arg(&key).arg("flat white").arg("EX").arg(60).to_owned();
    until("it takes", async || there.ask::<String>("test.set", &set).await.is_ok()).await;
    let get = redis::cmd("GET").arg(&key).to_owned();
    assert_eq!(there.ask::<String>("test.get", &get).await.unwrap(), "flat white");
    assert_eq!(runtime.health.report().status, "ready");

    let away = valkey::connect(&runtime, &"redis://127.0.0.1:1/".into()).unwrap();
    assert!(away.ask::<String>("test.get", &get).await.is_err());
    let start = Instant::now();
    for _ in 0..100 {
        assert!(away.ask::<String>("test.get", &get).await.is_err());
    }
    assert!(start.elapsed() < Duration::from_millis(500), "nobody waits for what is away");
    leave(runtime).await;
}

#[tokio::test]
async fn a_valkey_that_refuses_is_named_until_it_permits() {
    let url = test_kit::engines().valkey_url;
    let client = redis::Client::open(url.as_str()).unwrap();
    let mut all_powerful = client.get_multiplexed_async_connection().await.unwrap();
    let user = format!("test-{}", uuid::Uuid::new_v4().simple());
    let mut acl = async |rule: &[&str]| {
        redis::cmd("ACL").arg(rule).query_async::<redis::Value>(&mut all_powerful).await.unwrap();
    };
    acl(&["SETUSER", &user, "on", ">secret", "~other:*", "+@all"]).await;
    let (_, address) = url.rsplit_once('@').unwrap();
    let runtime = start(Peer::OrderService);
    runtime.health.started();
    let url = format!("redis://{user}:secret@{address}");
    let valkey = valkey::connect(&runtime, &url.into()).unwrap();
    let (get, ping) = (redis::cmd("GET").arg("order:a").to_owned(), redis::cmd("PING"));
    until("it answers", async || valkey.ask::<String>("ping", &ping).await.is_ok()).await;
    assert_eq!(runtime.health.report().status, "ready");

    assert!(valkey.ask::<Option<String>>("test.get", &get).await.is_err());
    assert!(valkey.ask::<String>("ping", &ping).await.is_ok());
    assert_eq!(runtime.health.report().degraded, ["valkey"]);
    let (_, body) = admin(&runtime, "/readyz").await;
    assert!(body.contains("test.get is not permitted"), "{body}");

    acl(&["SETUSER", &user, "~order:*"]).await;
    assert!(valkey.ask::<Option<String>>("test.get", &get).await.is_ok());
    assert_eq!(runtime.health.report().status, "ready");
    acl(&["DELUSER", &user]).await;
    leave(runtime).await;
}
