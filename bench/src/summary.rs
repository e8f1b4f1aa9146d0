//! What a run came to.

use std::time::Duration;

use anyhow::Result;
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};
use serde::Serialize;

/// How late the `placed` events of orders came, in milliseconds, one value each.
#[derive(Debug, Serialize)]
pub(crate) struct Events {
    /// At the counter, since the order was due to be sent.
    pub(crate) counter: Vec<f64>,
    /// At the phone of who ordered, since the same moment.
    pub(crate) phone: Vec<f64>,
    /// At the counter, since the moment that the event itself names.
    pub(crate) since_placed: Vec<f64>,
    /// Of the orders that were placed, those that the counter did not hear of.
    pub(crate) missed: usize,
    /// And those that the phone of who ordered did not.
    pub(crate) missed_by_phones: usize,
}

/// Printed as one line of JSON, with every single value.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    /// Milliseconds until queued, of each order that was.
    pub(crate) latency: Vec<f64>,
    pub(crate) failed: usize,
    pub(crate) first_failure: Option<String>,
    pub(crate) seconds: f64,
    pub(crate) events: Option<Events>,
    /// Of this program: it shares the machine with what it measures.
    pub(crate) own_cpu_seconds: f64,
}

/// Collects what single orders came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    latency: Vec<f64>,
    failed: usize,
    first_failure: Option<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, took: Duration, result: Result<()>) {
        match result {
            Ok(()) => self.latency.push(milliseconds(took)),
            Err(error) => {
                self.failed += 1;
                self.first_failure.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }

    pub(crate) fn outcome(self, took: Duration, events: Option<Events>) -> Result<Outcome> {
        let Self { latency, failed, first_failure } = self;
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let used = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        let own_cpu_seconds = used as f64 / 1e6;
        let seconds = took.as_secs_f64();
        Ok(Outcome { latency, failed, first_failure, seconds, events, own_cpu_seconds })
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
