//! What can be set, from flags and the environment.

use std::str::FromStr;

use chrono::TimeDelta;
use chrono_tz::Tz;
use customer_domain::{
    house,
    ledger::{Bar, House},
    signing::KeyPolicy,
};
use runtime::PublicUrl;
use secrecy::SecretString;
use types::Beans;

use crate::identity::{ACCESS_LIFETIME, LEEWAY, Lifetimes};

/// customer-service's own configuration.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    #[command(flatten)]
    pub runtime: runtime::Config,
    #[command(flatten)]
    pub grpc: runtime::grpc::Config,
    /// `customer_db`, as user `customer_service`.
    #[arg(long, env = "EVERYTHING_DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// Shares the limit on sign-in attempts between replicas; without it each counts alone.
    #[arg(long, env = "EVERYTHING_VALKEY_URL", hide_env_values = true)]
    pub valkey_url: Option<SecretString>,
    /// order-service's gRPC: what favourites are and cost now.
    #[arg(long, env = "EVERYTHING_ORDER_SERVICE_URL", default_value = "http://127.0.0.1:50051")]
    pub order_service_url: String,
    /// The address people type: passkeys are made for its name.
    #[arg(long, env = "EVERYTHING_PUBLIC_URL", default_value = "http://localhost:8080")]
    pub public_url: PublicUrl,
    /// What may use passkeys besides the pages, by commas: a native client's origin.
    #[arg(long, env = "EVERYTHING_PASSKEY_ORIGINS", value_delimiter = ',')]
    pub passkey_origins: Vec<String>,
    #[command(flatten)]
    pub kafka: Kafka,
    /// The family's, by its IANA name: when a week and an hour begin.
    #[arg(long, env = "EVERYTHING_TIME_ZONE", default_value = "Europe/Berlin", value_parser = Tz::from_str)]
    pub time_zone: Tz,
    /// Nothing costs beans. Holds for orders whose first settlement comes while it is
    /// set, until an admin sets the house otherwise; so do floor and allowance.
    #[arg(long, env = "EVERYTHING_FREE_BAR", default_value_t = false, action = clap::ArgAction::Set)]
    pub free_bar: bool,
    /// The least balance that a new order may leave, in beans.
    #[arg(long, env = "EVERYTHING_BEANS_FLOOR", default_value_t = 0, allow_hyphen_values = true)]
    pub beans_floor: i64,
    /// What each member gets every ISO week, in beans; 0: nothing.
    #[arg(long, env = "EVERYTHING_WEEKLY_ALLOWANCE", default_value_t = 50,
          value_parser = clap::value_parser!(i64).range(0..=1_000_000))]
    pub weekly_allowance: i64,
    /// How long one key signs access tokens, in seconds.
    #[arg(long, env = "EVERYTHING_KEY_LIFETIME_SECONDS", default_value_t = 30 * 24 * 3600,
          value_parser = clap::value_parser!(i64).range(600..))]
    pub key_lifetime_seconds: i64,
    /// How long before its first use a key is published, in seconds.
    #[arg(long, env = "EVERYTHING_KEY_LEAD_SECONDS", default_value_t = 24 * 3600,
          value_parser = clap::value_parser!(i64).range(120..))]
    pub key_lead_seconds: i64,
    /// How long a device stays signed in without being used, in days.
    #[arg(long, env = "EVERYTHING_SESSION_DAYS", default_value_t = 90,
          value_parser = clap::value_parser!(i64).range(1..=3650))]
    pub session_days: i64,
}

/// Where events come from and go to.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Kafka {
    /// `host:port`, several with commas.
    #[arg(long, env = "EVERYTHING_KAFKA_BROKERS", default_value = "127.0.0.1:9092")]
    pub kafka_brokers: String,
    /// The orders' events, which are projected.
    #[arg(long, env = "EVERYTHING_ORDERS_TOPIC", default_value = "everything.orders.v1")]
    pub orders_topic: String,
    /// Our own events.
    #[arg(long, env = "EVERYTHING_CUSTOMERS_TOPIC", default_value = "everything.customers.v1")]
    pub customers_topic: String,
    /// What can never be processed.
    #[arg(
        long,
        env = "EVERYTHING_DEAD_LETTERS_TOPIC",
        default_value = "everything.dead-letters.v1"
    )]
    pub dead_letters_topic: String,
}

/// What the use cases need of it.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub time_zone: Tz,
}

impl Config {
    /// The family's settings.
    pub fn settings(&self) -> Settings {
        Settings { time_zone: self.time_zone }
    }

    /// The house's settings that hold until an admin sets others.
    pub fn house(&self) -> house::Settings {
        house::Settings {
            house: House {
                floor: Beans::new(self.beans_floor),
                bar: if self.free_bar { Bar::Free } else { Bar::Paid },
            },
            weekly_allowance: Beans::new(self.weekly_allowance),
        }
    }

    /// How long keys and sessions live. An error when the lead would not fit
    /// into a key's life.
    pub fn lifetimes(&self) -> anyhow::Result<Lifetimes> {
        anyhow::ensure!(
            self.key_lead_seconds < self.key_lifetime_seconds,
            "EVERYTHING_KEY_LEAD_SECONDS must be less than EVERYTHING_KEY_LIFETIME_SECONDS"
        );
        Ok(Lifetimes {
            keys: KeyPolicy {
                lifetime: TimeDelta::seconds(self.key_lifetime_seconds),
                lead: TimeDelta::seconds(self.key_lead_seconds),
                token_validity: ACCESS_LIFETIME + LEEWAY,
            },
            refresh: TimeDelta::days(self.session_days),
        })
    }
}
