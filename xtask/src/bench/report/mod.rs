//! The tables, in Markdown, with the aims beside what was measured.

mod costs;
mod doors;
mod pins;
mod starts;

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use super::{
    Phase, TYPICAL_CLIENTS,
    database::Pgbench,
    load::{Outcome, Quantiles},
};

pub(super) struct Report {
    /// Where the measured programs lie: tells a release build from others.
    programs: String,
    /// Sections in the order in which they are printed.
    sections: BTreeMap<Section, String>,
    /// What was aimed at, what was measured, and how that is.
    aims: Vec<(&'static str, String, Verdict)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Placing,
    Offered,
    Costs,
    Doors,
    Memory,
    Pins,
    Starts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Met,
    Short,
    /// It would be met, but so many orders failed or were missed.
    Lost(usize),
    NotMeasured,
}

impl Verdict {
    /// Of runs that lost so many orders or events: what was lost was not fast.
    fn of(met: bool, lost: usize) -> Self {
        match (met, lost) {
            (true, 0) => Self::Met,
            (true, lost) => Self::Lost(lost),
            (false, _) => Self::Short,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Met => "met".to_owned(),
            Self::Short => "**short**".to_owned(),
            Self::Lost(lost) => format!("**not met**: {lost} failed or missed"),
            Self::NotMeasured => "not measured".to_owned(),
        }
    }
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
        for (aim, measured, verdict) in &self.aims {
            line(&mut text, format_args!("| {aim} | {measured} | {} |", verdict.text()));
        }
        text
    }

    fn aim(&mut self, aim: &'static str, measured: String, verdict: Verdict) {
        self.aims.push((aim, measured, verdict));
    }

    pub(super) fn placing(
        &mut self,
        runs: &[(usize, Phase, Pgbench)],
        busy: &Outcome,
        backlog: f64,
    ) {
        let mut text = String::from(
            "\n## Placing an order until `queued`\n\nThrough REST, with Temporal frozen, beside \
             pgbench on the same server (`bench/order.sql`): the same writes in the same three \
             transactions on the client's way, events numbered in batches beside it by one more \
             client. Milliseconds. Transactions that wrote are counted by the ids that PostgreSQL \
             dealt; ours are also those of the cursor and the projections of Kafka.\n\n\
             | Clients | Program | Orders | Failed | Orders/s | p50 | p95 | p99 | most | Writing transactions/order | Ratio |\n\
             |--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for (clients, Phase { outcome, counts, .. }, pgbench) in runs {
            let Pgbench { per_second, latency, writes } = pgbench;
            let ratio = outcome.per_second() / per_second;
            let ours = counts.writes / outcome.latency.count.max(1) as f64;
            let row = row(outcome);
            line(
                &mut text,
                format_args!("| {clients} | everything | {row} | {ours:.1} | {ratio:.2} |"),
            );
            let (count, times_of) = (latency.count, times(latency));
            line(
                &mut text,
                format_args!(
                    "| {clients} | pgbench | {count} | 0 | {per_second:.0} | {times_of} | {writes:.1} | 1 |"
                ),
            );
            if *clients == TYPICAL_CLIENTS {
                self.aim(
                    "orders/s at 16 clients: at least half of pgbench's",
                    format!("{ratio:.2} of {per_second:.0}"),
                    Verdict::of(ratio >= 0.5, outcome.lost()),
                );
                let times = outcome.latency.p99 / latency.p99;
                self.aim(
                    "p99 at 16 clients: within 5 times pgbench's",
                    format!("{times:.1} times {:.0} ms", latency.p99),
                    Verdict::of(times <= 5.0, outcome.lost()),
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
        self.sections.insert(Section::Placing, text);
    }

    pub(super) fn offered(&mut self, everything: &Phase, paused: &Phase, backlog: f64) {
        let mut text = String::from(
            "\n## 20 orders a second, whether the ones before are queued or not\n\nMilliseconds \
             from the moment that an order was due to be sent; 63 phones and the counter listen. \
             Failed are orders, or events that never came.\n\n\
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
                ("until `placed` reaches the phone", events.phone, events.missed_by_phones),
                ("from the event's own moment to the counter", events.since_placed, events.missed),
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
        self.sections.insert(Section::Offered, text);
        let (on, off) = (everything.outcome.latency.p99, paused.outcome.latency.p99);
        self.aim(
            "p99 at 20 a second, everything on: at most double of Temporal frozen",
            format!("{:.2} times ({on:.0} ms, {off:.0} ms)", on / off),
            Verdict::of(on <= 2.0 * off, everything.outcome.lost() + paused.outcome.lost()),
        );
        if let Some(events) = everything.outcome.events {
            let (counter, phone) = (events.counter.p99, events.phone.p99);
            self.aim(
                "order placed → event at a listener, everything on: under 100 ms p99",
                format!("{counter:.0} ms at the counter, {phone:.0} ms at the phone"),
                Verdict::of(counter.max(phone) < 100.0, everything.outcome.lost()),
            );
        }
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

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn a_run_that_lost_something_meets_no_aim() {
        assert_eq!(Verdict::of(true, 0), Verdict::Met);
        assert_eq!(Verdict::of(true, 1), Verdict::Lost(1));
        assert_eq!(Verdict::of(false, 1), Verdict::Short);
        assert_ne!(Verdict::Lost(1).text(), Verdict::Met.text());
    }
}
