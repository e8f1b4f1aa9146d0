//! The tables, in Markdown, with the aims beside what was measured.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use super::{
    Idle, Phase, TYPICAL_CLIENTS,
    database::Pgbench,
    load::{Outcome, Quantiles},
    process::LAUNCHER,
    system::{PARTS, SERVICES},
};

pub(super) struct Report {
    /// Where the measured programs lie: tells a release build from others.
    programs: String,
    /// Sections in the order in which they are printed.
    sections: BTreeMap<u8, String>,
    /// What was aimed at, measured, and whether that is so.
    aims: Vec<(&'static str, String, bool)>,
}

impl Report {
    pub(super) fn of(programs: &Path) -> Self {
        let programs = programs.display().to_string();
        Self { programs, sections: BTreeMap::new(), aims: Vec::new() }
    }

    pub(super) fn text(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model =
            cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
        let model = model.unwrap_or("unknown processor");
        let mut text = format!(
            "# Benchmark\n\nPrograms of `{}`; engines, services, load and pgbench together on one \
             machine: {cores} cores ({model}). Nobody accepts the orders, so the queue only grows. \
             \"Temporal frozen\" is delivery to the workflow paused: its process is stopped with \
             SIGSTOP, and order-service goes on trying to reach it.\n",
            self.programs
        );
        for section in self.sections.values() {
            text.push_str(section);
        }
        text.push_str("\n## Aims\n\n| Aim | Measured | |\n|---|---|---|\n");
        for (aim, measured, met) in &self.aims {
            let met = if *met { "met" } else { "**short**" };
            line(&mut text, format_args!("| {aim} | {measured} | {met} |"));
        }
        text
    }

    fn aim(&mut self, aim: &'static str, measured: String, met: bool) {
        self.aims.push((aim, measured, met));
    }

    pub(super) fn placing(
        &mut self,
        runs: &[(usize, Phase, Pgbench)],
        busy: &Outcome,
        backlog: f64,
    ) {
        let mut text = String::from(
            "\n## Placing an order until `queued`\n\nThrough REST, with Temporal frozen, beside \
             pgbench (`bench/order.sql`: the same writes in four transactions, no numbering lock) on \
             the same server. Milliseconds.\n\n\
             | Clients | Program | Orders | Failed | Orders/s | p50 | p95 | p99 | most | Commits/order | Ratio |\n\
             |--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for (clients, Phase { outcome, counts, .. }, pgbench) in runs {
            let ratio = outcome.per_second() / pgbench.per_second;
            let commits = counts.order_commits + counts.customer_commits;
            let commits = commits / outcome.latency.count.max(1) as f64;
            line(
                &mut text,
                format_args!(
                    "| {clients} | everything | {} | {commits:.1} | {ratio:.2} |",
                    row(outcome)
                ),
            );
            let Pgbench { per_second, latency } = pgbench;
            line(
                &mut text,
                format_args!(
                    "| {clients} | pgbench | {} | 0 | {per_second:.0} | {} | 4 | 1 |",
                    latency.count,
                    times(latency)
                ),
            );
            if *clients == TYPICAL_CLIENTS {
                self.aim(
                    "orders/s at 16 clients: at least half of pgbench's",
                    format!("{ratio:.2} of {per_second:.0}"),
                    ratio >= 0.5,
                );
                let times = outcome.latency.p99 / latency.p99;
                self.aim(
                    "p99 at 16 clients: within 5 times pgbench's",
                    format!("{times:.1} times {:.0} ms", latency.p99),
                    times <= 5.0,
                );
            }
        }
        line(
            &mut text,
            format_args!(
                "| 16 | everything, thawed: it works off {backlog:.0} events meanwhile | {} | | |",
                row(busy)
            ),
        );
        for (_, Phase { outcome, .. }, _) in runs {
            complain(&mut text, outcome);
        }
        complain(&mut text, busy);
        self.sections.insert(1, text);
    }

