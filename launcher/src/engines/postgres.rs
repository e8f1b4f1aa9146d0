//! PostgreSQL: one cluster, a database and a user for each service.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use super::{Plan, cluster::Cluster};
use crate::{
    child::{Launch, clean_environment, tied},
    paths::{unprivileged, write_private},
    supervise::{Output, Part},
};

/// Each service's database with its owner.
const DATABASES: [(&str, &str); 2] =
    [("order_db", "order_service"), ("customer_db", "customer_service")];

/// Modest for a laptop; durable like the real one.
const SETTINGS: [&str; 13] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=100",
    "shared_buffers=64MB",
    "fsync=on",
    "jit=off",
    "random_page_cost=1.1",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
    "log_line_prefix=%m [%p] %d ",
    "log_min_messages=warning",
    "max_wal_size=512MB",
];

pub(crate) fn part(plan: &Plan) -> Part {
    let port = plan.ports.postgres;
    let mut args = vec!["-D".into(), plan.cluster.data().into_os_string()];
    args.extend(["-p".into(), port.to_string().into()]);
    for setting in SETTINGS {
        args.extend(["-c".into(), setting.into()]);
    }
    let mut launch = Launch::new(plan.installed.postgres.join("postgres"), "/".into()).args(args);
    launch.account = unprivileged();
    // Fast shutdown: sessions are ended, all is written.
    launch.stop_signal = "INT";
    let (preparing, asking) = (plan.clone(), plan.clone());
    Part {
        name: "postgres",
        address: format!("127.0.0.1:{port}"),
        launch,
        prepare: Arc::new(move || Box::pin(initialise(preparing.clone()))),
        ready: Arc::new(move || Box::pin(provision(asking.clone()))),
        output: Output::LogOnly,
    }
}

/// The superuser's address; for tests and the launcher only.
pub(crate) fn admin_url(plan: &Plan) -> String {
    let (password, port) = (&plan.secrets.postgres_admin, plan.ports.postgres);
    format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres")
}

/// A service's address of its own database.
pub(crate) fn service_url(plan: &Plan, database: &str) -> Result<String> {
    let owner = DATABASES.iter().find(|(name, _)| *name == database).map(|(_, owner)| owner);
    let owner = owner.with_context(|| format!("no database {database}"))?;
    let (password, port) = (password_of(plan, owner), plan.ports.postgres);
    Ok(format!("postgres://{owner}:{password}@127.0.0.1:{port}/{database}"))
}

fn password_of<'a>(plan: &'a Plan, user: &str) -> &'a str {
    if user == "order_service" { &plan.secrets.order_db } else { &plan.secrets.customer_db }
}

/// Makes the cluster, once.
async fn initialise(plan: Plan) -> Result<()> {
    // Asked again: it must not be made anew should it vanish while we run.
    let cluster = Cluster::of(&plan.data)?;
    if !cluster.made {
        cluster.make_home()?;
        initdb(&plan, &cluster).await?;
    }
    cluster.sign(&plan.data)?;
    cluster.note(&plan.data)
}

/// An interrupted attempt is begun anew.
async fn initdb(plan: &Plan, cluster: &Cluster) -> Result<()> {
    let account = unprivileged();
    let draft = cluster.home.join("draft");
    let _ = std::fs::remove_dir_all(&draft);
    let password = cluster.home.join("password");
    write_private(&password, plan.secrets.postgres_admin.as_bytes())?;
    let mut initdb = tied(plan.installed.postgres.join("initdb").as_os_str(), account)?;
    clean_environment(&mut initdb);
    initdb.arg("-D").arg(&draft).arg("--pwfile").arg(&password);
    initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8"]);
    // The same order and case of letters on every machine.
    initdb.args(["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
    initdb.current_dir("/");
    if let Some(account) = account {
        std::os::unix::fs::chown(&password, Some(account.uid), Some(account.gid))?;
    }
    let output = initdb.output().await.context("run initdb")?;
    let _ = std::fs::remove_file(&password);
    if !output.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    cluster.sign(&plan.data)?;
    std::fs::rename(&draft, cluster.data()).context("finish the new cluster")
}

/// Connects as the superuser; makes what is missing of databases, users and extensions.
async fn provision(plan: Plan) -> Result<()> {
    super::listens(plan.ports.postgres).await?;
    let admin: PgConnectOptions = admin_url(&plan).parse()?;
    let admin = admin.disable_statement_logging();
    let mut connection = PgConnection::connect_with(&admin).await?;
    for (database, owner) in DATABASES {
        let password = password_of(&plan, owner);
        let exists: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = $1")
            .bind(owner)
            .fetch_optional(&mut connection)
            .await?;
        let verb = if exists.is_some() { "ALTER" } else { "CREATE" };
        // Names are constants here, and passwords are ours, in base64url.
        run(&mut connection, format!("{verb} ROLE {owner} LOGIN PASSWORD '{password}'")).await?;
        let exists: Option<i32> =
            sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
                .bind(database)
                .fetch_optional(&mut connection)
                .await?;
        if exists.is_none() {
            run(&mut connection, format!("CREATE DATABASE {database} OWNER {owner}")).await?;
        }
        run(&mut connection, format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await?;
        let mut inside = PgConnection::connect_with(&admin.clone().database(database)).await?;
        for extension in ["pg_trgm", "unaccent"] {
            run(&mut inside, format!("CREATE EXTENSION IF NOT EXISTS {extension}")).await?;
        }
        inside.close().await?;
    }
    connection.close().await?;
    Ok(())
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}
