//! Spans, metrics and log lines. Spans leave by OTLP when an endpoint is
//! configured (without one they still exist, so that trace ids are in the log
//! and in the event log); metrics are read at /metrics; every log line within a
//! span carries its trace id. Names follow OpenTelemetry's semantic conventions.

mod export;
mod lines;

use std::{
    collections::HashMap,
    io::IsTerminal,
    sync::{LazyLock, OnceLock},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use opentelemetry::{
    Context, KeyValue,
    metrics::{Histogram, Meter, MeterProvider},
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, layer::SubscriberExt};
use wire::access::Peer;

use crate::config::{Config, LogFormat};

/// Bucket bounds, in seconds, of every duration: those that the semantic
/// conventions advise for HTTP, with two finer ones for a database next door.
pub const SECONDS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Spans waiting to be exported; more are dropped. Small: memory is dear.
const QUEUE: usize = 1024;
const BATCH: usize = 256;
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

static TRACES: OnceLock<SdkTracerProvider> = OnceLock::new();
static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
static PROPAGATOR: LazyLock<TraceContextPropagator> = LazyLock::new(TraceContextPropagator::new);

struct Metrics {
    registry: prometheus::Registry,
    provider: SdkMeterProvider,
}

impl Metrics {
    fn new() -> Self {
        let registry = prometheus::Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_scope_info()
            .without_target_info()
            .build();
        let provider = match exporter {
            Ok(exporter) => SdkMeterProvider::builder().with_reader(exporter).build(),
            Err(error) => {
                tracing::error!(%error, "metrics cannot be registered; there will be none");
                SdkMeterProvider::builder().build()
            }
        };
        opentelemetry::global::set_meter_provider(provider.clone());
        Self { registry, provider }
    }
}

/// Sets up logging and tracing for the process. A second call (tests start
/// several services in one process) changes nothing.
pub fn init(peer: Peer, config: &Config) -> anyhow::Result<()> {
    LazyLock::force(&METRICS);
    if TRACES.get().is_some() {
        return Ok(());
    }
    let resource = Resource::builder_empty()
        .with_attribute(KeyValue::new("service.namespace", "everything"))
        .with_attribute(KeyValue::new("service.name", peer.name()))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()))
        .build();
    let mut provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)));
    if let Some(endpoint) = &config.otlp_endpoint {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .context("EVERYTHING_OTLP_ENDPOINT")?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(Duration::from_secs(1))
            .build();
        provider = provider.with_span_processor(
            BatchSpanProcessor::builder(export::Telling::new(exporter))
                .with_batch_config(batches)
                .build(),
        );
    }
    let provider = provider.build();
    let filter = EnvFilter::try_new(&config.log)
        .context("EVERYTHING_LOG")?
        .add_directive("opentelemetry_otlp=error".parse()?);
    if TRACES.set(provider.clone()).is_err() {
        return Ok(());
    }
    opentelemetry::global::set_tracer_provider(provider.clone());
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("everything"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|data| data.is_span() && *data.level() <= Level::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .event_format(match config.log_format {
            LogFormat::Text => lines::Lines::Text,
            LogFormat::Json => lines::Lines::Json,
        })
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_filter(filter);
    let subscriber = tracing_subscriber::registry().with(spans).with(lines);
    // Somebody else's subscriber (a test's) stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Sends what still waits. Bounded by the exporter's timeout.
pub async fn flush() {
    let flushed =
        tokio::task::spawn_blocking(|| TRACES.get().map(|provider| provider.force_flush()));
    match tokio::time::timeout(EXPORT_TIMEOUT, flushed).await {
        Ok(Ok(None | Some(Ok(())))) => {}
        Ok(Ok(Some(Err(error)))) => tracing::debug!(%error, "last spans were lost"),
        Ok(Err(_)) | Err(_) => tracing::debug!("last spans were lost"),
    }
}

/// Where this process's instruments come from. Durations: use [`seconds`].
pub fn meter() -> Meter {
    METRICS.provider.meter("everything")
}

/// A histogram of durations in seconds with our buckets.
pub fn seconds(name: &'static str, description: &'static str) -> Histogram<f64> {
    meter()
        .f64_histogram(name)
        .with_description(description)
        .with_unit("s")
        .with_boundaries(SECONDS.to_vec())
        .build()
}

/// Everything measured so far, in Prometheus's text format.
pub fn metrics_text() -> String {
    prometheus::TextEncoder::new()
        .encode_to_string(&METRICS.registry.gather())
        .unwrap_or_else(|error| format!("# {error}\n"))
}

/// Seconds since a moment, for a histogram.
pub fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

/// W3C `traceparent` of the current span; `None` outside of any.
pub fn traceparent() -> Option<String> {
    let mut carrier = HashMap::new();
    PROPAGATOR.inject_context(&Context::current(), &mut carrier);
    carrier.remove("traceparent")
}

/// The current trace's id, 32 hex digits.
pub fn trace_id() -> Option<String> {
    let context = Context::current();
    let id = context.span().span_context().trace_id();
    (id != opentelemetry::TraceId::INVALID).then(|| id.to_string())
}

fn context_of(traceparent: &str) -> Context {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    PROPAGATOR.extract_with_context(&Context::new(), &carrier)
}

/// Makes `span`, which nobody has entered yet, the child of a span elsewhere.
pub fn set_parent(span: &Span, traceparent: Option<&str>) {
    if let Some(traceparent) = traceparent {
        let _ = span.set_parent(context_of(traceparent));
    }
}

/// Links `span` to a span elsewhere: one delivery of events of many traces.
pub fn link(span: &Span, traceparent: Option<&str>) {
    if let Some(traceparent) = traceparent {
        span.add_link(context_of(traceparent).span().span_context().clone());
    }
}

/// Makes `span` the child of the caller's span that `headers` name.
pub fn set_parent_from_headers(span: &Span, headers: &http::HeaderMap) {
    struct Headers<'a>(&'a http::HeaderMap);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }
        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(http::HeaderName::as_str).collect()
        }
    }
    let context = PROPAGATOR.extract_with_context(&Context::new(), &Headers(headers));
    if context.span().span_context().is_valid() {
        let _ = span.set_parent(context);
    }
}

