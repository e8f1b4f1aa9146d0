//! PINs as Argon2id (RFC 9106), away from the tasks that answer, one at a time.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use runtime::AppError;
use secrecy::{ExposeSecret, SecretSlice};
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one hash costs; stored beside it, so that it can be raised for new PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl Cost {
    /// OWASP's floor is a choice of five that take an attacker equally long
    /// (Password Storage Cheat Sheet, Argon2id). Of them this has the least
    /// memory: on a Raspberry Pi 4 the three services share 60 MiB, and this
    /// holds 7 of them for as long as it runs. The time is what a tap on OK may
    /// take there: a fraction of a second on one of its four cores. A PIN of four
    /// digits is guessed from a stolen table whatever it costs; what keeps it are
    /// the waits at the device, and that the table is not stolen.
    pub const CHOSEN: Self = Self { memory_kib: 7 * 1024, passes: 5 };
}

const LANES: u32 = 1;
/// Further tries that may wait for their turn; each is a person at a tablet.
const WAITING: usize = 8;

/// A PIN as it is stored.
#[derive(Debug, Clone)]
pub struct Hashed {
    pub salt: [u8; 16],
    pub hash: [u8; 32],
    pub cost: Cost,
}

/// Hashes one PIN at a time, however many are tried.
#[derive(Debug)]
pub struct Hasher {
    turn: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        let of = |permits| Arc::new(Semaphore::new(permits));
        Self { turn: of(1), queue: of(1 + WAITING) }
    }
}

/// Somebody's turn; it lasts until what was asked for is computed.
#[derive(Debug)]
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _queue: OwnedSemaphorePermit,
}

impl Hasher {
    /// Waits for a turn; refused when too many wait already.
    pub async fn turn(&self) -> Result<Turn, AppError> {
        let queue = self.queue.clone().try_acquire_owned();
        let queue = queue.map_err(|_| AppError::unavailable("too many PINs are tried at once"))?;
        let turn = self.turn.clone().acquire_owned().await.map_err(AppError::internal)?;
        Ok(Turn { _turn: turn, _queue: queue })
    }

    /// A new PIN as it is stored.
    pub async fn hash(&self, turn: Turn, pin: &[u8]) -> Result<Hashed, AppError> {
        let (salt, cost) = (rand::random(), Cost::CHOSEN);
        let hash = compute(turn, pin, salt, cost).await?;
        Ok(Hashed { salt, hash, cost })
    }

    /// Whether it is this PIN. How long it takes does not depend on where they differ.
    pub async fn is_right(
        &self,
        turn: Turn,
        pin: &[u8],
        stored: &Hashed,
    ) -> Result<bool, AppError> {
        let hash = compute(turn, pin, stored.salt, stored.cost).await?;
        Ok(hash.ct_eq(&stored.hash).into())
    }
}

/// On a thread that may be busy; the turn ends when it is through, also when
/// nobody waits for it any more.
async fn compute(turn: Turn, pin: &[u8], salt: [u8; 16], cost: Cost) -> Result<[u8; 32], AppError> {
    let pin = SecretSlice::from(pin.to_vec());
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        argon2id(pin.expose_secret(), &salt, cost)
    })
    .await
    .map_err(AppError::internal)?
    .map_err(|error| AppError::internal(error.to_string()))
}

fn argon2id(pin: &[u8], salt: &[u8; 16], cost: Cost) -> Result<[u8; 32], argon2::Error> {
    let Cost { memory_kib, passes } = cost;
    let params = Params::new(memory_kib, passes, LANES, None)?;
    let mut memory = vec![Block::new(); params.block_count()];
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        pin,
        salt,
        &mut hash,
        &mut memory,
    )?;
    Ok(hash)
}

/// How long one check takes here; for the benchmark.
pub fn measure() -> Result<std::time::Duration, argon2::Error> {
    let begin = std::time::Instant::now();
    argon2id(b"7310", &[7; 16], Cost::CHOSEN)?;
    Ok(begin.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_argon2id_as_the_rfc_has_it() {
        // argon2-cffi 25.1: hash_secret_raw(b"1357", bytes(range(16)), 5, 7168, 1, 32, ID)
        let salt: [u8; 16] = std::array::from_fn(|at| at as u8);
        let hash = argon2id(b"1357", &salt, Cost::CHOSEN).unwrap();
        assert_eq!(
            hex::encode(hash),
            "b0911e98c3fd340706d8c1a107fd464a5e215a6f582fa3f860633f0aad7d4561"
        );
    }

    #[tokio::test]
    async fn a_pin_is_told_from_another_and_hashed_anew_each_time() {
        let hasher = Hasher::default();
        let one = hasher.hash(hasher.turn().await.unwrap(), b"1357").await.unwrap();
        let other = hasher.hash(hasher.turn().await.unwrap(), b"1357").await.unwrap();
        assert_ne!(one.hash, other.hash, "each has its own salt");
        assert!(hasher.is_right(hasher.turn().await.unwrap(), b"1357", &one).await.unwrap());
        assert!(!hasher.is_right(hasher.turn().await.unwrap(), b"1358", &one).await.unwrap());
    }

    #[tokio::test]
    async fn one_is_computed_at_a_time_a_few_wait_and_more_are_refused() {
        let hasher = Hasher::default();
        let first = hasher.turn().await.unwrap();
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(hasher.turn())).collect();
        for wait in &mut waiting {
            assert!(futures::poll!(wait).is_pending());
        }
        assert!(hasher.turn().await.is_err());
        drop(first);
        assert!(futures::poll!(&mut waiting[0]).is_ready());
    }
}
