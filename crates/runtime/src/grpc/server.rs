//! The serving side: every call passes one door, which gives it a span, knows
//! its method, admits its caller, and holds its deadline.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    pin::Pin,
    sync::LazyLock,
    task::{self, Poll},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, BodyStream, Empty, LengthLimitError, Limited, StreamBody};
use opentelemetry::{KeyValue, metrics::Histogram};
use tokio_util::sync::CancellationToken;
use tonic::{
    Status,
    body::Body,
    server::NamedService,
    service::{Routes, RoutesBuilder},
    transport::server::TcpIncoming,
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::{Layer, Service};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use wire::access;

use super::{
    Config,
    access::Guard,
    methods::{self, Method},
};
use crate::{AppError, Code, Runtime, deadline, telemetry, tokens::AccessTokenVerifier};

/// Calls at once on one connection; more wait.
const STREAMS: u32 = 256;
const KEEPALIVE: Duration = Duration::from_secs(20);

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::seconds("rpc.server.call.duration", "From a call's head to its answer's.")
});

/// A gRPC server of this service; add services, then bind.
pub fn server(runtime: &Runtime, config: &Config, verifier: AccessTokenVerifier) -> ServerBuilder {
    ServerBuilder {
        runtime: runtime.clone(),
        config: config.clone(),
        verifier,
        routes: Routes::builder(),
        names: BTreeSet::new(),
    }
}

/// See [`server`].
pub struct ServerBuilder {
    runtime: Runtime,
    config: Config,
    verifier: AccessTokenVerifier,
    routes: RoutesBuilder,
    names: BTreeSet<&'static str>,
}

impl ServerBuilder {
    /// Adds a generated server: `.add(OrderServiceServer::new(handlers))`.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a builder; nobody adds servers")]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.insert(S::NAME);
        self.routes.add_service(service);
        self
    }

    /// Opens the listener; refuses a service with a method that the access
    /// table does not name.
    pub fn bind(mut self) -> anyhow::Result<Bound> {
        for name in &self.names {
            let Some(paths) = methods::of_service(name) else {
                bail!("no contract in proto/ has the service {name}");
            };
            let open: Vec<_> = paths.iter().filter(|path| access::of(path).is_none()).collect();
            ensure!(open.is_empty(), "no rule in the access table for {open:?}");
        }
        let listener = std::net::TcpListener::bind(self.config.grpc_listen)
            .with_context(|| format!("EVERYTHING_GRPC_LISTEN: {}", self.config.grpc_listen))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?)
            .with_nodelay(Some(true));

        let reporter = HealthReporter::new();
        let health = tonic_health::server::HealthService::from_health_reporter(reporter.clone());
        self.routes.add_service(tonic_health::pb::health_server::HealthServer::new(health));
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(wire::DESCRIPTORS)
            .build_v1()
            .context("reflection")?;
        self.routes.add_service(reflection);
        let door = Door {
            guard: Guard {
                own: self.runtime.peer(),
                peers: self.runtime.peers.clone(),
                verifier: self.verifier,
            },
            usual: Duration::from_millis(self.config.grpc_deadline_ms),
            longest: Duration::from_millis(self.config.grpc_longest_ms),
            largest: self.config.grpc_message_bytes,
            draining: self.runtime.shutdown.draining().clone(),
        };
        let names = self.names.into_iter().collect();
        let routes = self.routes.routes().prepare();
        Ok(Bound { runtime: self.runtime, address, incoming, routes, door, reporter, names })
    }
}

/// A server whose port is open. Spawn `serve()` with the runtime.
pub struct Bound {
    runtime: Runtime,
    address: std::net::SocketAddr,
    incoming: TcpIncoming,
    routes: Routes,
    door: Door,
    reporter: HealthReporter,
    names: Vec<&'static str>,
}

impl Bound {
    pub const fn local_addr(&self) -> std::net::SocketAddr {
        self.address
    }

    /// Serves until the service drains; then ends streams, lets calls end, and returns.
    pub async fn serve(self) -> anyhow::Result<()> {
        let Self { runtime, address, incoming, routes, door, reporter, names } = self;
        tracing::info!(%address, services = names.join(" "), "serving gRPC");
        let draining = runtime.shutdown.draining().clone();
        let served = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE))
            .max_concurrent_streams(STREAMS)
            .http2_max_header_list_size(16 * 1024)
            .layer(door)
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, draining.cancelled_owned());
        let report = report_health(&runtime, &reporter, &names);
        tokio::select! {
            result = served => result.context("serve gRPC"),
            never = report => match never {},
        }
    }
}

