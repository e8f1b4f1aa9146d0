//! `cargo xtask bench`: the whole system in a release build on this machine,
//! under load, beside pgbench on the same PostgreSQL. Prints what was measured,
//! also where it falls short of the aims; nothing here fails for being slow.

mod asking;
mod database;
mod first;
mod load;
mod pins;
mod process;
mod report;
mod system;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::Args;

use self::{
    database::{Counts, Database, Pgbench},
    load::{Load, Outcome},
    process::Memory,
    report::Report,
    system::System,
};
use crate::steps::build;

const MEMBERS: usize = 64;
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Whose run the costs of a single order are taken from.
const TYPICAL_CLIENTS: usize = 16;
const OFFERED_PER_SECOND: f64 = 20.0;
const WARM_UP: usize = 100;
const IDLE: Duration = Duration::from_secs(10);
/// How long Kafka and the workflow may take over the warm-up, and Temporal then over its work.
const DELIVERED: Duration = Duration::from_secs(60);
const WORKED_OFF: Duration = Duration::from_secs(20);

/// What to measure; folders are of the project's root.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Orders at each number of clients (1, 16 and 64), by us and by pgbench
    #[arg(long, default_value_t = 1_000)]
    orders: usize,
    /// How long 20 orders a second are offered, twice
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// A folder for this alone: the data, emptied first, and what this keeps beside it
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// A folder with `everything` and `bench`, to build neither
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Measure the compilation from nothing, too; it takes many minutes
    #[arg(long)]
    cold_build: bool,
    /// Do not measure the start with an empty cache, which fetches all engines
    #[arg(long)]
    no_empty_cache: bool,
}

/// What a phase came to, and what it used.
struct Phase {
    outcome: Outcome,
    /// Seconds of processor time until the last order was queued.
    cpu: BTreeMap<&'static str, f64>,
    counts: Counts,
}

/// What an idle system does.
struct Idle {
    memory: BTreeMap<&'static str, Memory>,
    /// Of a core.
    cpu: BTreeMap<&'static str, f64>,
    per_second: Counts,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let compilation = options.cold_build.then(first::compilation).transpose()?;
    let programs = match &options.programs {
        Some(programs) => programs.clone(),
        None => {
            let line = "cargo build --locked --release -p everything -p bench";
            let built = build("release build", line)?;
            let everything = built.get("everything").context("cargo built no `everything`")?;
            everything.parent().context("a program without a folder")?.to_owned()
        }
    };
    let mut report = Report::of(&programs);
    fs::create_dir_all(&options.folder)?;
    let (programs, data) = (programs.canonicalize()?, options.folder.canonicalize()?.join("data"));
    report.compiled(compilation);
    let wanted = !options.no_empty_cache;
    report.started_empty(wanted.then(|| first::start_with_empty_cache(&programs)));
    say("one PIN check after the other");
    report.pins(&pins::measure(&programs)?);
    system::empty(&programs, &data)?;
    let load = Load::new(&programs, &data);

    say("verifying access tokens");
    report.verifying(&load.verify()?);

    let system = begin_anew(&programs, &data, &load, &mut report)?;
    let system = what_an_order_asks_for(system, &programs, &data, &load, &mut report)?;
    let database = Database::of(&system)?;
    let idle = idle(&system, &database)?;
    under_offered_load(&system, &database, &load, options.seconds, &idle, &mut report)?;
    beside_pgbench(&system, &database, &load, options.orders, &idle, &mut report)?;
    say("memory after it all");
    report.memory(&idle, &process::memory(&system)?);
    begin_again(system, &programs, &data, &load, &database, &mut report)?;
    println!("\n{}", report.text());
    Ok(())
}

/// The first start, in an empty folder; makes the members and warms everything up.
fn begin_anew(programs: &Path, data: &Path, load: &Load, report: &mut Report) -> Result<System> {
    say("start in an empty data folder");
    let begin = Instant::now();
    let system = System::spawn(programs, data, &[])?;
    system.wait_ready()?;
    let ready = begin.elapsed();
    system.wait_every_part()?;
    report.started_anew(ready, begin.elapsed());
    say("members, and a warm-up");
    load.sign_in(&system, MEMBERS)?;
    load.closed(&system, 4, WARM_UP)?;
    Database::of(&system)?.wait_delivered(DELIVERED)?;
    pause(WORKED_OFF);
    Ok(system)
}

/// In a life of the system of its own, as counting costs time.
fn what_an_order_asks_for(
    system: System,
    programs: &Path,
    data: &Path,
    load: &Load,
    report: &mut Report,
) -> Result<System> {
    say("what an order asks for, with every statement counted");
    let database = Database::of(&system)?;
    let again = |system: System| -> Result<System> {
        system.stop()?;
        let system = System::spawn(programs, data, &[])?;
        system.wait_ready()?;
        system.wait_every_part()?;
        load.sign_in(&system, MEMBERS)?;
        pause(WORKED_OFF);
        Ok(system)
    };
    database.count_statements(true)?;
    let system = again(system)?;
    report.asking(&asking::count(&system, &database, load)?);
    database.count_statements(false)?;
    again(system)
}

