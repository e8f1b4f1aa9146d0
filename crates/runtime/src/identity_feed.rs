//! Keys and revocations, from customer-service: keeps an [`AccessTokenVerifier`]
//! fresh, and the last keys durably, so that a service starts and verifies while
//! customer-service is away.

use std::{path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::DateTime;
use futures::FutureExt;
use tokio::time::Instant;
use types::Timestamp;
use wire::customer::v1::{
    GetKeysRequest, Key, KeySet, Revocation, WatchRevocationsRequest,
    customer_service_client::CustomerServiceClient,
};

use crate::{
    Runtime,
    grpc::Channel,
    health::Part,
    tokens::{AccessTokenVerifier, PublicKey},
};

/// The stream sends something at least every 5 s; silence for so long is its end.
const SILENCE: Duration = Duration::from_secs(12);
const KEYS_EVERY: Duration = Duration::from_secs(30);
/// A token names a key that we do not know: we ask at once, but only so often,
/// as anybody can make up such tokens.
const KEYS_AT_MOST_EVERY: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

type Future<T> = Pin<Box<dyn std::future::Future<Output = anyhow::Result<T>> + Send>>;

/// Where the last keys are kept: one text, loaded at start and replaced when it
/// changes. Public keys are no secret, but must not be altered: keep it where
/// only the service writes.
#[derive(Clone)]
pub struct KeyStore {
    load: Arc<dyn Fn() -> Future<Option<String>> + Send + Sync>,
    save: Arc<dyn Fn(String) -> Future<()> + Send + Sync>,
}

impl KeyStore {
    /// Any durable place, a row of the service's database for instance.
    pub fn new<L, S>(
        load: impl Fn() -> L + Send + Sync + 'static,
        save: impl Fn(String) -> S + Send + Sync + 'static,
    ) -> Self
    where
        L: std::future::Future<Output = anyhow::Result<Option<String>>> + Send + 'static,
        S: std::future::Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Self {
            load: Arc::new(move || load().boxed()),
            save: Arc::new(move |text| save(text).boxed()),
        }
    }

    /// A file, replaced as a whole.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path: PathBuf = path.into();
        let to = path.clone();
        Self::new(
            move || {
                let path = path.clone();
                async move {
                    match tokio::fs::read_to_string(&path).await {
                        Ok(text) => Ok(Some(text)),
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                        Err(error) => Err(error).with_context(|| path.display().to_string()),
                    }
                }
            },
            move |text| {
                let to = to.clone();
                async move {
                    let fresh = to.with_extension("new");
                    if let Some(folder) = to.parent() {
                        tokio::fs::create_dir_all(folder).await?;
                    }
                    tokio::fs::write(&fresh, text).await?;
                    tokio::fs::File::open(&fresh).await?.sync_all().await?;
                    tokio::fs::rename(&fresh, &to).await?;
                    Ok(())
                }
            },
        )
    }
}

/// Loads the stored keys, then follows customer-service in the background.
/// Reports into health as the optional part `identity`.
pub async fn start(
    runtime: &Runtime,
    customers: Channel,
    verifier: AccessTokenVerifier,
    store: KeyStore,
) {
    let stored = match (store.load)().await {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "the stored keys cannot be read");
            String::new()
        }
    };
    match serde_json::from_str::<Vec<PublicKey>>(&stored) {
        Ok(keys) => verifier.set_keys(keys),
        Err(_) if stored.is_empty() => {}
        Err(error) => tracing::warn!(%error, "the stored keys are not readable"),
    }
    let follower = Follower {
        client: CustomerServiceClient::new(customers),
        verifier,
        part: runtime.health.optional("identity"),
        store,
        stored,
    };
    let draining = runtime.shutdown.draining().clone();
    runtime.spawn("identity feed", async move {
        tokio::select! {
            never = follower.run() => match never {},
            () = draining.cancelled() => Ok(()),
        }
    });
}

struct Follower {
    client: CustomerServiceClient<Channel>,
    verifier: AccessTokenVerifier,
    part: Part,
    store: KeyStore,
    stored: String,
}

impl Follower {
    async fn run(mut self) -> std::convert::Infallible {
        let mut pause = PAUSE;
        loop {
            let Err(error) = self.follow(&mut pause).await;
            self.verifier.set_fresh(false);
            self.part.down("customer-service does not tell us of revocations");
            tracing::debug!(error = format!("{error:#}"), "identity feed broke");
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn follow(&mut self, pause: &mut Duration) -> anyhow::Result<std::convert::Infallible> {
        self.refresh_keys().await?;
        let mut keys_read = Instant::now();
        let mut keys_due = keys_read + KEYS_EVERY;
        let mut stream =
            self.client.watch_revocations(WatchRevocationsRequest {}).await?.into_inner();
        let mut silent_at = Instant::now() + SILENCE;
        loop {
            let message = tokio::select! {
                message = tokio::time::timeout_at(silent_at, stream.message()) => message,
                () = self.verifier.misses_a_key() => {
                    keys_due = keys_due.min(keys_read + KEYS_AT_MOST_EVERY);
                    continue;
                }
                () = tokio::time::sleep_until(keys_due) => {
                    self.refresh_keys().await?;
                    keys_read = Instant::now();
                    keys_due = keys_read + KEYS_EVERY;
                    continue;
                }
            };
            let Revocation { session_id, until, member_id, generation } =
                message.context("silence")??.context("the stream ended")?;
            silent_at = Instant::now() + SILENCE;
            let until = || until.and_then(timestamp).context("a revocation without an end");
            if !session_id.is_empty() {
                self.verifier.revoke(session_id.parse()?, until()?);
            } else if !member_id.is_empty() {
                self.verifier.outdate(member_id.parse()?, generation, until()?);
            } else {
                // The backlog is through: from here on we know what is revoked.
                *pause = PAUSE;
                self.verifier.set_fresh(true);
                self.part.up();
            }
        }
    }

    async fn refresh_keys(&mut self) -> anyhow::Result<()> {
        let KeySet { keys } = self.client.get_keys(GetKeysRequest {}).await?.into_inner();
        let mut keys = keys.into_iter().map(public_key).collect::<anyhow::Result<Vec<_>>>()?;
        keys.sort_by(|one, other| one.kid.cmp(&other.kid));
        anyhow::ensure!(!keys.is_empty(), "customer-service named no key");
        let text = serde_json::to_string(&keys)?;
        if text != self.stored {
            self.verifier.set_keys(keys);
            match (self.store.save)(text.clone()).await {
                Ok(()) => self.stored = text,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the keys cannot be stored");
                }
            }
        }
        Ok(())
    }
}

fn public_key(key: Key) -> anyhow::Result<PublicKey> {
    let Key { kid, ed25519_public_key, not_after } = key;
    let key = <[u8; 32]>::try_from(&*ed25519_public_key).context("a key of another length")?;
    let not_after = not_after.and_then(timestamp).context("a key without an end")?;
    Ok(PublicKey { kid, key, not_after })
}

fn timestamp(at: prost_types::Timestamp) -> Option<Timestamp> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}