/// Writes `traceparent` of a span into the headers of a call.
pub fn inject(span: &Span, headers: &mut http::HeaderMap) {
    struct Headers<'a>(&'a mut http::HeaderMap);
    impl Injector for Headers<'_> {
        fn set(&mut self, key: &str, value: String) {
            let name = http::HeaderName::try_from(key);
            if let (Ok(name), Ok(value)) = (name, http::HeaderValue::try_from(value)) {
                self.0.insert(name, value);
            }
        }
    }
    PROPAGATOR.inject_context(&span.context(), &mut Headers(headers));
}

/// Marks a span as failed, with a stable reason (a code, not a message).
pub fn failed(span: &Span, reason: &str) {
    span.set_attribute("error.type", reason.to_owned());
    span.set_status(opentelemetry::trace::Status::error(reason.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_goes_in_and_comes_out() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            assert_eq!(traceparent(), None);
            let span = tracing::info_span!("child");
            set_parent(&span, Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
            span.in_scope(|| {
                let ours = traceparent().unwrap();
                assert!(ours.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{ours}");
                assert!(!ours.contains("b7ad6b7169203331"), "{ours}");
                assert_eq!(trace_id().unwrap(), "0af7651916cd43dd8448eb211c80319c");
            });
            let mut headers = http::HeaderMap::new();
            inject(&span, &mut headers);
            assert!(headers.contains_key("traceparent"));
        });
    }

    #[test]
    fn what_is_measured_is_in_the_text() {
        seconds("test.walk.duration", "How long a walk takes.")
            .record(0.2, &[KeyValue::new("walk.name", "park")]);
        let text = metrics_text();
        assert!(text.contains("test_walk_duration_seconds_bucket"), "{text}");
        assert!(text.contains("walk_name=\"park\""), "{text}");
    }
}
