//! The kit itself, on the real engines.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
};
use sqlx::Connection;
use test_kit::{Database, Namespace, TimeSkipping, Topics, engines};

#[tokio::test]
async fn a_database_is_empty_and_gone_afterwards() {
    let database = Database::create("kit").await.unwrap();
    let url = database.url().to_owned();
    let pool = database.pool().await.unwrap();
    let tables: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(tables, 0);
    // Somebody is connected still.
    drop(database);
    // Nobody waits for it to go, but for this test.
    let goes = async { while sqlx::PgConnection::connect(&url).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(60), goes).await.unwrap();
}

#[tokio::test]
async fn topics_have_their_partitions() {
    let topics = Topics::create("kit").await.unwrap();
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", engines().kafka_brokers).create().unwrap();
    let metadata = consumer.fetch_metadata(Some(topics.orders()), Duration::from_secs(10)).unwrap();
    assert_eq!(metadata.topics()[0].partitions().len(), 4);
}

#[tokio::test]
async fn a_namespace_is_usable_at_once() {
    let namespace = Namespace::register("kit").await.unwrap();
    assert!(namespace.name().starts_with("test-kit-"));
}

#[tokio::test]
async fn the_time_skipping_server_starts() {
    let server = TimeSkipping::start().await.unwrap();
    assert!(server.url().starts_with("http://127.0.0.1:"));
}

/// The users are made by the launcher, in `engines/valkey.rs`.
#[tokio::test]
async fn in_valkey_each_service_reaches_only_its_own_keys() {
    let url = engines().valkey_url;
    let client = redis::Client::open(url.as_str()).unwrap();
    let mut valkey = client.get_multiplexed_async_connection().await.unwrap();
    let users =
        [("server", "server"), ("customer-service", "customer"), ("order-service", "order")];
    for (user, own) in users {
        let other = if own == "order" { "customer" } else { "order" };
        let mut may = async |command: &str| {
            let command = command.replace("OWN:", &format!("{own}:")).replace("OTHER", other);
            let mut ask = redis::cmd("ACL");
            ask.arg("DRYRUN").arg(user).arg(command.split(' ').collect::<Vec<_>>());
            let answer: String = ask.query_async(&mut valkey).await.unwrap();
            answer == "OK"
        };
        for command in [
            "PING",
            "SET OWN:a 1 EX 10",
            "GET OWN:a",
            "MGET OWN:a OWN:b",
            "DEL OWN:a",
            "EVAL return-1 1 OWN:a",
            "PUBLISH OWN:news x",
        ] {
            assert!(may(command).await, "{user} may not {command}");
        }
        for command in [
            "GET OTHER:a",
            "SET OTHER:a 1",
            "GET a",
            "MGET OWN:a OTHER:a",
            "EVAL return-1 1 OTHER:a",
            "PUBLISH OTHER:news x",
            "KEYS OWN:*",
            "SCAN 0",
            "RANDOMKEY",
            "DBSIZE",
            "FLUSHALL",
            "FLUSHDB",
            "CONFIG GET *",
            "ACL LIST",
            "CLIENT LIST",
            "MONITOR",
            "SHUTDOWN",
            "DEBUG SLEEP 0",
        ] {
            assert!(!may(command).await, "{user} may {command}");
        }
    }
    let (_, address) = url.rsplit_once('@').unwrap();
    let nobody = redis::Client::open(format!("redis://{address}")).unwrap();
    let entered = async {
        let mut valkey = nobody.get_multiplexed_async_connection().await?;
        redis::cmd("GET").arg("order:a").query_async::<Option<String>>(&mut valkey).await
    };
    assert!(entered.await.is_err(), "without a password nobody comes in");
}
