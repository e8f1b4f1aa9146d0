//! From the configuration to a listening gateway, and its polite end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use runtime::{
    Peer, Runtime,
    identity_feed::{self, KeyStore},
    tokens::AccessTokenVerifier,
};
use tokio::{net::TcpListener, net::TcpStream, sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{App, Config, clients::Clients, limits::Limits, limits::PeerAddress, live, router};

/// A client gets so long for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// After an error of accept (out of file handles), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Closes a connection from within: put into each request, used by live streams
/// whose reader does not read.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// Cancel it to close the connection at once.
    pub close: CancellationToken,
}

/// Starts the gateway under the runtime's supervision; returns when it listens.
pub async fn run(config: Config, runtime: Runtime) -> anyhow::Result<()> {
    start(config, runtime).await.map(drop)
}

/// [`run`], and where it listens: the port may have been dealt by the system.
pub async fn start(config: Config, runtime: Runtime) -> anyhow::Result<(App, SocketAddr)> {
    let orders = runtime::grpc::channel(&config.order_service_url, Peer::OrderService, &runtime)?;
    let customers =
        runtime::grpc::channel(&config.customer_service_url, Peer::CustomerService, &runtime)?;
    let verifier = AccessTokenVerifier::new();
    let store = match &config.state_dir {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("EVERYTHING_STATE_DIR: create {}", folder.display()))?;
            KeyStore::file(folder.join("access-token-keys.json"))
        }
        // Nothing is kept: without customer-service this gateway believes nobody at first.
        None => KeyStore::new(async || Ok(None), async |_| Ok(())),
    };
    let _feed = identity_feed::start(&runtime, customers.clone(), verifier.clone(), store).await;
    let valkey = match &config.valkey_url {
        Some(url) => Some(runtime::valkey::connect(&runtime, url)?),
        None => None,
    };
    let limits = Limits::new(&config, valkey);
    let (listen, most) = (config.http_listen, config.connections);
    let clients = Clients::new(orders, customers);
    let draining = runtime.shutdown.draining().clone();
    let app = App::new(config, clients, verifier, limits, draining.clone());

    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("EVERYTHING_HTTP_LISTEN: listen on {listen}"))?;
    let address = listener.local_addr()?;
    let part = runtime.health.optional("order-service events");
    runtime.spawn(
        "live events",
        live::upstream::follow(app.hub().clone(), app.clients().clone(), part, draining.clone()),
    );
    runtime.spawn("http server", accept(listener, router::app(app.clone()), most, draining));
    runtime.health.started();
    tracing::info!(%address, url = app.config().public_url.as_str(), "serving pages and API");
    Ok((app, address))
}

/// Accepts until draining, at most `most` connections at once (others wait in the
/// system's queue), then lets those that are open end.
async fn accept(
    listener: TcpListener,
    router: Router,
    most: u32,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(most as usize));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let place = tokio::select! {
            () = draining.cancelled() => break,
            place = places.clone().acquire_owned() => place?,
        };
        let accepted = tokio::select! {
            () = draining.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, draining) = (router.clone(), draining.clone());
                connections.spawn(async move {
                    connection(stream, peer, router, draining).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    draining: CancellationToken,
) {
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    let handle = Connection::default();
    let close = handle.close.clone();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(peer));
        request.extensions_mut().insert(handle.clone());
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(32 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = close.cancelled() => return,
        () = draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = close.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
