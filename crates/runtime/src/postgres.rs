//! PostgreSQL: a pool that opens lazily, heals by itself and reports how it is;
//! migrations that wait for the database; a span and a duration per operation.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use opentelemetry::{KeyValue, metrics::Histogram};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tracing::Instrument;

use crate::{AppError, Code, Runtime, deadline, health::Part, telemetry};

/// How long a request waits for a connection of the pool.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How often the database is asked whether it is there: when it was, and when it was not.
const PROBE_UP: Duration = Duration::from_secs(5);
const PROBE_DOWN: Duration = Duration::from_millis(500);
/// A connection that was used since is not asked whether it lives.
const RESTED: Duration = Duration::from_millis(500);
/// How long a connection may take to show that it lives: before it is used
/// again, and when it comes back, with what it was doing still to be ended.
/// Nothing below us has a timeout: a host that vanished would keep it for 15 minutes.
const ALIVE: Duration = Duration::from_secs(1);
const ENDED: Duration = Duration::from_secs(3);
/// What work gets that no request waits for: a little more than a statement.
const BACKGROUND: Duration = Duration::from_secs(20);
/// Longer than any query of ours may take; PostgreSQL ends it then.
const STATEMENT_TIMEOUT: &str = "15s";
/// How long one transaction waits for what another has locked.
const LOCK_TIMEOUT: &str = "3s";
/// A transaction whose owner vanished keeps its locks no longer than this.
const IDLE_IN_TRANSACTION: &str = "10s";

pub(crate) static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::seconds("db.client.operation.duration", "One named database operation of ours.")
});

/// A pool of at most `max` connections, of which none is open yet. Reports into
/// health as the required part `postgres`.
pub fn pool(runtime: &Runtime, url: &SecretString, max: u32) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions = url
        .expose_secret()
        .parse()
        .map_err(|_| anyhow::anyhow!("the database URL is not postgres://user:password@host/db"))?;
    let options = options
        .application_name(runtime.peer().name())
        .options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("lock_timeout", LOCK_TIMEOUT),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
            ("timezone", "UTC"),
        ])
        .statement_cache_capacity(64)
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(max)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Duration::from_secs(120))
        .max_lifetime(Duration::from_secs(30 * 60))
        // Asking each time whether the connection lives would cost each operation
        // a round trip; one that rested may have died with the server.
        .test_before_acquire(false)
        .before_acquire(|connection, resting| {
            Box::pin(async move {
                if resting.idle_for > RESTED {
                    ping(connection, ALIVE).await?;
                }
                Ok(true)
            })
        })
        // Before sqlx's own look at it, which has no timeout: one round trip
        // more, when nobody waits any longer.
        .after_release(|connection, _| {
            Box::pin(async move {
                ping(connection, ENDED).await?;
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    let part = runtime.health.required("postgres");
    runtime.spawn("postgres probe", probe(pool.clone(), part, runtime.clone()));
    Ok(pool)
}

async fn ping(connection: &mut PgConnection, within: Duration) -> Result<(), sqlx::Error> {
    tokio::time::timeout(within, connection.ping()).await.map_err(|_| no_answer())?
}

fn no_answer() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer").into()
}

/// Background work, which no request's deadline ends: gives up where the
/// database is gone without a word, as an outage.
pub async fn in_time<T, E: From<sqlx::Error>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    deadline::within(BACKGROUND, work).await.unwrap_or_else(|_| Err(no_answer().into()))
}

async fn probe(pool: PgPool, part: Part, runtime: Runtime) -> anyhow::Result<()> {
    let draining = runtime.shutdown.draining().clone();
    while !draining.is_cancelled() {
        let asked = tokio::time::timeout(ACQUIRE, sqlx::query("select 1").execute(&pool)).await;
        let pause = match asked {
            Ok(Ok(_)) => {
                part.up();
                PROBE_UP
            }
            // All connections busy is load, not an outage.
            Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) if part.is_up() && is_busy(&pool) => {
                PROBE_UP
            }
            Ok(Err(error)) => {
                part.down(reason(&error));
                PROBE_DOWN
            }
            Err(_) => {
                part.down("no answer");
                PROBE_DOWN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = draining.cancelled() => {}
        }
    }
    Ok(())
}

fn is_busy(pool: &PgPool) -> bool {
    pool.size() > 0 && pool.num_idle() == 0
}

fn reason(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::PoolTimedOut => "no connection in time",
        sqlx::Error::Io(_) => "no connection",
        sqlx::Error::Database(_) => "it refuses us",
        _ => "it fails",
    }
}

