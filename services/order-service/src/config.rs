//! What this service is told from outside: environment variables with the
//! prefix `EVERYTHING_`, read once at start.

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use order_domain::Waits;
use secrecy::SecretString;

use crate::workflow::{Settings, TASK_QUEUE};

/// The configuration of order-service.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    #[command(flatten)]
    pub runtime: runtime::Config,

    #[command(flatten)]
    pub grpc: runtime::grpc::Config,

    /// `order_db`, as its user `order_service`.
    #[arg(long, env = "EVERYTHING_DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,

    /// The most connections to PostgreSQL, which all services and Temporal share (100 in all).
    #[arg(long, env = "EVERYTHING_DATABASE_CONNECTIONS", default_value_t = 10)]
    pub database_connections: u32,

    /// Kafka's bootstrap servers, `host:port,host:port`.
    #[arg(long, env = "EVERYTHING_KAFKA_BROKERS")]
    pub kafka_brokers: String,

    /// Temporal's frontend, `http://host:7233`.
    #[arg(long, env = "EVERYTHING_TEMPORAL_URL")]
    pub temporal_url: String,

    /// The namespace of Temporal that the orders' workflows live in.
    #[arg(long, env = "EVERYTHING_TEMPORAL_NAMESPACE", default_value = "everything")]
    pub temporal_namespace: String,

    /// customer-service's gRPC, `http://host:50051`.
    #[arg(long, env = "EVERYTHING_CUSTOMER_SERVICE_URL")]
    pub customer_service_url: String,

    /// The family's time zone (IANA): when a day begins, and what "next morning" is.
    #[arg(long, env = "EVERYTHING_TIME_ZONE", default_value = "Europe/Berlin")]
    pub time_zone: Tz,

    /// How often what may have been lost is looked for, in seconds: orders past their
    /// time without a workflow, a schedule of something weekly.
    #[arg(long, env = "EVERYTHING_ROUND_SECONDS", default_value_t = 60)]
    pub round_seconds: u32,

    #[command(flatten)]
    pub waits: WaitSeconds,
}

impl Config {
    /// Where Temporal is, and which part of it is ours.
    pub fn temporal(&self) -> Settings {
        Settings {
            url: self.temporal_url.clone(),
            namespace: self.temporal_namespace.clone(),
            task_queue: TASK_QUEUE.to_owned(),
            time_zone: self.time_zone,
            // Never without a pause.
            rounds: Duration::from_secs(self.round_seconds.max(1).into()),
        }
    }
}

/// How long an order may stay in a state, in seconds.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct WaitSeconds {
    /// Until an order whose beans cannot be settled is rejected.
    #[arg(long, env = "EVERYTHING_WAIT_PLACED", default_value_t = 120)]
    pub wait_placed: u32,

    /// Until an order that nobody accepts expires.
    #[arg(long, env = "EVERYTHING_WAIT_QUEUED", default_value_t = 300)]
    pub wait_queued: u32,

    /// Until barista and admins are reminded of an order in the making.
    #[arg(long, env = "EVERYTHING_WAIT_PREPARING_REMIND", default_value_t = 900)]
    pub wait_preparing_remind: u32,

    /// Until an order in the making is cancelled.
    #[arg(long, env = "EVERYTHING_WAIT_PREPARING", default_value_t = 3600)]
    pub wait_preparing: u32,

    /// Until a drink that nobody fetches is uncollected.
    #[arg(long, env = "EVERYTHING_WAIT_READY", default_value_t = 1800)]
    pub wait_ready: u32,

    /// Until what passes a child's limits, and no guardian said yes to, is declined.
    #[arg(long, env = "EVERYTHING_WAIT_APPROVAL", default_value_t = 7200)]
    pub wait_approval: u32,
}

impl From<WaitSeconds> for Waits {
    fn from(waits: WaitSeconds) -> Self {
        let WaitSeconds {
            wait_placed,
            wait_queued,
            wait_preparing_remind,
            wait_preparing,
            wait_ready,
            wait_approval,
        } = waits;
        let seconds = |count: u32| TimeDelta::seconds(i64::from(count));
        Self {
            placed: seconds(wait_placed),
            queued: seconds(wait_queued),
            preparing_remind: seconds(wait_preparing_remind),
            preparing: seconds(wait_preparing),
            ready: seconds(wait_ready),
            approval: seconds(wait_approval),
        }
    }
}
