//! What one order asks of others, counted in a run in which no time is measured:
//! statements by pg_stat_statements, fsyncs of the other engines by strace where
//! that is to be had. Everything is on, and everything is waited for.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Result;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    DELIVERED, IDLE, TYPICAL_CLIENTS, WORKED_OFF,
    database::{Counts, Database},
    load::{Load, Outcome},
    pause,
    system::{PARTS, SERVICES, System},
};

const ORDERS: usize = 200;
/// The engines whose fsyncs only a tracer sees; PostgreSQL counts its own.
const TRACED: [&str; 3] = ["valkey", "kafka", "temporal"];

/// Of one process, or of one engine with all its processes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Share {
    pub(super) statements: f64,
    /// That these statements wrote.
    pub(super) wal_bytes: f64,
    pub(super) calls: f64,
    pub(super) valkey_commands: f64,
    pub(super) fsyncs: f64,
}

impl Share {
    fn with(self, other: Self, each: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            statements: each(self.statements, other.statements),
            wal_bytes: each(self.wal_bytes, other.wal_bytes),
            calls: each(self.calls, other.calls),
            valkey_commands: each(self.valkey_commands, other.valkey_commands),
            fsyncs: each(self.fsyncs, other.fsyncs),
        }
    }
}

/// Per order, less what an idle system does.
pub(super) struct Asking {
    pub(super) outcome: Outcome,
    pub(super) counts: Counts,
    pub(super) of: BTreeMap<&'static str, Share>,
    /// Whether fsyncs of Valkey, Kafka and Temporal are known.
    pub(super) traced: bool,
}

/// Needs a system in which statements are counted.
pub(super) fn count(system: &System, database: &Database, load: &Load) -> Result<Asking> {
    let idle = window(system, database, || {
        pause(IDLE);
        Ok(())
    })?;
    let busy = window(system, database, || {
        let outcome = load.closed(system, TYPICAL_CLIENTS, ORDERS)?;
        database.wait_delivered(DELIVERED)?;
        pause(WORKED_OFF);
        Ok(outcome)
    })?;
    let orders = busy.result.latency.count.max(1) as f64;
    let meanwhile = busy.seconds / idle.seconds;
    let of = busy.of.into_iter().map(|(part, share)| {
        let idle = idle.of.get(part).copied().unwrap_or_default();
        (part, share.with(idle, |busy, idle| (busy - idle * meanwhile).max(0.0) / orders))
    });
    let counts = busy.counts.less(idle.counts.per(idle.seconds), busy.seconds).per(orders);
    let traced = busy.traced && idle.traced;
    Ok(Asking { of: of.collect(), counts, outcome: busy.result, traced })
}

struct Window<T> {
    result: T,
    seconds: f64,
    counts: Counts,
    of: BTreeMap<&'static str, Share>,
    traced: bool,
}

/// What everybody asks for while `run` runs.
fn window<T>(
    system: &System,
    database: &Database,
    run: impl FnOnce() -> Result<T>,
) -> Result<Window<T>> {
    database.forget_statements()?;
    let begin = Instant::now();
    let (counts, before) = (database.counts_reported()?, look(system, database)?);
    let tracers = Tracers::start(system)?;
    let result = run()?;
    let fsyncs = tracers.stop()?;
    let counts = database.counts()?.since(counts);
    let mut of = look(system, database)?;
    for (part, share) in &mut of {
        let before = before.get(part).copied().unwrap_or_default();
        *share = share.with(before, |now, before| now - before);
        share.fsyncs = match *part {
            "postgres" => counts.fsyncs,
            part => fsyncs.get(part).copied().unwrap_or_default(),
        };
    }
    let seconds = begin.elapsed().as_secs_f64();
    let traced = fsyncs.len() == TRACED.len();
    Ok(Window { result, seconds, counts, of, traced })
}

/// What the services have asked for so far.
fn look(system: &System, database: &Database) -> Result<BTreeMap<&'static str, Share>> {
    let mut of: BTreeMap<_, _> = PARTS.map(|part| (part, Share::default())).into();
    for service in SERVICES {
        let asked = database.asked(service)?;
        let calls = system.count_of(service, "rpc_client_call_duration", "")?;
        let valkey = r#"db_system_name="redis""#;
        let valkey_commands = system.count_of(service, "db_client_operation_duration", valkey)?;
        let share = of.entry(service).or_default();
        (share.statements, share.wal_bytes) = (asked.statements, asked.wal_bytes);
        (share.calls, share.valkey_commands) = (calls, valkey_commands);
    }
    Ok(of)
}

/// An strace for each engine, as far as it is there and may look.
struct Tracers(Vec<(&'static str, Child, PathBuf)>);

impl Tracers {
    fn start(system: &System) -> Result<Self> {
        let mut tracers = Self(Vec::new());
        for part in TRACED {
            let (pid, summary) =
                (system.pid(part)?, system.data().with_file_name(format!("{part}.strace")));
            let mut strace = Command::new("strace");
            strace.args(["-f", "-q", "-c", "-e", "trace=fsync,fdatasync", "-o"]).arg(&summary);
            strace.args(["-p", &pid.to_string()]).stdin(Stdio::null()).stderr(Stdio::null());
            let Ok(child) = strace.spawn() else { continue };
            tracers.0.push((part, child, summary));
            if !tracers.looks(pid)
                && let Some((_, mut child, _)) = tracers.0.pop()
            {
                let _ = child.kill();
                child.wait()?;
            }
        }
        Ok(tracers)
    }

    /// Whether the newest tracer has got hold of its process.
    fn looks(&mut self, pid: u32) -> bool {
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
            if tracer.is_some_and(|pid| pid.trim() != "0") {
                return true;
            }
            let newest = self.0.last_mut().map(|(_, child, _)| child.try_wait());
            if !matches!(newest, Some(Ok(None))) {
                return false;
            }
            pause(Duration::from_millis(20));
        }
        false
    }

    /// How many fsyncs each saw.
    fn stop(mut self) -> Result<BTreeMap<&'static str, f64>> {
        let mut fsyncs = BTreeMap::new();
        for (part, child, summary) in &mut self.0 {
            kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT)?;
            child.wait()?;
            fsyncs.insert(*part, sum_of_calls(summary)?);
        }
        Ok(fsyncs)
    }
}

impl Drop for Tracers {
    fn drop(&mut self) {
        for (_, child, _) in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Of strace's summary: share, seconds, microseconds each, calls, (errors,) name.
fn sum_of_calls(summary: &Path) -> Result<f64> {
    let text = fs::read_to_string(summary)?;
    let calls = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_call = matches!(*fields.last()?, "fsync" | "fdatasync");
        is_call.then(|| fields.get(3)?.parse::<f64>().ok()).flatten()
    });
    Ok(calls.sum())
}
