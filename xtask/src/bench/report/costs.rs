//! What things take: memory, processor time, statements, disk.

use std::collections::BTreeMap;

use super::{Report, Section, Verdict, complain, line};
use crate::bench::{
    Idle, Phase,
    asking::Asking,
    database::Counts,
    process::{LAUNCHER, Memory},
    system::{PARTS, SERVICES},
};

impl Report {
    pub(in crate::bench) fn memory(&mut self, idle: &Idle, after: &BTreeMap<&'static str, Memory>) {
        let mut text = String::from(
            "\n## Memory and idling\n\nMiB; processor time of one core over 10 s. PSS deals what \
             several processes map out among them: the services, the launcher and its guards (one \
             for each part) are one program, and each bears a share of its text, so the services \
             would have more of it without the others. USS is what is nobody else's, RSS all that \
             is mapped, the shared text in full.\n\n\
             | Part | PSS, idle | PSS, after all load | USS, after | RSS, after | CPU, idle |\n\
             |---|--:|--:|--:|--:|--:|\n",
        );
        let of = |all: &BTreeMap<&'static str, Memory>, part: &str| {
            all.get(part).copied().unwrap_or_default()
        };
        let row = |text: &mut String, name: &str, idle: Memory, after: Memory, cpu: &str| {
            let Memory { pss, uss, rss } = after;
            line(
                text,
                format_args!(
                    "| {name} | {:.1} | {pss:.1} | {uss:.1} | {rss:.1} | {cpu} |",
                    idle.pss
                ),
            );
        };
        for part in PARTS.into_iter().chain([LAUNCHER]) {
            let cpu = 100.0 * idle.cpu.get(part).copied().unwrap_or_default();
            let (before, after) = (of(&idle.memory, part), of(after, part));
            row(&mut text, part, before, after, &format!("{cpu:.1} %"));
        }
        let three = |all| SERVICES.into_iter().map(|service| of(all, service)).sum::<Memory>();
        let (before, after) = (three(&idle.memory), three(after));
        row(&mut text, "the three services", before, after, "");
        let Counts { commits, writes, wal_bytes, fsyncs, wal_page_images: _ } = idle.per_second;
        line(
            &mut text,
            format_args!(
                "\nIdle, PostgreSQL sees {commits:.1} transactions a second, {writes:.1} of which \
                 write, {fsyncs:.1} fsyncs and {wal_bytes:.0} bytes of WAL."
            ),
        );
        self.sections.insert(Section::Memory, text);
        self.aim(
            "the three services after load: under 60 MiB of PSS",
            format!("{:.1} MiB (USS {:.1})", after.pss, after.uss),
            Verdict::of(after.pss < 60.0, 0),
        );
        let cpu = |service| 100.0 * idle.cpu.get(service).copied().unwrap_or_default();
        let most = SERVICES.into_iter().map(cpu).fold(0.0, f64::max);
        self.aim(
            "each service idle: under 1 % of a core",
            format!("{most:.1} % at most"),
            Verdict::of(most < 1.0, 0),
        );
    }

    fn costs_section(&mut self) -> &mut String {
        self.sections
            .entry(Section::Costs)
            .or_insert_with(|| "\n## What one order costs\n".to_owned())
    }

    /// What one order asks others for.
    pub(in crate::bench) fn asking(&mut self, asking: &Asking) {
        let Asking { outcome, counts, of, traced } = asking;
        let text = self.costs_section();
        let orders = outcome.latency.count;
        line(
            text,
            format_args!(
                "\n### What it asks others for\n\nOf {orders} orders of 16 clients with everything \
                 on, until Temporal was done with them, less what an idle system does; counted \
                 where no time is measured. SQL statements are counted by PostgreSQL: each is one \
                 round trip, as nothing is pipelined, `begin` and `commit` among them; preparing \
                 them once for each connection, and asking a rested connection whether it lives, \
                 come on top. Requests to Kafka and Temporal are not counted.\n\n\
                 | Process | SQL statements | WAL of these, bytes | gRPC calls | Valkey commands | fsyncs |\n\
                 |---|--:|--:|--:|--:|--:|"
            ),
        );
        for part in PARTS {
            let share = of.get(part).copied().unwrap_or_default();
            let asks = match (SERVICES.contains(&part), part) {
                (true, "server") => {
                    format!("| | | {:.1} | {:.1}", share.calls, share.valkey_commands)
                }
                (true, _) => format!(
                    "| {:.1} | {:.0} | {:.1} | {:.1}",
                    share.statements, share.wal_bytes, share.calls, share.valkey_commands
                ),
                (false, _) => "| | | |".to_owned(),
            };
            let fsyncs = match part {
                "postgres" => format!("{:.1}", share.fsyncs),
                _ if SERVICES.contains(&part) => String::new(),
                _ if *traced => format!("{:.1}", share.fsyncs),
                _ => "not measured".to_owned(),
            };
            line(text, format_args!("| {part} {asks} | {fsyncs} |"));
        }
        line(
            text,
            format_args!(
                "\nPostgreSQL counts its own fsyncs; those of the other engines are seen by strace, \
                 where it is installed and may look. What each process gives to the disk is not \
                 measured."
            ),
        );
        postgres(text, counts);
        complain(text, outcome);
    }

    /// What one order costs; called once for each run.
    pub(in crate::bench) fn costs(&mut self, name: &str, phase: &Phase) {
        let Phase { outcome, cpu, counts } = phase;
        let orders = outcome.latency.count.max(1) as f64;
        let text = self.costs_section();
        line(
            text,
            format_args!(
                "\n### {name}\n\nProcessor time until the last order is queued (what comes later, \
                 such as the rest of Temporal's work, is not in it); PostgreSQL's counts go on for \
                 another 11 s, and are less what an idle system does.\n\n\
                 | Process | CPU, ms |\n|---|--:|"
            ),
        );
        for part in PARTS.into_iter().chain([LAUNCHER]) {
            let cpu = 1e3 * cpu.get(part).copied().unwrap_or_default() / orders;
            line(text, format_args!("| {part} | {cpu:.2} |"));
        }
        let own = 1e3 * outcome.own_cpu_seconds / orders;
        line(text, format_args!("| (the load program) | {own:.2} |"));
        postgres(text, &counts.per(orders));
    }
}

/// PostgreSQL's counts per order.
fn postgres(text: &mut String, counts: &Counts) {
    let Counts { commits, writes, wal_bytes, wal_page_images, fsyncs } = counts;
    line(
        text,
        format_args!(
            "\nPostgreSQL, per order: {commits:.1} transactions, {writes:.1} of which write, \
             {fsyncs:.1} fsyncs, {wal_bytes:.0} bytes of WAL with {wal_page_images:.2} page images."
        ),
    );
}
