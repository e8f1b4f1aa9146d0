//! The calling side: a channel that proves who we are, has a deadline for
//! everything, and takes the trace along.

use std::{
    pin::Pin,
    sync::LazyLock,
    task::{self, Poll},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use opentelemetry::{KeyValue, metrics::Histogram};
use tonic::{Code, Status, body::Body, transport::Endpoint};
use tower::{Service, ServiceExt};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use wire::access::Peer;

use super::methods;
use crate::{Runtime, deadline, telemetry, tokens::Credentials};

/// What a call gets that sets no timeout of its own.
const USUAL: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(2);
const TIMEOUT: &str = "grpc-timeout";

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::seconds("rpc.client.call.duration", "From a call to its whole answer.")
});

/// A channel to one service; give it to a generated client. Cheap to clone.
#[derive(Clone)]
pub struct Channel {
    inner: tonic::transport::Channel,
    credentials: Credentials,
    audience: Peer,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Channel({})", self.audience.name())
    }
}

/// A channel that connects when it is first used, and again whenever needed.
/// `url` is like "http://order-service:50051".
pub fn channel(url: &str, audience: Peer, runtime: &Runtime) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .with_context(|| format!("{url} is not a URL such as http://host:50051"))?
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .user_agent(format!("everything/{}", runtime.peer().name()))?;
    Ok(Channel {
        inner: endpoint.connect_lazy(),
        credentials: runtime.credentials.clone(),
        audience,
    })
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Status>> {
        // Waiting for the connection is part of the call, within its deadline.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let method = methods::of(request.uri().path());
        let name = method.map_or("_OTHER", |method| method.name);
        let streams = method.is_some_and(|method| method.streams);
        let span = tracing::info_span!(
            "rpc.client",
            otel.name = name,
            otel.kind = "client",
            rpc.system.name = "grpc",
            rpc.method = name,
            peer.service = self.audience.name(),
        );
        let asked = timeout_of(request.headers()).unwrap_or(USUAL);
        let budget = deadline::remaining().map_or(asked, |left| left.min(asked));
        let start = Instant::now();
        if let Err(status) =
            self.prepare(request.headers_mut(), &span, (!streams).then_some(budget))
        {
            return Box::pin(async move { Err(status) });
        }
        let mut inner = self.inner.clone();
        let inside = span.clone();
        let work = async move {
            let called = async {
                let response = inner.ready().await.map_err(status)?.call(request).await;
                let response = response.map_err(status)?;
                // A whole answer, or none: its last byte has the same deadline.
                if streams { Ok(response) } else { whole(response).await }
            };
            let result = match tokio::time::timeout(budget, called).await {
                // tonic's own timer on the other side names it so.
                Ok(Ok(response))
                    if code_of(response.headers()) == Some(Code::Cancelled)
                        && start.elapsed() + budget / 10 >= budget =>
                {
                    Err(Status::deadline_exceeded("no answer in time"))
                }
                Ok(result) => result,
                Err(_) => Err(Status::deadline_exceeded("no answer in time")),
            };
            record(name, &inside, start, &result);
            result
        };
        Box::pin(work.instrument(span))
    }
}

impl Channel {
    fn prepare(
        &self,
        headers: &mut HeaderMap,
        span: &Span,
        budget: Option<Duration>,
    ) -> Result<(), Status> {
        let token = self.credentials.token_for(self.audience);
        let token = token.map_err(|_| Status::internal("cannot sign a service token"))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Status::internal("cannot write a service token"))?;
        bearer.set_sensitive(true);
        headers.insert(http::header::AUTHORIZATION, bearer);
        let timeout = HeaderName::from_static(TIMEOUT);
        match budget {
            Some(budget) => {
                // At most 8 digits; microseconds hold 99 s.
                let micros = budget.as_micros().clamp(1, 99_999_999);
                let value = HeaderValue::try_from(format!("{micros}u"));
                headers.insert(timeout, value.map_err(|_| Status::internal("timeout"))?);
            }
            None => {
                headers.remove(timeout);
            }
        }
        telemetry::inject(span, headers);
        Ok(())
    }
}

async fn whole(response: http::Response<Body>) -> Result<http::Response<Body>, Status> {
    let (head, body) = response.into_parts();
    let body = body.collect().await?;
    Ok(http::Response::from_parts(head, Body::new(body)))
}

fn status(error: tonic::transport::Error) -> Status {
    let timed_out = is_timeout(&error);
    let status = Status::from_error(Box::new(error));
    match status.code() {
        // tonic has a timer on `grpc-timeout` of its own and names it so.
        Code::Cancelled if timed_out => Status::deadline_exceeded(status.message()),
        // A connection that was lost, before the call was under way or in it.
        Code::Cancelled | Code::Unknown => Status::unavailable(status.message()),
        _ => status,
    }
}

fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .any(|error| error.is::<tonic::TimeoutExpired>())
}

fn record(
    name: &'static str,
    span: &Span,
    start: Instant,
    result: &Result<http::Response<Body>, Status>,
) {
    let code = match result {
        Ok(response) => code_of(response.headers()).unwrap_or(Code::Ok),
        Err(status) => status.code(),
    };
    let code_name = code_name(code);
    span.set_attribute("rpc.response.status_code", code_name);
    if code != Code::Ok {
        telemetry::failed(span, code_name);
    }
    let labels = [
        KeyValue::new("rpc.system.name", "grpc"),
        KeyValue::new("rpc.method", name),
        KeyValue::new("rpc.response.status_code", code_name),
    ];
    DURATION.record(telemetry::since(start), &labels);
}

/// The status in an answer's head: there when nothing else follows.
pub(super) fn code_of(headers: &HeaderMap) -> Option<Code> {
    Some(Code::from_bytes(headers.get("grpc-status")?.as_bytes()))
}

/// The caller's `grpc-timeout`.
pub(super) fn timeout_of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

/// Codes that are the server's own fault, by the semantic conventions.
pub(super) const fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

pub(super) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
