//! PostgreSQL: a pool that opens lazily, heals by itself and reports how it is;
//! migrations that wait for the database; a span and a duration per operation.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use opentelemetry::{KeyValue, metrics::Histogram};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Connection, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tracing::Instrument;

use crate::{Runtime, health::Part, telemetry};

/// How long a request waits for a connection of the pool.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How often the database is asked whether it is there: when it was, and when it was not.
const PROBE_UP: Duration = Duration::from_secs(5);
const PROBE_DOWN: Duration = Duration::from_millis(500);
/// A connection that was used since is not asked whether it lives.
const RESTED: Duration = Duration::from_millis(500);
/// Longer than any query of ours may take; PostgreSQL ends it then.
const STATEMENT_TIMEOUT: &str = "15s";

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
        .options([("statement_timeout", STATEMENT_TIMEOUT), ("timezone", "UTC")])
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
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    let part = runtime.health.required("postgres");
    runtime.spawn("postgres probe", probe(pool.clone(), part, runtime.clone()));
    Ok(pool)
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
pub async fn timed<T, E>(
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
    if result.is_err() {
        telemetry::failed(&span, "database");
        labels.push(KeyValue::new("error.type", "database"));
    }
    DURATION.record(telemetry::since(start), &labels);
    result
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
            // crash), 58 system, 25006 read-only while failing over.
            ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) || code == "25006"
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