/// Says over the gRPC health protocol what /readyz says.
async fn report_health(
    runtime: &Runtime,
    reporter: &HealthReporter,
    names: &[&'static str],
) -> Infallible {
    let mut ready = runtime.health.watch_ready();
    loop {
        let status = if *ready.borrow_and_update() {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for name in names.iter().chain([&""]) {
            reporter.set_service_status(name, status).await;
        }
        if ready.changed().await.is_err() {
            futures::future::pending::<()>().await;
        }
    }
}

#[derive(Debug, Clone)]
struct Door {
    guard: Guard,
    usual: Duration,
    longest: Duration,
    largest: usize,
    draining: CancellationToken,
}

impl<S> Layer<S> for Door {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { door: self.clone(), inner }
    }
}

#[derive(Debug, Clone)]
struct Guarded<S> {
    door: Door,
    inner: S,
}

type Answer = Result<http::Response<Body>, tonic::codegen::StdError>;

impl<S> Service<http::Request<Body>> for Guarded<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Error: Into<tonic::codegen::StdError>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = tonic::codegen::StdError;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if methods::is_open(path) {
            // Watching health is a stream, too.
            let (answer, draining) = (self.inner.call(request), self.door.draining.clone());
            return Box::pin(
                async move { Ok(end_when(draining, answer.await.map_err(Into::into)?)) },
            );
        }
        let Some(method) = methods::of(path) else {
            let unknown = Status::unimplemented("there is no such method");
            return Box::pin(async move { Ok(unknown.into_http()) });
        };
        let span = call_span(method, request.headers());
        let start = Instant::now();
        let admitted = span.in_scope(|| self.door.admit(method, request));
        let answer = admitted.map(|(request, budget)| (self.inner.call(request), budget));
        let draining = self.door.draining.clone();
        let inside = span.clone();
        let work = async move {
            let response = match answer {
                Err(status) => status.into_http(),
                Ok((answer, None)) => end_when(draining, answer.await.map_err(Into::into)?),
                Ok((answer, Some(budget))) => match deadline::within(budget, answer).await {
                    Ok(answer) => answer.map_err(Into::into)?,
                    Err(elapsed) => Status::from(AppError::from(elapsed)).into_http(),
                },
            };
            record(method, &inside, start, &response);
            Ok(response)
        };
        Box::pin(work.instrument(span))
    }
}

impl Door {
    /// The request with its caller, and its time; `None`: a stream.
    fn admit(
        &self,
        method: Method,
        mut request: http::Request<Body>,
    ) -> Result<(http::Request<Body>, Option<Duration>), Status> {
        let caller = self.guard.admit(method.rule, request.headers()).map_err(Status::from)?;
        let span = Span::current();
        span.set_attribute("peer.service", caller.peer.name());
        if let Some(person) = &caller.person {
            span.set_attribute("enduser.id", person.member.to_string());
        }
        let budget = (!method.streams).then(|| {
            let asked = super::client::timeout_of(request.headers()).map(a_little_less);
            asked.unwrap_or(self.usual).min(self.longest)
        });
        request.extensions_mut().insert(caller);
        let largest = self.largest;
        let limit = |body| Body::new(Limited::new(body, largest).map_err(body_status));
        Ok((request.map(limit), budget))
    }
}

fn body_status(error: tonic::codegen::StdError) -> Status {
    if error.is::<LengthLimitError>() {
        AppError::new(Code::PayloadTooLarge, "The request is too large.").into()
    } else {
        Status::from_error(error)
    }
}

/// So that our answer arrives before the caller gives up, and before tonic's
/// own timer, which knows no details.
fn a_little_less(asked: Duration) -> Duration {
    asked - (asked / 20).min(Duration::from_millis(50))
}

fn call_span(method: Method, headers: &http::HeaderMap) -> Span {
    let span = tracing::info_span!(
        "rpc.server",
        otel.name = method.name,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = method.name,
    );
    telemetry::set_parent_from_headers(&span, headers);
    span
}

fn record(method: Method, span: &Span, start: Instant, response: &http::Response<Body>) {
    let code = super::client::code_of(response.headers()).unwrap_or(tonic::Code::Ok);
    let name = super::client::code_name(code);
    span.set_attribute("rpc.response.status_code", name);
    if super::client::is_fault(code) {
        telemetry::failed(span, name);
    }
    let labels = [
        KeyValue::new("rpc.system.name", "grpc"),
        KeyValue::new("rpc.method", method.name),
        KeyValue::new("rpc.response.status_code", name),
    ];
    DURATION.record(telemetry::since(start), &labels);
}

/// Ends a stream politely when the service drains: with a status that says "try
/// another replica", after what is ready to be sent.
fn end_when(draining: CancellationToken, response: http::Response<Body>) -> http::Response<Body> {
    response.map(|body| {
        let frames = stream::unfold(Some(BodyStream::new(body)), move |frames| {
            let draining = draining.clone();
            async move {
                let mut frames = frames?;
                tokio::select! {
                    biased;
                    frame = frames.next() => Some((frame?, Some(frames))),
                    () = draining.cancelled() => {
                        let last = Empty::new().with_trailers(futures::future::ready(Some(Ok(moved_on()))));
                        Some((BodyStream::new(last).next().await?.map_err(never), None))
                    }
                }
            }
        });
        Body::new(StreamBody::new(frames))
    })
}

fn never(never: Infallible) -> Status {
    match never {}
}

fn moved_on() -> http::HeaderMap {
    let status = http::HeaderValue::from(tonic::Code::Unavailable as i32);
    http::HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), status)])
}
