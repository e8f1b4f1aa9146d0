//! The outside's telemetry: a tower layer that gives each HTTP request a server
//! span and its duration a place in `http.server.request.duration`, by route.
//! Put it on with `Router::layer`, after the routes, so that it knows the route.

use std::{
    pin::Pin,
    sync::LazyLock,
    task::{self, Poll},
    time::Instant,
};

use axum::extract::MatchedPath;
use opentelemetry::{KeyValue, metrics::Histogram};
use tower::{Layer, Service};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::telemetry;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::seconds("http.server.request.duration", "From a request's head to its answer's.")
});

/// The layer; see the module.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telemetry;

impl<S> Layer<S> for Telemetry {
    type Service = TelemetryService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TelemetryService { inner }
    }
}

/// What [`Telemetry`] makes of a service.
#[derive(Debug, Clone)]
pub struct TelemetryService<S> {
    inner: S,
}

impl<S, B, R> Service<http::Request<B>> for TelemetryService<S>
where
    S: Service<http::Request<B>, Response = http::Response<R>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    R: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
        let method = method_name(request.method());
        let span = request_span(method, &route, &request);
        let start = Instant::now();
        let response = self.inner.call(request);
        let inside = span.clone();
        let future = async move {
            let result = response.await;
            let status = result.as_ref().map_or(500, |response| response.status().as_u16());
            inside.set_attribute("http.response.status_code", i64::from(status));
            if status >= 500 {
                telemetry::failed(&inside, &status.to_string());
            }
            let labels = [
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route),
                KeyValue::new("http.response.status_code", i64::from(status)),
            ];
            DURATION.record(telemetry::since(start), &labels);
            result
        };
        Box::pin(future.instrument(span))
    }
}

fn request_span<B>(method: &'static str, route: &str, request: &http::Request<B>) -> Span {
    let span = tracing::info_span!(
        "http.server",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
    );
    telemetry::set_parent_from_headers(&span, request.headers());
    span
}

/// Methods by their standard names; anything else is one label, not many.
fn method_name(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, routing::get};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_request_is_measured_by_its_route_and_never_by_its_path() {
        let router: Router = Router::new()
            .route("/orders/{id}", get(|| async { "here" }))
            .fallback(|| async { http::StatusCode::NOT_FOUND })
            .layer(Telemetry);
        for path in ["/orders/ord_1", "/sign-in/a-secret"] {
            let request = http::Request::get(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
        }
        let text = telemetry::metrics_text();
        let counts: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("http_server_request_duration_seconds_count"))
            .collect();
        let has = |route: &str, status: &str| {
            counts.iter().any(|line| {
                line.contains(&format!("http_route=\"{route}\""))
                    && line.contains(&format!("http_response_status_code=\"{status}\""))
            })
        };
        assert!(has("/orders/{id}", "200") && has("(none)", "404"), "{counts:?}");
        assert!(!text.contains("a-secret"), "{text}");
    }
}
