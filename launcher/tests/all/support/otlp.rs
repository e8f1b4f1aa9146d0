//! A tiny collector: takes spans over OTLP gRPC, as the real one does, and keeps
//! them until it is dropped.

use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

pub(crate) use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

/// A span, and the service that it is of.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) service: String,
    pub(crate) span: Span,
}

impl Seen {
    pub(crate) fn is(&self, service: &str, kind: SpanKind, name: &str) -> bool {
        self.service == service && self.span.kind() == kind && self.span.name == name
    }

    /// An attribute that is a text.
    pub(crate) fn attribute(&self, key: &str) -> Option<&str> {
        text(&self.span.attributes, key)
    }
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The running collector.
pub(crate) struct Collector {
    /// For `EVERYTHING_OTLP_ENDPOINT`.
    pub(crate) url: String,
    sink: Sink,
    /// Dropping it ends the collector.
    _tokio: tokio::runtime::Runtime,
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<Seen>>>);

impl Collector {
    pub(crate) fn start() -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = tokio.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sink = Sink::default();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(sink.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio.spawn(server);
        Self { url, sink, _tokio: tokio }
    }

    /// What has arrived so far.
    pub(crate) fn spans(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.sink.0.lock().unwrap()
    }
}

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut seen = self.0.lock().unwrap();
        for of_one in request.into_inner().resource_spans {
            let resource = of_one.resource.unwrap_or_default();
            let service = text(&resource.attributes, "service.name").unwrap_or_default();
            let spans = of_one.scope_spans.into_iter().flat_map(|scope| scope.spans);
            seen.extend(spans.map(|span| Seen { service: service.to_owned(), span }));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
