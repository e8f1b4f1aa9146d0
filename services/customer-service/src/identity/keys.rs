//! The keys that sign access tokens: in the database, so that replicas share
//! them; in memory, so that signing asks nobody. A check every minute makes the
//! next key before it is needed and forgets those whose tokens have expired.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use customer_domain::{pins::FORGIVEN_AFTER, signing};
use runtime::{
    AppError, Shutdown,
    postgres::in_time,
    tokens::{AccessTokenSigner, AccessTokenVerifier, Grant, PublicKey},
};
use secrecy::{ExposeSecret, SecretSlice};
use sqlx::PgPool;
use types::Timestamp;

use super::Lifetimes;
use crate::{
    metrics,
    store::{
        self,
        keys::{self, StoredKey},
    },
};

const CHECK: Duration = Duration::from_secs(60);
/// A token named a key that another replica may have just made: we look at once,
/// but only so often, as anybody can make up such tokens.
const CHECK_AT_MOST: Duration = Duration::from_secs(1);
/// After so many checks what has expired is deleted.
const FORGET_EVERY: u64 = 10;

/// A key in memory.
#[derive(Debug)]
struct Key {
    signer: AccessTokenSigner,
    times: signing::KeyTimes,
}

/// All keys that sign, will sign, or signed something that is still valid.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Arc<RwLock<Arc<Vec<Key>>>>,
}

impl Keyring {
    /// Signs an access token with the key of the moment.
    pub fn sign(&self, grant: &Grant, now: Timestamp) -> Result<(String, Timestamp), AppError> {
        let keys = self.keys();
        let times: Vec<_> = keys.iter().map(|key| key.times).collect();
        let key = signing::signing(&times, now)
            .ok_or_else(|| AppError::unavailable("no key signs at the moment"))?;
        keys[key].signer.issue(grant, now).map_err(AppError::internal)
    }

    /// What verifiers need, keys that will sign soon among it.
    pub fn published(&self, now: Timestamp) -> Vec<PublicKey> {
        self.keys()
            .iter()
            .filter(|key| !signing::is_over(&key.times, now))
            .map(|key| key.signer.public_key(key.times.not_after))
            .collect()
    }

    /// Makes the key that is due and forgets what is over: three statements in
    /// one transaction under a lock that replicas share; one statement when
    /// nothing is due.
    pub async fn check(
        &self,
        pool: &PgPool,
        lifetimes: Lifetimes,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        let mut stored = keys::all(pool).await?;
        let is_due = |stored: &[StoredKey]| {
            let times: Vec<_> = stored.iter().map(|key| key.times).collect();
            signing::next(&times, now, lifetimes.keys)
        };
        let some_over = stored.iter().any(|key| signing::is_over(&key.times, now));
        if is_due(&stored).is_some() || some_over {
            let mut tx = pool.begin().await?;
            keys::lock(&mut tx).await?;
            keys::delete_over(&mut tx, now).await?;
            stored = keys::all(&mut *tx).await?;
            if let Some(times) = is_due(&stored) {
                let key = make(times, now)?;
                keys::insert(&mut tx, &key, now).await?;
                metrics::KEYS_MADE.add(1, &[]);
                tracing::info!(
                    kid = key.kid, sign_from = %times.sign_from, "published a signing key"
                );
                stored.push(key);
            }
            tx.commit().await?;
        }
        let read = stored
            .into_iter()
            .map(|key| Ok(Key { signer: signer(&key)?, times: key.times }))
            .collect::<Result<Vec<_>, KeyError>>()?;
        *self.keys.write().unwrap_or_else(|poison| poison.into_inner()) = Arc::new(read);
        Ok(())
    }

    /// Checks every minute, tells the verifier of this service, and forgets
    /// expired links, sessions and revocations.
    pub async fn keep(
        self,
        pool: PgPool,
        lifetimes: Lifetimes,
        verifier: AccessTokenVerifier,
        shutdown: Shutdown,
    ) -> anyhow::Result<()> {
        for check in 1_u64.. {
            let wait = async {
                tokio::time::sleep(CHECK_AT_MOST).await;
                let _ = tokio::time::timeout(CHECK, verifier.misses_a_key()).await;
            };
            tokio::select! {
                () = wait => {}
                () = shutdown.draining().cancelled() => break,
            }
            let now = crate::clock::now();
            match in_time(self.check(&pool, lifetimes, now)).await {
                Ok(()) => verifier.set_keys(self.published(now)),
                Err(error) => tracing::warn!(error = %error, "could not check the signing keys"),
            }
            if !check.is_multiple_of(FORGET_EVERY) {
                continue;
            }
            if let Err(error) = in_time(forget_expired(&pool, now)).await {
                tracing::debug!(%error, "could not forget what has expired");
            }
        }
        Ok(())
    }

    fn keys(&self) -> Arc<Vec<Key>> {
        self.keys.read().unwrap_or_else(|poison| poison.into_inner()).clone()
    }
}

/// Why the keys could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("read or write the signing keys")]
    Database(#[from] sqlx::Error),
    #[error("make or read a signing key")]
    Key(#[from] runtime::tokens::TokenError),
    #[error("a stored signing key has not 32 bytes")]
    Length,
}

fn make(times: signing::KeyTimes, now: Timestamp) -> Result<StoredKey, KeyError> {
    let seed = runtime::tokens::random_seed()?;
    let signer = AccessTokenSigner::new(seed)?;
    debug_assert!(now <= times.sign_from);
    Ok(StoredKey {
        kid: signer.kid().to_owned(),
        seed: SecretSlice::from(seed.to_vec()),
        public_key: signer.public_key(times.not_after).key.to_vec(),
        times,
    })
}

fn signer(key: &StoredKey) -> Result<AccessTokenSigner, KeyError> {
    let seed = key.seed.expose_secret().try_into().map_err(|_| KeyError::Length)?;
    Ok(AccessTokenSigner::new(seed)?)
}

/// Deletes links, requests, sessions, pairings, wrong PINs and revocations that nobody
/// can use or ask about any more.
pub async fn forget_expired(pool: &PgPool, now: Timestamp) -> sqlx::Result<()> {
    // A while longer than they live, so that their holder is told why.
    let before = now - chrono::TimeDelta::days(7);
    store::links::delete_expired(pool, before).await?;
    // Anybody may ask for these: not longer than it takes to be told "too late".
    store::passkey_requests::delete_expired(pool, now - chrono::TimeDelta::hours(1)).await?;
    store::codes::forget_guessers(pool, now - customer_domain::codes::FORGIVEN_AFTER).await?;
    store::sessions::delete_expired(pool, before).await?;
    store::devices::delete_expired(pool, before).await?;
    store::pins::delete_forgiven(pool, now - FORGIVEN_AFTER).await?;
    store::guests::delete_over(pool, before).await?;
    store::revocations::delete_over(pool, now).await?;
    Ok(())
}
