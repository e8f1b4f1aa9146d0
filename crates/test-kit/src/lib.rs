//! The real engines for tests. `everything with-engines -- COMMAND` (which
//! `cargo xtask test` uses) starts them once for all tests and tells their
//! addresses in `EVERYTHING_TEST_…`; here each test gets its own part of each,
//! so that tests run side by side: a database, topics, a namespace.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let database = test_kit::Database::create("orders").await?; // dropped at the end
//! let topics = test_kit::Topics::create("orders").await?; // deleted at the end
//! let namespace = test_kit::Namespace::register("orders").await?;
//! let (valkey, brokers) = (test_kit::engines().valkey_url, test_kit::engines().kafka_brokers);
//! # let _ = (database.url(), topics.orders(), namespace.name(), valkey, brokers); Ok(())
//! # }
//! ```

pub mod authenticator;
pub mod door;

mod database;
mod kafka;
mod temporal;

use std::path::PathBuf;

pub use database::Database;
pub use kafka::Topics;
pub use temporal::{Namespace, TimeSkipping};

/// Where the engines of this test run are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engines {
    /// As the superuser.
    pub postgres_url: String,
    /// As a user who may do everything.
    pub valkey_url: String,
    /// `host:port`
    pub kafka_brokers: String,
    /// `http://host:port`
    pub temporal_url: String,
    /// The time-skipping test server's program, with `with-engines --time-skipping`.
    pub temporal_server: Option<PathBuf>,
}

/// The engines of this test run. Panics, saying how to run the tests, where there are none.
pub fn engines() -> Engines {
    Engines {
        postgres_url: variable("EVERYTHING_TEST_POSTGRES_URL"),
        valkey_url: variable("EVERYTHING_TEST_VALKEY_URL"),
        kafka_brokers: variable("EVERYTHING_TEST_KAFKA_BROKERS"),
        temporal_url: variable("EVERYTHING_TEST_TEMPORAL_URL"),
        temporal_server: std::env::var_os("EVERYTHING_TEST_TEMPORAL_SERVER").map(PathBuf::from),
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: this test needs the real engines. Run it with \
             `cargo xtask test`, or with `cargo run -- with-engines -- cargo test …`"
        )
    })
}

/// A free port of loopback, from below what systems deal to outgoing connections
/// (and below the launcher's own choice): so nobody gets it in the moment until
/// it is listened on.
pub fn free_port() -> u16 {
    const RANGE: std::ops::Range<u16> = 10_000..20_000;
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let some = || RANGE.start + (uuid::Uuid::new_v4().as_u128() % RANGE.len() as u128) as u16;
    let found = std::iter::repeat_with(some).take(1000).find(free);
    found.unwrap_or_else(|| panic!("no port in {RANGE:?} is free"))
}

/// A name that no other test has: the prefix and a fresh number.
fn unique(prefix: &str, separator: char) -> String {
    // The last part of a UUIDv7 is random; its time would be the same for tests started together.
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("{prefix}{separator}{}", &id[..12])
}

/// Runs something asynchronous to its end where a destructor cannot wait.
fn finally<F>(work: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = anyhow::Result<()>>,
{
    let thread = std::thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        tokio.block_on(work())
    });
    // What remains goes with the engines; a destructor must not panic while a test fails.
    match thread.join() {
        Ok(Ok(())) => {}
        Ok(Err(error)) => eprintln!("test-kit: clean up: {error:#}"),
        Err(_) => eprintln!("test-kit: clean up panicked"),
    }
}