fn idle(system: &System, database: &Database) -> Result<Idle> {
    say("idle");
    let counts = database.counts()?;
    let (begin, used) = (Instant::now(), process::cpu(system)?);
    pause(IDLE);
    let cpu = share(&process::cpu(system)?, &used, begin.elapsed().as_secs_f64());
    let memory = process::memory(system)?;
    let per_second = database.counts()?.since(counts).per(begin.elapsed().as_secs_f64());
    Ok(Idle { memory, cpu, per_second })
}

/// Orders at their times: with everything on, then with the workflow paused.
fn under_offered_load(
    system: &System,
    database: &Database,
    load: &Load,
    seconds: f64,
    idle: &Idle,
    report: &mut Report,
) -> Result<()> {
    let offer = || load.open(system, OFFERED_PER_SECOND, seconds);
    say("20 orders a second, everything on");
    let everything = phase(system, database, idle, offer)?;
    let backlog = database.backlog("workflow")?;
    say("20 orders a second, Temporal frozen");
    let frozen = system.freeze("temporal")?;
    let paused = phase(system, database, idle, offer)?;
    drop(frozen);
    report.offered(&everything, &paused, backlog);
    report.costs("20 a second, everything on", &everything);
    Ok(())
}

/// As fast as they can, with the workflow paused, beside pgbench.
fn beside_pgbench(
    system: &System,
    database: &Database,
    load: &Load,
    orders: usize,
    idle: &Idle,
    report: &mut Report,
) -> Result<()> {
    load.sign_in(system, MEMBERS)?;
    database.counts()?; // what signing in wrote is nobody's order
    let frozen = system.freeze("temporal")?;
    let mut runs: Vec<(usize, Phase, Pgbench)> = Vec::new();
    for clients in CLIENTS {
        say(&format!("{clients} clients, Temporal frozen"));
        let ours = phase(system, database, idle, || load.closed(system, clients, orders))?;
        say(&format!("{clients} clients of pgbench"));
        let theirs = database.pgbench(clients, orders)?;
        runs.push((clients, ours, theirs));
    }
    drop(frozen);
    say("16 clients, everything on");
    let backlog = database.backlog("workflow")?;
    let busy = load.closed(system, TYPICAL_CLIENTS, orders)?;
    report.placing(&runs, &busy, backlog);
    if let Some((_, ours, _)) = runs.iter().find(|(clients, ..)| *clients == TYPICAL_CLIENTS) {
        report.costs("16 clients, Temporal frozen", ours);
    }
    Ok(())
}

/// Stops, and starts where it left off: how long until the first order.
fn begin_again(
    system: System,
    programs: &Path,
    data: &Path,
    load: &Load,
    database: &Database,
    report: &mut Report,
) -> Result<()> {
    say("stop, and start again with the data");
    load.sign_in(&system, MEMBERS)?;
    let backlog = database.backlog("workflow")?;
    let stopping = system.stop()?;
    let begin = Instant::now();
    let system = System::spawn(programs, data, &[])?;
    // Somebody who kept their phone in the hand.
    let first = load.begin_first(&system)?;
    load.answer(first)?;
    let first = begin.elapsed();
    system.wait_ready()?;
    system.wait_every_part()?;
    report.started_again(first, begin.elapsed(), stopping, backlog);
    system.stop()?;
    Ok(())
}

/// Measures what `run` uses.
fn phase(
    system: &System,
    database: &Database,
    idle: &Idle,
    run: impl FnOnce() -> Result<Outcome>,
) -> Result<Phase> {
    let counts = database.counts_reported()?;
    let begin = Instant::now();
    let used = process::cpu(system)?;
    let outcome = run()?;
    let cpu = share(&process::cpu(system)?, &used, 1.0);
    let counts = database.counts()?.since(counts);
    let counts = counts.less(idle.per_second, begin.elapsed().as_secs_f64());
    Ok(Phase { outcome, cpu, counts })
}

/// What was used between two looks, in so many seconds.
fn share(
    now: &BTreeMap<&'static str, f64>,
    before: &BTreeMap<&'static str, f64>,
    seconds: f64,
) -> BTreeMap<&'static str, f64> {
    let used = |part: &str| before.get(part).copied().unwrap_or_default();
    now.iter().map(|(part, value)| (*part, (value - used(part)) / seconds)).collect()
}

fn say(what: &str) {
    println!("── {what}");
}

/// Measuring waits for time itself, not for a condition.
fn pause(duration: Duration) {
    let end = Instant::now() + duration;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|it| !it.is_zero()) {
        std::thread::park_timeout(left);
    }
}
