//! The topics themselves: whether they are there, how much they hold.

use anyhow::{Context, anyhow};
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::Client,
    error::RDKafkaErrorCode,
};

use super::{ASK, Config, Quiet, client};

/// Of a topic of events, and of the dead letters; permanent once created.
const PARTITIONS: i32 = 4;
const DEAD_LETTER_PARTITIONS: i32 = 1;

/// How many events were ever written to the topic; `None`: there is no such topic.
pub(super) fn events_in(client: &Client<Quiet>, topic: &str) -> anyhow::Result<Option<i64>> {
    let metadata = client.fetch_metadata(Some(topic), ASK).context("ask Kafka for its topics")?;
    let partitions: Vec<i32> = metadata
        .topics()
        .iter()
        .filter(|found| found.name() == topic && found.error().is_none())
        .flat_map(|found| found.partitions().iter().map(|partition| partition.id()))
        .collect();
    if partitions.is_empty() {
        return Ok(None);
    }
    let mut events = 0;
    for partition in partitions {
        let (_, high) =
            client.fetch_watermarks(topic, partition, ASK).context("ask Kafka how much it has")?;
        events += high;
    }
    Ok(Some(events))
}

/// Creates topics that are missing, to keep for ever, each append fsynced,
/// replicated as the broker does by default. Topics that are there stay as they are.
pub(super) async fn create(config: &Config, quiet: Quiet) -> anyhow::Result<()> {
    let Config { brokers, topic, dead_letters } = config;
    let admin: AdminClient<Quiet> = client(brokers).create_with_context(quiet)?;
    let topics =
        [(topic, PARTITIONS), (dead_letters, DEAD_LETTER_PARTITIONS)].map(|(topic, partitions)| {
            NewTopic::new(topic, partitions, TopicReplication::Fixed(-1))
                .set("retention.ms", "-1")
                .set("flush.messages", "1")
        });
    let options = AdminOptions::new().request_timeout(Some(ASK)).operation_timeout(Some(ASK));
    for result in admin.create_topics(&topics, &options).await.context("create topics")? {
        match result {
            Ok(topic) => tracing::info!(topic, "created a topic"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(anyhow!("create topic {topic}: {code}")),
        }
    }
    Ok(())
}
