//! The gateway's own instruments; those of HTTP, gRPC and Valkey are the
//! runtime's.

use std::sync::LazyLock;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, UpDownCounter},
};
use runtime::telemetry;

static STREAMS: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    telemetry::meter()
        .i64_up_down_counter("everything.live.streams")
        .with_description("Live streams that are open.")
        .build()
});

static EVENTS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("everything.live.events")
        .with_description("Events sent to live streams.")
        .build()
});

static LATENESS: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::seconds("everything.live.event.lateness", "From an event to its sending.")
});

static RESETS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("everything.live.resets")
        .with_description("Listeners told to load everything again.")
        .build()
});

static SLOW: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("everything.live.slow_readers")
        .with_description("Listeners dropped because they did not read.")
        .build()
});

static UPSTREAM: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("everything.live.upstream_ends")
        .with_description("Times that the stream from order-service ended or was refused.")
        .build()
});

static REFRESHES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("everything.session.refreshes")
        .with_description("Token refreshes on behalf of pages, by outcome.")
        .build()
});

static LIMITED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("everything.requests.limited")
        .with_description("Requests refused because there were too many.")
        .build()
});

/// A listener sat down.
pub fn stream_opened() {
    STREAMS.add(1, &[]);
}

/// A listener left.
pub fn stream_closed() {
    STREAMS.add(-1, &[]);
}

/// An event went to a listener, so long after it happened.
pub fn event_sent(lateness: Option<chrono::TimeDelta>) {
    EVENTS.add(1, &[]);
    if let Some(lateness) = lateness {
        LATENESS.record(lateness.as_seconds_f64().max(0.0), &[]);
    }
}

/// A listener was told to load again.
pub fn reset_sent() {
    RESETS.add(1, &[]);
}

/// A listener was dropped.
pub fn slow_reader() {
    SLOW.add(1, &[]);
}

/// The stream from order-service ended.
pub fn upstream_ended() {
    UPSTREAM.add(1, &[]);
}

/// Tokens were refreshed, or not: `renewed`, `refused` or `unavailable`.
pub fn refreshed(outcome: &'static str) {
    REFRESHES.add(1, &[KeyValue::new("outcome", outcome)]);
}

/// A request was refused by the limits: of `requests` or `sign-ins`.
pub fn limited(kind: &'static str) {
    LIMITED.add(1, &[KeyValue::new("kind", kind)]);
}
