//! The load program, `bench/`: what it is asked and what it answers.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::system::System;

/// Milliseconds, or what its place says, that so much of a hundred stayed within.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(from = "Vec<f64>")]
pub(super) struct Quantiles {
    pub(super) count: usize,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl From<Vec<f64>> for Quantiles {
    /// Of all values, in no order: exact, nothing is put into buckets.
    fn from(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied().unwrap_or_default()
        };
        Self { count: values.len(), p50: at(50), p95: at(95), p99: at(99), max: at(100) }
    }
}

/// How late the `placed` events of orders came.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    /// At the counter, since the order was due to be sent.
    pub(super) counter: Quantiles,
    /// At the phone of who ordered, since the same moment.
    pub(super) phone: Quantiles,
    /// At the counter, since the moment that the event itself names.
    pub(super) since_placed: Quantiles,
    /// Orders that were placed and never reached the counter, or the phone of who ordered.
    pub(super) missed: usize,
    pub(super) missed_by_phones: usize,
}

/// What a run came to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    /// Until queued.
    pub(super) latency: Quantiles,
    pub(super) failed: usize,
    pub(super) first_failure: Option<String>,
    pub(super) seconds: f64,
    pub(super) events: Option<Events>,
    pub(super) own_cpu_seconds: f64,
}

impl Outcome {
    pub(super) fn per_second(&self) -> f64 {
        self.latency.count as f64 / self.seconds
    }

    /// Orders that failed, and events that were missed.
    pub(super) fn lost(&self) -> usize {
        self.failed + self.events.map_or(0, |it| it.missed + it.missed_by_phones)
    }
}

/// Microseconds that verifying took.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verified {
    pub(super) gateway_first: Quantiles,
    pub(super) gateway_again: Quantiles,
    pub(super) service_first: Quantiles,
    pub(super) service_again: Quantiles,
}

/// The load program with the access tokens of its members.
pub(super) struct Load {
    program: PathBuf,
    tokens: PathBuf,
}

impl Load {
    pub(super) fn new(programs: &Path, data: &Path) -> Self {
        Self { program: programs.join("bench"), tokens: data.with_file_name("tokens.json") }
    }

    fn command(&self, system: &System, run: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([run, "--url", &system.url(), "--tokens"]).arg(&self.tokens);
        command.stdin(Stdio::null());
        command
    }

    /// Access tokens for everybody, for the next quarter of an hour.
    pub(super) fn sign_in(&self, system: &System, members: usize) -> Result<()> {
        let mut command = self.command(system, "sign-in");
        command.args(["--members", &members.to_string(), "--data"]).arg(system.data());
        if !command.status().context("start the load program")?.success() {
            bail!("the members cannot be made and signed in");
        }
        Ok(())
    }

    pub(super) fn closed(&self, system: &System, clients: usize, orders: usize) -> Result<Outcome> {
        let mut command = self.command(system, "closed");
        command.args(["--clients", &clients.to_string(), "--orders", &orders.to_string()]);
        self.answer(command.stdout(Stdio::piped()).spawn()?)
    }

    pub(super) fn open(&self, system: &System, per_second: f64, seconds: f64) -> Result<Outcome> {
        let mut command = self.command(system, "open");
        command.args(["--per-second", &per_second.to_string()]);
        command.args(["--seconds", &seconds.to_string()]);
        self.answer(command.stdout(Stdio::piped()).spawn()?)
    }

    /// Verifies tokens; needs no running system.
    pub(super) fn verify(&self) -> Result<Verified> {
        let output = Command::new(&self.program).arg("verify").output()?;
        if !output.status.success() {
            bail!("verifying failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).context("read what verifying took")
    }

    /// Tries from now on; ask [`Load::answer`] for when it succeeded.
    pub(super) fn begin_first(&self, system: &System) -> Result<Child> {
        Ok(self.command(system, "first").stdout(Stdio::piped()).spawn()?)
    }

    pub(super) fn answer(&self, child: Child) -> Result<Outcome> {
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("the load program failed");
        }
        let outcome: Outcome =
            serde_json::from_slice(&output.stdout).context("read the load program's answer")?;
        if outcome.latency.count == 0 {
            bail!("no order was queued: {}", outcome.first_failure.unwrap_or_default());
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_least_value_that_so_many_stay_within() {
        let of = |values: &[u32]| {
            Quantiles::from(values.iter().copied().map(f64::from).collect::<Vec<_>>())
        };
        let hundred = of(&(1..=100).rev().collect::<Vec<_>>());
        let found = [hundred.p50, hundred.p95, hundred.p99, hundred.max];
        assert_eq!(found, [50.0, 95.0, 99.0, 100.0]);
        assert_eq!((of(&[7]).p50, of(&[7]).p99), (7.0, 7.0));
        assert_eq!(of(&[]).count, 0);
    }
}
