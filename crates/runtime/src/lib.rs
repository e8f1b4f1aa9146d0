//! What every service does alike: configuration, telemetry, the admin listener,
//! health, politeness at the end, credentials between services, gRPC both ways,
//! and the clients of PostgreSQL and Valkey.
//!
//! A service is a `Config` and a `run`:
//!
//! ```no_run
//! use runtime::{Peer, Runtime};
//!
//! #[derive(Debug, clap::Args)]
//! pub struct Config {
//!     #[command(flatten)]
//!     pub runtime: runtime::Config,
//!     #[command(flatten)]
//!     pub grpc: runtime::grpc::Config,
//!     /// Where this service's database is.
//!     #[arg(long, env = "EVERYTHING_DATABASE_URL", hide_env_values = true)]
//!     pub database_url: secrecy::SecretString,
//!     #[arg(long, env = "EVERYTHING_CUSTOMER_SERVICE_URL")]
//!     pub customer_service_url: String,
//! }
//!
//! # static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate::Migrator::DEFAULT;
//! # fn my_service() -> tonic_health::pb::health_server::HealthServer<tonic_health::server::HealthService> { unimplemented!() }
//! pub async fn run(config: Config, runtime: Runtime) -> anyhow::Result<()> {
//!     let pool = runtime::postgres::pool(&runtime, &config.database_url, 10)?;
//!     runtime::postgres::migrate(&runtime, &pool, &MIGRATOR).await?;
//!
//!     let customers =
//!         runtime::grpc::channel(&config.customer_service_url, Peer::CustomerService, &runtime)?;
//!     let verifier = runtime::tokens::AccessTokenVerifier::new();
//!     let store = runtime::identity_feed::KeyStore::file("/var/lib/everything/keys.json");
//!     runtime::identity_feed::start(&runtime, customers, verifier.clone(), store).await;
//!
//!     let server = runtime::grpc::server(&runtime, &config.grpc, verifier)
//!         .add(my_service())
//!         .bind()?;
//!     runtime.spawn("grpc server", server.serve());
//!     runtime.health.started();
//!     Ok(()) // returns at once: whoever started us waits with `runtime.finish()`
//! }
//! ```
//!
//! and whoever starts it does
//!
//! ```ignore
//! let runtime = runtime::start(Peer::OrderService, &config.runtime)?;
//! let result = order_service::run(config, runtime.clone()).await;
//! runtime.finish_with(result).await // waits for the signal, drains, flushes, tells the exit code
//! ```

pub mod config;
pub mod deadline;
pub mod error;
pub mod grpc;
pub mod health;
pub mod http;
pub mod identity_feed;
pub mod postgres;
pub mod shutdown;
pub mod telemetry;
pub mod tokens;
pub mod valkey;

mod admin;
mod public_url;
mod supervisor;

pub use config::Config;
pub use error::{AppError, Code, FieldError};
pub use grpc::{Caller, Person};
pub use health::Health;
pub use public_url::{NoPasskeys, PublicUrl};
pub use shutdown::Shutdown;
pub use supervisor::{Runtime, start};
pub use wire::access::Peer;