    pub(super) fn offered(&mut self, everything: &Phase, paused: &Phase, backlog: f64) {
        let mut text = String::from(
            "\n## 20 orders a second, whether the ones before are queued or not\n\nMilliseconds \
             from the moment that an order was due to be sent; 63 phones and the counter listen.\n\n\
             | Measured | Run | Orders | Failed | Orders/s | p50 | p95 | p99 | most |\n\
             |---|---|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        let runs = [("everything on", everything), ("Temporal frozen", paused)];
        for (name, Phase { outcome, .. }) in runs {
            line(&mut text, format_args!("| until `queued` | {name} | {} |", row(outcome)));
        }
        for (name, Phase { outcome, .. }) in runs {
            let Some(events) = outcome.events else { continue };
            let kinds = [
                ("until `placed` reaches the counter", events.counter, events.missed),
                ("until `placed` reaches the phone", events.phone, 0),
                ("from the event's own moment to the counter", events.since_placed, 0),
            ];
            for (what, times_of, missed) in kinds {
                let (count, times) = (times_of.count, times(&times_of));
                line(
                    &mut text,
                    format_args!("| {what} | {name} | {count} | {missed} | | {times} |"),
                );
            }
        }
        line(
            &mut text,
            format_args!(
                "\n11 s after the first run {backlog:.0} events waited for the workflow. Processor time \
                 of the load program: {:.1} s and {:.1} s.",
                everything.outcome.own_cpu_seconds, paused.outcome.own_cpu_seconds
            ),
        );
        complain(&mut text, &everything.outcome);
        complain(&mut text, &paused.outcome);
        self.sections.insert(2, text);
        let (on, off) = (everything.outcome.latency.p99, paused.outcome.latency.p99);
        self.aim(
            "p99 at 20 a second, everything on: at most double of Temporal frozen",
            format!("{:.2} times ({on:.0} ms, {off:.0} ms)", on / off),
            on <= 2.0 * off,
        );
        if let Some(events) = everything.outcome.events {
            let late = events.counter.p99;
            self.aim(
                "order placed → event at a listener, everything on: under 100 ms p99",
                format!("{late:.0} ms"),
                late < 100.0,
            );
        }
    }

    pub(super) fn memory(&mut self, idle: &Idle, after: &BTreeMap<&'static str, f64>) {
        let mut text = String::from(
            "\n## Memory and idling\n\nMiB of PSS; processor time of one core over 10 s.\n\n\
             | Part | Idle | After all load | CPU, idle |\n|---|--:|--:|--:|\n",
        );
        let get =
            |of: &BTreeMap<&'static str, f64>, part: &str| of.get(part).copied().unwrap_or(0.0);
        for part in PARTS {
            let (before, after) = (get(&idle.memory, part), get(after, part));
            let cpu = 100.0 * get(&idle.cpu, part);
            line(&mut text, format_args!("| {part} | {before:.1} | {after:.1} | {cpu:.1} % |"));
        }
        let sum = |of: &BTreeMap<&'static str, f64>| -> f64 {
            SERVICES.iter().map(|service| get(of, service)).sum()
        };
        let (before, after) = (sum(&idle.memory), sum(after));
        line(&mut text, format_args!("| the three services | {before:.1} | {after:.1} | |"));
        let counts = &idle.per_second;
        line(
            &mut text,
            format_args!(
                "\nIdle, PostgreSQL sees {:.1} commits a second in order_db, {:.1} in customer_db, \
                 {:.1} fsyncs and {:.0} bytes of WAL.",
                counts.order_commits, counts.customer_commits, counts.fsyncs, counts.wal_bytes
            ),
        );
        self.sections.insert(4, text);
        self.aim(
            "the three services after load: under 60 MiB of PSS",
            format!("{after:.1} MiB"),
            after < 60.0,
        );
        let most = SERVICES.iter().map(|service| 100.0 * get(&idle.cpu, service));
        let most = most.fold(0.0, f64::max);
        self.aim(
            "each service idle: under 1 % of a core",
            format!("{most:.1} % at most"),
            most < 1.0,
        );
    }

