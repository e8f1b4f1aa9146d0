//! The admin listener: /livez, /readyz and /metrics, apart from what people reach.

use std::{io, net::SocketAddr};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Health, telemetry};

pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

pub(crate) async fn serve(listener: TcpListener, health: Health, until: CancellationToken) {
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health);
    let served = axum::serve(listener, router).into_future();
    tokio::select! {
        result = served => if let Err(error) = result {
            tracing::error!(%error, "admin listener ended");
        },
        () = until.cancelled() => {}
    }
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let report = health.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report))
}

async fn metrics() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        telemetry::metrics_text(),
    )
}
