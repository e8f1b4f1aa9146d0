//! The exporter of spans, which says once when the collector goes and once when
//! it is back, instead of with each batch.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::metrics::Counter;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

/// Wraps the real exporter.
#[derive(Debug)]
pub(super) struct Telling<E> {
    inner: E,
    away: AtomicBool,
    lost: Counter<u64>,
}

impl<E> Telling<E> {
    pub(super) fn new(inner: E) -> Self {
        let lost = super::meter()
            .u64_counter("telemetry.spans.lost")
            .with_description("Spans that the collector did not take.")
            .build();
        Self { inner, away: AtomicBool::new(false), lost }
    }
}

impl<E: SpanExporter> SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        match self.inner.export(batch).await {
            Ok(()) => {
                if self.away.swap(false, Ordering::Relaxed) {
                    tracing::info!("the collector takes our spans again");
                }
            }
            Err(error) => {
                self.lost.add(count, &[]);
                if !self.away.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the collector does not take our spans");
                }
            }
        }
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
