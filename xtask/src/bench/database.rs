//! PostgreSQL's own counts, and pgbench on the same server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::{load::Quantiles, pause, system::System};

/// What the services' tables are made by.
const SCHEMA: [&str; 4] = [
    "crates/outbox/schema.sql",
    "services/order-service/migrations/0003_orders.sql",
    "services/customer-service/migrations/0002_members_and_ledger.sql",
    "bench/members.sql",
];
const SCRIPT: &str = "bench/order.sql";
const NUMBERING: &str = "bench/number.sql";
/// A backend reports what it counted at the latest so long after it fell idle.
const STATISTICS_ARRIVE: Duration = Duration::from_secs(11);

/// What the server has counted so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Of both databases, those that only read among them.
    pub(super) commits: f64,
    /// Transactions that wrote: each got an id.
    pub(super) writes: f64,
    pub(super) wal_bytes: f64,
    pub(super) wal_page_images: f64,
    pub(super) fsyncs: f64,
}

impl Counts {
    pub(super) fn since(self, before: Self) -> Self {
        self.with(before, |now, before| now - before)
    }

    /// Each without what an idle system would have counted meanwhile.
    pub(super) fn less(self, idle_per_second: Self, seconds: f64) -> Self {
        self.with(idle_per_second, |count, idle| (count - idle * seconds).max(0.0))
    }

    pub(super) fn per(self, count: f64) -> Self {
        self.with(self, |value, _| value / count.max(1.0))
    }

    fn with(self, other: Self, each: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            commits: each(self.commits, other.commits),
            writes: each(self.writes, other.writes),
            wal_bytes: each(self.wal_bytes, other.wal_bytes),
            wal_page_images: each(self.wal_page_images, other.wal_page_images),
            fsyncs: each(self.fsyncs, other.fsyncs),
        }
    }
}

/// How one run of pgbench went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pgbench {
    pub(super) per_second: f64,
    pub(super) latency: Quantiles,
    /// Transactions that wrote, per order, the numbering step's among them.
    pub(super) writes: f64,
}

/// A program that runs beside something else, until this is dropped.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What one service asked of PostgreSQL.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    pub(super) statements: f64,
    /// Written by these statements.
    pub(super) wal_bytes: f64,
}

/// The system's PostgreSQL, as its superuser.
pub(super) struct Database {
    programs: PathBuf,
    port: u16,
    password: String,
    logs: PathBuf,
}