    /// What one order costs; called once for each run.
    pub(super) fn costs(&mut self, name: &str, phase: &Phase) {
        let Phase { outcome, cpu, counts, operations } = phase;
        let orders = outcome.latency.count.max(1) as f64;
        let text = self.sections.entry(3).or_insert_with(|| {
            "\n## What one order costs\n\nProcessor time until the last order is queued (what comes \
             later, such as the rest of Temporal's work, is not in it). Database operations are \
             those that a service names and times; a transaction is one of them. PostgreSQL's \
             counts go on for another 11 s, and are less what an idle system does.\n"
                .to_owned()
        });
        line(
            text,
            format_args!(
                "\n### {name}\n\n| Process | CPU, ms | Database operations | gRPC calls |\n|---|--:|--:|--:|"
            ),
        );
        for part in PARTS.into_iter().chain([LAUNCHER]) {
            let cpu = 1e3 * cpu.get(part).copied().unwrap_or_default() / orders;
            let made = operations.get(part).map_or_else(
                || "| ".to_owned(),
                |(database, calls)| format!("{:.1} | {:.1}", database / orders, calls / orders),
            );
            line(text, format_args!("| {part} | {cpu:.2} | {made} |"));
        }
        let own = 1e3 * outcome.own_cpu_seconds / orders;
        line(text, format_args!("| (the load program) | {own:.2} | | |"));
        let counts = counts.per(orders);
        line(
            text,
            format_args!(
                "\nPostgreSQL, per order: {:.1} commits in order_db, {:.1} in customer_db, {:.1} \
                 fsyncs, {:.0} bytes of WAL with {:.2} page images.",
                counts.order_commits,
                counts.customer_commits,
                counts.fsyncs,
                counts.wal_bytes,
                counts.wal_page_images
            ),
        );
    }

    pub(super) fn started_anew(&mut self, ready: Duration, every_part: Duration) {
        let text = self
            .sections
            .entry(5)
            .or_insert_with(|| "\n## Starting\n\n| Start | Seconds |\n|---|--:|\n".to_owned());
        let (ready, every_part) = (ready.as_secs_f64(), every_part.as_secs_f64());
        line(text, format_args!("| empty data folder: ready for the first order | {ready:.1} |"));
        line(text, format_args!("| … until Kafka and Temporal are up, too | {every_part:.1} |"));
    }

    pub(super) fn started_again(
        &mut self,
        first: Duration,
        every_part: Duration,
        stopping: Duration,
        backlog: f64,
    ) {
        let text = self.sections.entry(5).or_default();
        let (first, every_part) = (first.as_secs_f64(), every_part.as_secs_f64());
        let stopping = stopping.as_secs_f64();
        line(
            text,
            format_args!("| stopping in order, under load of the backlog | {stopping:.1} |"),
        );
        line(
            text,
            format_args!(
                "| with all these orders, {backlog:.0} events waiting for the workflow: until the \
                 first order is queued | {first:.1} |"
            ),
        );
        line(text, format_args!("| … until Kafka and Temporal are up, too | {every_part:.1} |"));
        self.aim(
            "from the start to the first order with existing data: under 10 s",
            format!("{first:.1} s"),
            first < 10.0,
        );
    }
}

/// Orders, failed, rate and times of a run.
fn row(outcome: &Outcome) -> String {
    let Outcome { latency, failed, .. } = outcome;
    format!("{} | {failed} | {:.0} | {}", latency.count, outcome.per_second(), times(latency))
}

fn times(quantiles: &Quantiles) -> String {
    let Quantiles { count: _, p50, p95, p99, max } = quantiles;
    format!("{p50:.1} | {p95:.1} | {p99:.1} | {max:.1}")
}

/// Says what the first failure was; below the table, as a row would break it.
fn complain(text: &mut String, outcome: &Outcome) {
    if let Some(failure) = &outcome.first_failure {
        line(text, format_args!("\n{} orders failed, the first: {failure}", outcome.failed));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
