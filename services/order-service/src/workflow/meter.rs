//! What the Temporal SDK counts, on our own meter: among it
//! `temporal_workflow_task_execution_failed`, a workflow that cannot go on (it
//! panicked, or its input cannot be read) while the others do. Its histograms
//! are left out: they would cost more memory than they tell.

use std::{collections::HashMap, error::Error, sync::Arc, time::Duration};

use opentelemetry::{KeyValue, metrics as otel};
use temporalio_common::telemetry::metrics::{
    CoreMeter, Counter, CounterBase, Gauge, GaugeBase, GaugeF64, GaugeF64Base, Histogram,
    HistogramBase, HistogramDuration, HistogramDurationBase, HistogramF64, HistogramF64Base,
    MetricAttributable, MetricAttributes, MetricParameters, NewAttributes, UpDownCounter,
    UpDownCounterBase,
};

/// Hands the SDK's counters and gauges on.
#[derive(Debug, Clone)]
pub(super) struct Meter(pub(super) otel::Meter);

impl CoreMeter for Meter {
    fn new_attributes(&self, new: NewAttributes) -> MetricAttributes {
        MetricAttributes::NoOp(Arc::new(new.into()))
    }

    fn extend_attributes(
        &self,
        existing: MetricAttributes,
        new: NewAttributes,
    ) -> MetricAttributes {
        let mut all = match existing {
            MetricAttributes::NoOp(before) => before.as_ref().clone(),
            _ => HashMap::new(),
        };
        all.extend(HashMap::from(new));
        MetricAttributes::NoOp(Arc::new(all))
    }

    fn counter(&self, params: MetricParameters) -> Counter {
        let builder = self.0.u64_counter(params.name).with_description(params.description);
        Counter::new(Arc::new(Instrument(builder.build())))
    }

    fn gauge(&self, params: MetricParameters) -> Gauge {
        let builder = self.0.u64_gauge(params.name).with_description(params.description);
        Gauge::new(Arc::new(Instrument(builder.build())))
    }

    fn gauge_f64(&self, params: MetricParameters) -> GaugeF64 {
        let builder = self.0.f64_gauge(params.name).with_description(params.description);
        GaugeF64::new(Arc::new(Instrument(builder.build())))
    }

    fn up_down_counter(&self, params: MetricParameters) -> UpDownCounter {
        let builder = self.0.i64_up_down_counter(params.name).with_description(params.description);
        UpDownCounter::new(Arc::new(Instrument(builder.build())))
    }

    fn histogram(&self, _: MetricParameters) -> Histogram {
        Histogram::new(Arc::new(Nothing))
    }

    fn histogram_f64(&self, _: MetricParameters) -> HistogramF64 {
        HistogramF64::new(Arc::new(Nothing))
    }

    fn histogram_duration(&self, _: MetricParameters) -> HistogramDuration {
        HistogramDuration::new(Arc::new(Nothing))
    }
}

struct Instrument<T>(T);

struct Bound<T>(T, Vec<KeyValue>);

struct Nothing;

fn attributes(of: &MetricAttributes) -> Vec<KeyValue> {
    match of {
        MetricAttributes::NoOp(all) => {
            all.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect()
        }
        _ => vec![],
    }
}

impl<T: Clone> Instrument<T> {
    fn bind(&self, attribs: &MetricAttributes) -> Bound<T> {
        Bound(self.0.clone(), attributes(attribs))
    }
}

macro_rules! instruments {
    ($($instrument:ty, $base:ident, $method:ident, $value:ty, $record:ident;)*) => {$(
        impl MetricAttributable<Box<dyn $base>> for Instrument<$instrument> {
            fn with_attributes(
                &self,
                attributes: &MetricAttributes,
            ) -> Result<Box<dyn $base>, Box<dyn Error>> {
                Ok(Box::new(self.bind(attributes)))
            }
        }

        impl $base for Bound<$instrument> {
            fn $method(&self, value: $value) {
                self.0.$record(value, &self.1);
            }
        }
    )*};
}

instruments! {
    otel::Counter<u64>, CounterBase, adds, u64, add;
    otel::Gauge<u64>, GaugeBase, records, u64, record;
    otel::Gauge<f64>, GaugeF64Base, records, f64, record;
    otel::UpDownCounter<i64>, UpDownCounterBase, adds, i64, add;
}

macro_rules! nothing {
    ($($base:ident, $value:ty;)*) => {$(
        impl MetricAttributable<Box<dyn $base>> for Nothing {
            fn with_attributes(
                &self,
                _: &MetricAttributes,
            ) -> Result<Box<dyn $base>, Box<dyn Error>> {
                Ok(Box::new(Self))
            }
        }

        impl $base for Nothing {
            fn records(&self, _: $value) {}
        }
    )*};
}

nothing! {
    HistogramBase, u64;
    HistogramF64Base, f64;
    HistogramDurationBase, Duration;
}
