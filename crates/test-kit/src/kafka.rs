//! Topics of its own for each test.

use std::time::Duration;

use anyhow::{Result, bail};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};

use crate::{engines, finally, unique};

/// The project's topics under a prefix of their own; deleted with this value.
#[derive(Debug)]
pub struct Topics {
    names: [String; 3],
}

/// As in the real ones; the dead letters have one partition.
const PARTITIONS: [i32; 3] = [4, 4, 1];

impl Topics {
    /// Creates all three, e.g. `test-orders-0a1b2c3d4e5f.everything.orders.v1`.
    pub async fn create(prefix: &str) -> Result<Self> {
        let prefix = unique(&format!("test-{prefix}"), '-');
        let names = ["orders", "customers", "dead-letters"]
            .map(|topic| format!("{prefix}.everything.{topic}.v1"));
        let topics: Vec<NewTopic<'_>> = names
            .iter()
            .zip(PARTITIONS)
            .map(|(name, partitions)| {
                NewTopic::new(name, partitions, TopicReplication::Fixed(1))
                    .set("retention.ms", "-1")
            })
            .collect();
        for made in admin()?.create_topics(&topics, &options()).await? {
            if let Err((topic, error)) = made {
                bail!("make the topic {topic}: {error}");
            }
        }
        Ok(Self { names })
    }

    pub fn orders(&self) -> &str {
        &self.names[0]
    }

    pub fn customers(&self) -> &str {
        &self.names[1]
    }

    pub fn dead_letters(&self) -> &str {
        &self.names[2]
    }
}

impl Drop for Topics {
    fn drop(&mut self) {
        let names = self.names.clone();
        finally(|| async move {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            admin()?.delete_topics(&names, &options()).await?;
            Ok(())
        });
    }
}

fn admin() -> Result<AdminClient<DefaultClientContext>> {
    let brokers = engines().kafka_brokers;
    Ok(ClientConfig::new().set("bootstrap.servers", brokers).create()?)
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(Duration::from_secs(20)))
}
