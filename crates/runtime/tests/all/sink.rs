//! A tiny collector: takes spans over OTLP gRPC, as the real one does, and
//! keeps them. It lives on a thread of its own for the whole test run, because
//! telemetry is set up once per process.

use std::{
    sync::{LazyLock, Mutex, mpsc},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    trace::v1::Span,
};
use runtime::Peer;
use tonic::{Request, Response, Status};

static SPANS: Mutex<Vec<Span>> = Mutex::new(Vec::new());

static STARTED: LazyLock<()> = LazyLock::new(|| {
    let (ready, wait) = mpsc::channel();
    thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut config = crate::config(Peer::OrderService);
            config.otlp_endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
            runtime::telemetry::init(Peer::OrderService, &config).unwrap();
            ready.send(()).unwrap();
            tonic::transport::Server::builder()
                .add_service(TraceServiceServer::new(Sink))
                .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener))
                .await
                .unwrap();
        });
    });
    wait.recv().unwrap();
});

struct Sink;

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        let scopes = resources.into_iter().flat_map(|resource| resource.scope_spans);
        SPANS.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

pub(crate) fn install() {
    LazyLock::force(&STARTED);
}

/// The spans of one trace that have arrived so far.
pub(crate) fn spans_of(trace: &str) -> Vec<Span> {
    let spans = SPANS.lock().unwrap();
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    spans.iter().filter(|span| hex(&span.trace_id) == trace).cloned().collect()
}
