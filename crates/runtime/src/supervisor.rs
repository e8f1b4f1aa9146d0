//! The runtime of one service: its supervised tasks and its way to the end.

use std::{fmt, panic::AssertUnwindSafe, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use futures::FutureExt;
use tokio_util::task::TaskTracker;
use wire::access::Peer;

use crate::{
    Config, Health, Shutdown, admin, telemetry,
    tokens::{Credentials, PeerKeys},
};

/// What is left for tasks that were told to stop before the process goes.
const LAST_GRACE: Duration = Duration::from_millis(500);

/// Exit codes: 0 left in order, 1 something broke, 2 bad configuration (clap),
/// 3 work was cut off because it did not end in time.
const CUT_OFF: u8 = 3;

/// Cheap to clone; every clone is the same service.
#[derive(Clone)]
pub struct Runtime {
    /// The way to the end.
    pub shutdown: Shutdown,
    /// What this service reports of itself.
    pub health: Health,
    /// How this service proves itself to others.
    pub credentials: Credentials,
    /// Whom this service believes.
    pub peers: PeerKeys,
    inner: Arc<Inner>,
}

struct Inner {
    peer: Peer,
    tasks: TaskTracker,
    /// Signals and the admin listener: they outlive the draining.
    own: TaskTracker,
    admin: std::net::SocketAddr,
    pre_stop: Duration,
    drain: Duration,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("peer", &self.inner.peer).finish_non_exhaustive()
    }
}

/// Starts what every service has: telemetry, the admin listener, signals.
/// Call it within a tokio runtime.
pub fn start(peer: Peer, config: &Config) -> anyhow::Result<Runtime> {
    telemetry::init(peer, config)?;
    let credentials =
        Credentials::from_text(peer, &config.service_key).context("EVERYTHING_SERVICE_KEY")?;
    let peers = PeerKeys::parse(&config.peer_keys).context("EVERYTHING_PEER_KEYS")?;
    let shutdown = Shutdown::new();
    let health = Health::new();
    let own = TaskTracker::new();
    let listener = admin::listen(config.admin_listen)
        .with_context(|| format!("EVERYTHING_ADMIN_LISTEN: listen on {}", config.admin_listen))?;
    let admin = listener.local_addr()?;
    own.spawn(admin::serve(listener, health.clone(), shutdown.stopped().clone()));
    own.spawn(heed_signals(shutdown.clone())?);
    tracing::info!(service = peer.name(), %admin, "started");
    let inner = Arc::new(Inner {
        peer,
        tasks: TaskTracker::new(),
        own,
        admin,
        pre_stop: Duration::from_secs(config.pre_stop_seconds),
        drain: Duration::from_secs(config.drain_seconds),
    });
    Ok(Runtime { shutdown, health, credentials, peers, inner })
}

fn heed_signals(shutdown: Shutdown) -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
                () = shutdown.stopped().cancelled() => "",
            }
        };
        match next().await {
            "" => return,
            signal => tracing::info!(signal, "was told to stop"),
        }
        shutdown.request();
        match next().await {
            "" => {}
            signal => {
                tracing::warn!(signal, "was told twice: stopping at once");
                std::process::exit(i32::from(CUT_OFF));
            }
        }
    })
}

impl Runtime {
    /// Which service this is.
    pub fn peer(&self) -> Peer {
        self.inner.peer
    }

    /// Where the admin listener is; the port may have been dealt by the system.
    pub fn admin_address(&self) -> std::net::SocketAddr {
        self.inner.admin
    }

    /// Runs a task under supervision: when it fails or panics, the service ends
    /// with an exit code. It should end by itself when `shutdown.draining()` is
    /// cancelled, and is cut off when `shutdown.stopped()` is.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let shutdown = self.shutdown.clone();
        self.inner.tasks.spawn(async move {
            let stopped = shutdown.stopped().clone();
            tokio::select! {
                end = AssertUnwindSafe(task).catch_unwind() => match end {
                    Ok(Ok(())) => tracing::debug!(task = name, "ended"),
                    Ok(Err(error)) => {
                        tracing::error!(task = name, error = format!("{error:#}"), "failed");
                        shutdown.fail(format!("{name}: {error:#}"));
                    }
                    Err(panic) => {
                        let text = panic_text(&*panic);
                        tracing::error!(task = name, panic = text, "panicked");
                        shutdown.fail(format!("{name} panicked: {text}"));
                    }
                },
                () = stopped.cancelled() => tracing::warn!(task = name, "cut off"),
            }
        });
    }

    /// Waits until the end is asked for, then goes through it. `Err`: something broke.
    pub async fn finish(self) -> anyhow::Result<()> {
        self.shutdown.requested().cancelled().await;
        let in_time = self.leave().await;
        match self.shutdown.failure() {
            Some(failure) => Err(anyhow::anyhow!(failure)),
            None if !in_time => Err(anyhow::anyhow!("work was cut off: it did not end in time")),
            None => Ok(()),
        }
    }

    /// The end of a service's `main`: `result` is what its `run` returned.
    pub async fn finish_with(self, result: anyhow::Result<()>) -> ExitCode {
        match result {
            Ok(()) => {}
            // Told to stop before it had started: it left in order.
            Err(error) if self.shutdown.requested().is_cancelled() => {
                tracing::info!(error = format!("{error:#}"), "did not start");
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "could not start");
                self.shutdown.fail(format!("{error:#}"));
            }
        }
        self.shutdown.requested().cancelled().await;
        let in_time = self.leave().await;
        match self.shutdown.failure() {
            Some(_) => ExitCode::FAILURE,
            None if !in_time => ExitCode::from(CUT_OFF),
            None => ExitCode::SUCCESS,
        }
    }

    /// True: everything ended by itself.
    async fn leave(&self) -> bool {
        self.health.draining();
        if self.shutdown.failure().is_none() {
            tokio::time::sleep(self.inner.pre_stop).await;
        }
        self.shutdown.drain();
        self.inner.tasks.close();
        let in_time = tokio::time::timeout(self.inner.drain, self.inner.tasks.wait()).await.is_ok();
        self.shutdown.stop();
        self.inner.own.close();
        let last = async {
            self.inner.tasks.wait().await;
            self.inner.own.wait().await;
        };
        let _ = tokio::time::timeout(LAST_GRACE, last).await;
        tracing::info!(service = self.inner.peer.name(), in_time, "stopped");
        telemetry::flush().await;
        in_time
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no text)")
}
