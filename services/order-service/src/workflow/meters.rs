//! What the workflow's side of this service counts.

use std::time::Instant;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram},
};

/// The instruments; cheap to clone.
#[derive(Debug, Clone)]
pub struct Meters {
    steps: Counter<u64>,
    step_duration: Histogram<f64>,
    signals: Counter<u64>,
    set_aside: Counter<u64>,
    swept: Counter<u64>,
    overdue: Gauge<u64>,
}

impl Meters {
    pub(super) fn new() -> Self {
        let meter = runtime::telemetry::meter();
        Self {
            steps: meter
                .u64_counter("everything.workflow.steps")
                .with_description("Steps of orders' workflows, by step and outcome.")
                .build(),
            step_duration: runtime::telemetry::seconds(
                "everything.workflow.step.duration",
                "How long one attempt of a workflow's step took.",
            ),
            signals: meter
                .u64_counter("everything.workflow.signals")
                .with_description("Times that an order's workflow was told to look, by outcome.")
                .build(),
            set_aside: meter
                .u64_counter("everything.workflow.set_aside")
                .with_description("Orders whose workflow could not be told, left to the sweep.")
                .build(),
            swept: meter
                .u64_counter("everything.workflow.swept")
                .with_description("Overdue orders whose workflow the sweep told to look.")
                .build(),
            overdue: meter
                .u64_gauge("everything.workflow.overdue")
                .with_description("Orders past their due time at the last sweep.")
                .build(),
        }
    }

    pub(super) fn step(&self, step: &'static str, outcome: &'static str, start: Instant) {
        self.steps.add(1, &[KeyValue::new("step", step), KeyValue::new("outcome", outcome)]);
        let labels = [KeyValue::new("step", step)];
        self.step_duration.record(runtime::telemetry::since(start), &labels);
    }

    pub(super) fn signalled(&self, outcome: &'static str) {
        self.signals.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    pub(super) fn set_aside(&self) {
        self.set_aside.add(1, &[]);
    }

    pub(super) fn swept(&self, overdue: usize, told: u64) {
        self.overdue.record(overdue as u64, &[]);
        self.swept.add(told, &[]);
    }
}