impl Database {
    pub(super) fn of(system: &System) -> Result<Self> {
        let postgres = format!("/proc/{}/exe", system.pid("postgres")?);
        let postgres = fs::read_link(&postgres).context("find PostgreSQL's program")?;
        Ok(Self {
            programs: postgres.parent().context("PostgreSQL's programs")?.to_owned(),
            port: system.port_of("postgres")?,
            password: system.secret("postgres_admin")?,
            logs: system.data().with_file_name("pgbench"),
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.envs([("PGHOST", "127.0.0.1"), ("PGUSER", "postgres")]);
        command.env("PGPORT", self.port.to_string()).env("PGPASSWORD", &self.password);
        command
    }

    fn ask(&self, database: &str, question: &str) -> Result<Vec<f64>> {
        let mut psql = self.command("psql");
        psql.args(["-XAtq", "-F", " ", "-d", database, "-c", question]);
        let text = output(psql)?;
        Ok(text.split_whitespace().filter_map(|field| field.parse().ok()).collect())
    }

    /// The counts, once everybody has reported theirs.
    pub(super) fn counts(&self) -> Result<Counts> {
        pause(STATISTICS_ARRIVE);
        self.counts_reported()
    }

    /// The counts at once: enough where nothing but idling went before.
    pub(super) fn counts_reported(&self) -> Result<Counts> {
        let found = self.ask(
            "postgres",
            "select (select sum(xact_commit) from pg_stat_database
                      where datname in ('order_db', 'customer_db')),
                    pg_snapshot_xmax(pg_current_snapshot()),
                    pg_current_wal_lsn() - '0/0', (select wal_fpi from pg_stat_wal),
                    (select sum(fsyncs) from pg_stat_io)",
        )?;
        let [commits, writes, wal_bytes, wal_page_images, fsyncs] = found[..] else {
            bail!("PostgreSQL counts otherwise: {found:?}");
        };
        Ok(Counts { commits, writes, wal_bytes, wal_page_images, fsyncs })
    }

    /// From the next start on every statement is counted, or not any more: it is
    /// off wherever time is measured.
    pub(super) fn count_statements(&self, on: bool) -> Result<()> {
        let libraries = if on { "'pg_stat_statements'" } else { "default" };
        let change = format!("alter system set shared_preload_libraries = {libraries}");
        self.ask("postgres", &change).map(drop)
    }

    /// Begins to count anew.
    pub(super) fn forget_statements(&self) -> Result<()> {
        self.ask("postgres", "create extension if not exists pg_stat_statements")?;
        self.ask("postgres", "select 1 from pg_stat_statements_reset()").map(drop)
    }

    /// What a service asked for since then.
    pub(super) fn asked(&self, service: &str) -> Result<Asked> {
        let user = service.replace('-', "_");
        let question = format!(
            "select coalesce(sum(calls), 0), coalesce(sum(wal_bytes), 0)
               from pg_stat_statements join pg_roles on pg_roles.oid = userid
              where rolname = '{user}'"
        );
        let found = self.ask("postgres", &question)?;
        let [statements, wal_bytes] = found[..] else { bail!("it counts otherwise: {found:?}") };
        Ok(Asked { statements, wal_bytes })
    }

    /// How many events of the orders' log wait for a receiver: Kafka, the workflow.
    pub(super) fn backlog(&self, receiver: &str) -> Result<f64> {
        let question = format!(
            "select coalesce((select max(position) from event_log), 0)
                    - coalesce((select position from relay_cursor where receiver = '{receiver}'), 0)"
        );
        self.ask("order_db", &question)?.first().copied().context("no answer")
    }

    /// The receivers of the orders' log.
    pub(super) fn receivers(&self) -> Result<Vec<String>> {
        let mut psql = self.command("psql");
        psql.args(["-XAtq", "-d", "order_db", "-c", "select receiver from relay_cursor"]);
        Ok(output(psql)?.lines().map(str::to_owned).collect())
    }

    /// Waits until every receiver has what was committed, or for so long.
    pub(super) fn wait_delivered(&self, patience: Duration) -> Result<f64> {
        let end = std::time::Instant::now() + patience;
        loop {
            let mut waiting = 0.0;
            for receiver in self.receivers()? {
                waiting += self.backlog(&receiver)?;
            }
            if waiting == 0.0 || std::time::Instant::now() > end {
                return Ok(waiting);
            }
            pause(Duration::from_millis(500));
        }
    }

    /// The same writes in the same transactions, without anything around them, in
    /// fresh tables of the services' own making; events are numbered beside it.
    pub(super) fn pgbench(&self, clients: usize, orders: usize) -> Result<Pgbench> {
        let sizes = self.ask(
            "order_db",
            "select round(avg(length(detail::text))), (select round(avg(length(payload))) from event_log)
               from orders",
        )?;
        let [detail, payload] = sizes[..] else { bail!("no orders to take sizes from") };
        for statement in ["drop database if exists bench with (force)", "create database bench"] {
            let mut psql = self.command("psql");
            psql.args(["-XAtq", "-d", "postgres", "-c", statement]);
            output(psql)?;
        }
        let mut psql = self.command("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "bench"]);
        for file in SCHEMA {
            psql.args(["-f", file]);
        }
        output(psql)?;
        let _ = fs::remove_dir_all(&self.logs);
        fs::create_dir_all(&self.logs)?;
        let mut pgbench = self.command("pgbench");
        pgbench.args(["-n", "-M", "prepared", "-f", SCRIPT, "-l", "--log-prefix"]);
        pgbench.arg(self.logs.join("log")).args(["-D", "n=0"]);
        pgbench.arg("-D").arg(format!("detail={detail}"));
        pgbench.arg("-D").arg(format!("payload={payload}"));
        pgbench.args(["-c", &clients.to_string(), "-j", &clients.min(2).to_string()]);
        pgbench.args(["-t", &orders.div_ceil(clients).to_string(), "bench"]);
        let mut numbering = self.command("pgbench");
        numbering
            .args(["-n", "-M", "prepared", "-f", NUMBERING, "-c", "1", "-T", "86400", "bench"]);
        numbering.stdout(Stdio::null()).stderr(Stdio::null());
        let before = self.counts_reported()?.writes;
        let numbering = Beside(numbering.spawn().context("number beside pgbench")?);
        let text = output(pgbench)?;
        drop(numbering);
        let writes = self.counts_reported()?.writes - before;
        let per_second = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
            .with_context(|| format!("pgbench says no rate: {text}"))?;
        let latency = Quantiles::from(latencies(&self.logs)?);
        if latency.count < orders {
            bail!("pgbench did {} of {orders} orders: {text}", latency.count);
        }
        Ok(Pgbench { per_second, writes: writes / latency.count.max(1) as f64, latency })
    }
}

/// Milliseconds of each run of the script, from pgbench's log files.
fn latencies(folder: &Path) -> Result<Vec<f64>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let text = fs::read_to_string(file?.path())?;
        // client, its how many'th, microseconds, …
        let third = |line: &str| line.split(' ').nth(2)?.parse::<f64>().ok();
        found.extend(text.lines().filter_map(third).map(|microseconds| microseconds / 1e3));
    }
    Ok(found)
}

fn output(mut command: Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("run {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
