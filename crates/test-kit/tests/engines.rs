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
    assert!(sqlx::PgConnection::connect(&url).await.is_err());
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
