//! Apache Kafka: one broker in a small Java runtime, with the project's topics.

use std::{ffi::OsString, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    types::RDKafkaErrorCode,
};

use super::Plan;
use crate::{
    child::{Launch, Priority, clean_environment, tied},
    paths::{private_folder, write_private},
    supervise::{Output, Part},
};

const PROPERTIES: &str = include_str!("../../../engines/kafka.properties");

/// The topics with their number of partitions, final from the start. They are
/// kept for ever, as they hold no names, and each append is fsynced: a topic that
/// lost everything is refilled from the event log, but a lost tail would go
/// unnoticed behind what was delivered twice.
const TOPICS: [(&str, i32); 3] = [
    ("everything.orders.v1", 4),
    ("everything.customers.v1", 4),
    ("everything.dead-letters.v1", 1),
];

pub(crate) fn brokers(plan: &Plan) -> String {
    format!("127.0.0.1:{}", plan.ports.kafka)
}

pub(crate) fn part(plan: &Plan) -> Part {
    // 64 MB hold with the small buffers in kafka.properties; nobody waits for it.
    let mut launch = Launch::new(plan.installed.java.clone(), plan.data.file("kafka"))
        .args([
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "-Xshare:auto",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Xmx64m",
            "-cp",
        ])
        .args([plan.installed.class_path.clone()])
        .args(["kafka.Kafka", "server.properties"])
        .env("MALLOC_ARENA_MAX", "1");
    launch.priority = Priority::Lower;
    let (preparing, asking) = (plan.clone(), plan.clone());
    Part {
        name: "kafka",
        address: brokers(plan),
        launch,
        prepare: Arc::new(move || Box::pin(format_once(preparing.clone()))),
        ready: Arc::new(move || Box::pin(make_topics(asking.clone()))),
        output: Output::LogOnly,
    }
}

/// Writes the configuration; gives the storage its name, once.
async fn format_once(plan: Plan) -> Result<()> {
    let folder = plan.data.file("kafka");
    private_folder(&folder, None)?;
    let storage = folder.join("data");
    let properties = PROPERTIES
        .replace("{port}", &plan.ports.kafka.to_string())
        .replace("{controller_port}", &plan.ports.kafka_controller.to_string())
        .replace("{data}", &storage.display().to_string());
    write_private(&folder.join("server.properties"), properties.as_bytes())?;
    if storage.join("meta.properties").exists() {
        return Ok(());
    }
    let mut format = tied(plan.installed.java.as_os_str(), None)?;
    clean_environment(&mut format);
    format.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp"]);
    format.arg(&plan.installed.class_path).arg("kafka.tools.StorageTool");
    let name: OsString = plan.secrets.kafka_cluster.clone().into();
    format.args(["format", "-c", "server.properties", "--ignore-formatted", "-t"]).arg(name);
    format.current_dir(&folder);
    let output = format.output().await.context("format Kafka's storage")?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        bail!("formatting Kafka's storage failed: {}", text.trim());
    }
    Ok(())
}

/// Asks the broker for its topics and makes what is missing.
async fn make_topics(plan: Plan) -> Result<()> {
    super::listens(plan.ports.kafka).await?;
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers(&plan))
        .set("client.id", "launcher")
        .create()?;
    let wanted = TOPICS.map(|(name, partitions)| {
        NewTopic::new(name, partitions, TopicReplication::Fixed(1))
            .set("retention.ms", "-1")
            .set("flush.messages", "1")
    });
    let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(5)));
    for made in admin.create_topics(&wanted, &options).await? {
        match made {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, error)) => bail!("make the topic {topic}: {error}"),
        }
    }
    Ok(())
}