/// Brings the schema up to date; waits while the database is away. Replicas
/// that start together wait for each other (sqlx's advisory lock).
pub async fn migrate(runtime: &Runtime, pool: &PgPool, migrator: &Migrator) -> anyhow::Result<()> {
    patiently(runtime, "migrations", || async {
        migrator.run(pool).await.map_err(|error| match error {
            MigrateError::Execute(error) => error,
            other => sqlx::Error::Migrate(Box::new(other)),
        })
    })
    .await
}

/// Does something that the start-up needs, again and again while the database
/// is away; gives up when the service is to end, or for any other error.
pub async fn patiently<T, F>(
    runtime: &Runtime,
    what: &'static str,
    mut attempt: impl FnMut() -> F,
) -> anyhow::Result<T>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let draining = runtime.shutdown.requested().clone();
    let mut told = false;
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) if is_outage(&error) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(what, %error, "waiting for the database");
                }
            }
            Err(error) => return Err(anyhow::Error::new(error).context(what)),
        }
        tokio::select! {
            () = tokio::time::sleep(PROBE_DOWN) => {}
            () = draining.cancelled() => anyhow::bail!("{what}: told to stop while waiting for the database"),
        }
    }
}

/// A client span and a duration (`db.client.operation.duration`) for one named
/// operation: `timed("orders.place", query.execute(&pool)).await?`.
pub async fn timed<T, E: Failure>(
    operation: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracing::info_span!(
        "db",
        otel.name = operation,
        otel.kind = "client",
        db.system.name = "postgresql",
        db.operation.name = operation,
    );
    let start = Instant::now();
    let result = work.instrument(span.clone()).await;
    let mut labels = vec![
        KeyValue::new("db.system.name", "postgresql"),
        KeyValue::new("db.operation.name", operation),
    ];
    if result.as_ref().is_err_and(Failure::is_failure) {
        telemetry::failed(&span, "database");
        labels.push(KeyValue::new("error.type", "database"));
    }
    DURATION.record(telemetry::since(start), &labels);
    result
}

/// Whether an error is the database's failure. A refusal is none: a constraint
/// that holds, a row that is not there, a rule of ours that says no.
pub trait Failure {
    fn is_failure(&self) -> bool;
}

impl Failure for sqlx::Error {
    fn is_failure(&self) -> bool {
        constraint(self).is_none() && !matches!(self, Self::RowNotFound)
    }
}

impl Failure for AppError {
    fn is_failure(&self) -> bool {
        self.is_transient() || self.code == Code::Internal
    }
}

/// The constraint that a write ran into, by its name, which is our vocabulary.
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

/// Whether the database is away or refuses everybody, rather than this query.
pub fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        // It went away in the middle of an answer.
        sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // 08 connection, 53 resources, 57P operator (shutdown, start-up,
            // crash), 58 system, 25006 read-only while failing over, 55P03 a
            // lock that somebody keeps.
            ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class))
                || ["25006", "55P03"].contains(&&*code)
        }),
        sqlx::Error::Migrate(error) => match &**error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                is_outage(error)
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn background_work_gives_up_as_in_an_outage() {
        let never = std::future::pending::<Result<(), sqlx::Error>>();
        assert!(is_outage(&in_time(never).await.unwrap_err()));
        let error: AppError = in_time(std::future::pending::<Result<(), _>>()).await.unwrap_err();
        assert_eq!(error.code, Code::Unavailable);
    }

    #[test]
    fn a_refusal_is_no_failure_of_the_database() {
        assert!(!AppError::not_found("member").is_failure());
        assert!(!AppError::new(Code::SettlementConflict, "").is_failure());
        assert!(!sqlx::Error::RowNotFound.is_failure());
        assert!(AppError::from(sqlx::Error::PoolTimedOut).is_failure());
        assert!(AppError::internal("a defect").is_failure());
        assert!(sqlx::Error::PoolTimedOut.is_failure());
    }
}
