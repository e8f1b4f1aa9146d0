//! What a test's own thread says: log lines, and spans with all they tell.

use std::{
    io,
    sync::{Arc, Mutex},
};

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt};

/// Listens until it is dropped; for tests on one thread.
pub(crate) struct Heard {
    page: Page,
    _guard: DefaultGuard,
}

#[derive(Debug, Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Heard {
    pub(crate) fn begin() -> Self {
        let page = Page::default();
        let to = page.clone();
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || to.clone());
        let provider = SdkTracerProvider::builder().with_simple_exporter(page.clone()).build();
        let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let filter = || EnvFilter::new("info,customer_service=trace,runtime=trace,outbox=trace");
        let subscriber = tracing_subscriber::registry()
            .with(lines.with_filter(filter()))
            .with(spans.with_filter(filter()));
        Self { page, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// Everything so far; a span when it has ended.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.page.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpanExporter for Page {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend_from_slice(format!("{batch:?}\n").as_bytes());
        Ok(())
    }
}
