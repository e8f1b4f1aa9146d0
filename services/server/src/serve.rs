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
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    App, Config,
    clients::Clients,
    host::OwnAddress,
    limits::{Limits, PeerAddress},
    live,
    pages::trust::{House, Over},
    plain, router,
    tls::{self, Authority, Tls},
};

/// A client gets so long for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// And so long for TLS's handshake before it.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Beside HTTPS the plain door only shows the way: it takes no more at once.
const PLAIN_CONNECTIONS: u32 = 64;
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

/// A gateway that listens, and where: ports may have been dealt by the system.
#[derive(Debug, Clone)]
pub struct Listening {
    /// What its handlers reach.
    pub app: App,
    /// The pages; beside HTTPS the plain door.
    pub http: SocketAddr,
    /// The pages, where there is HTTPS of the gateway's own.
    pub https: Option<SocketAddr>,
}

/// [`run`], and what came of it.
pub async fn start(config: Config, runtime: Runtime) -> anyhow::Result<Listening> {
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
    identity_feed::start(&runtime, customers.clone(), verifier.clone(), store).await;
    let valkey = match &config.valkey_url {
        Some(url) => Some(runtime::valkey::connect(&runtime, url)?),
        None => None,
    };
    let limits = Limits::new(&config, valkey);
    let tls = config.https.listen.map(|_| Tls::open(&config)).transpose()?;
    let house = house(&config, tls.is_some())?;
    let clients = Clients::new(orders, customers);
    let draining = runtime.shutdown.draining().clone();
    let app = App::new(config, clients, verifier, limits, draining.clone());

    let listeners = Listeners::bind(app.config()).await?;
    let (http, https) = listeners.addresses()?;
    let part = runtime.health.optional("order-service events");
    runtime.spawn(
        "live events",
        live::upstream::follow(app.hub().clone(), app.clients().clone(), part, draining.clone()),
    );
    serve(&app, &runtime, listeners, house, tls);
    runtime.health.started();
    let url = app.config().public_url.as_str();
    tracing::info!(%http, https = https.map(|it| it.to_string()), url, "serving pages and API");
    Ok(Listening { app, http, https })
}

/// What `/trust` has to tell.
fn house(config: &Config, tls: bool) -> anyhow::Result<House> {
    let authority = config.https.authority.as_deref().map(Authority::read).transpose()?;
    let secure = config.public_url.is_secure();
    // "HTTPS only" is said of a name with all its ports, other programs' too: said
    // only where the name is served at the usual port, and never with an authority
    // that somebody may take off a phone again.
    let strict = tls && authority.is_none() && secure && config.public_url.port().is_none();
    let over = if secure { Over::Https } else { Over::PlainHttp };
    Ok(House { authority: authority.map(Arc::new), over, strict })
}

/// Both doors.
struct Listeners {
    http: TcpListener,
    https: Option<TcpListener>,
}

impl Listeners {
    async fn bind(config: &Config) -> anyhow::Result<Self> {
        let bind = async |name: &str, listen: SocketAddr| {
            let bound = TcpListener::bind(listen).await;
            bound.with_context(|| format!("{name}: listen on {listen}"))
        };
        let http = bind("EVERYTHING_HTTP_LISTEN", config.http_listen).await?;
        let https = match config.https.listen {
            Some(listen) => Some(bind("EVERYTHING_HTTPS_LISTEN", listen).await?),
            None => None,
        };
        Ok(Self { http, https })
    }

    fn addresses(&self) -> anyhow::Result<(SocketAddr, Option<SocketAddr>)> {
        let https = self.https.as_ref().map(TcpListener::local_addr).transpose()?;
        Ok((self.http.local_addr()?, https))
    }
}

/// Opens the doors: with HTTPS the pages are there, and the other only leads to it.
fn serve(app: &App, runtime: &Runtime, listeners: Listeners, house: House, tls: Option<Tls>) {
    let draining = app.draining().clone();
    let most = app.config().connections;
    let (Some(tls), Some(https)) = (tls, listeners.https) else {
        let door = Door { listener: listeners.http, tls: None, most };
        runtime.spawn("http server", accept(door, router::app(app.clone(), house), draining));
        return;
    };
    let outside = House { over: Over::PlainHttp, ..house.clone() };
    let plain = plain::router(app.clone(), outside, tls.shown.clone());
    let door = Door { listener: listeners.http, tls: None, most: PLAIN_CONNECTIONS };
    runtime.spawn("plain http server", accept(door, plain, draining.clone()));
    let door = Door { listener: https, tls: Some(tls.acceptor), most };
    let pages = router::app(app.clone(), house);
    runtime.spawn("https server", accept(door, pages, draining.clone()));
    let (name, every) = (app.config().public_url.host().to_owned(), app.config().https.check);
    let part = runtime.health.optional("certificate");
    runtime.spawn("certificate", tls::keep(tls.shown, name, every, part, draining));
}

/// A listener with what is behind it.
struct Door {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    /// Connections open at once.
    most: u32,
}

/// Accepts until draining, at most `most` connections at once (others wait in the
/// system's queue), then lets those that are open end.
async fn accept(door: Door, router: Router, draining: CancellationToken) -> anyhow::Result<()> {
    let Door { listener, tls, most } = door;
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
                let (router, tls, draining) = (router.clone(), tls.clone(), draining.clone());
                connections.spawn(async move {
                    let ends = Ends { peer, own: stream.local_addr().unwrap_or(peer) };
                    // Answers are small and waited for.
                    let _ = stream.set_nodelay(true);
                    match tls {
                        None => connection(stream, ends, router, draining).await,
                        Some(tls) => secured(stream, tls, ends, router, draining).await,
                    }
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

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
struct Ends {
    peer: SocketAddr,
    own: SocketAddr,
}

/// The handshake, within its time, and then as any other connection.
async fn secured(
    stream: TcpStream,
    tls: TlsAcceptor,
    ends: Ends,
    router: Router,
    draining: CancellationToken,
) {
    let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
    let stream = tokio::select! {
        () = draining.cancelled() => return,
        stream = handshake => stream,
    };
    match stream {
        Ok(Ok(stream)) => connection(stream, ends, router, draining).await,
        // A phone that does not trust says so by an alert: nothing to wake anybody for.
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ends: Ends,
    router: Router,
    draining: CancellationToken,
) {
    let handle = Connection::default();
    let close = handle.close.clone();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(ends.peer));
        request.extensions_mut().insert(OwnAddress(ends.own));
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
