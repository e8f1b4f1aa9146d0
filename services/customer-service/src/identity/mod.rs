//! Who somebody is: signing keys, one-time links, passkeys, sessions with rotating
//! tokens, and the revocations that the other services watch.
//!
//! What a call costs (round trips to PostgreSQL; commits): exchanging a link 5
//! and 1 (and two Valkey commands), asking for a passkey 1 and 1, signing in with it 7
//! and 1 (and two Valkey commands), a refresh 5 and 1, signing out 4 and 1, a
//! PIN 13 and 2 (and one hash), a device that asks what became of it 4 and 1,
//! `GetKeys` and the stream of revocations none: they are answered from memory,
//! which one query every two seconds keeps fresh, however many watch.

pub mod api_tokens;
pub mod codes;
pub mod devices;
pub mod hashing;
pub mod keys;
pub mod limit;
pub mod links;
pub mod passkeys;
pub mod pins;
pub mod revocations;
pub mod secret;
pub mod sessions;

use chrono::TimeDelta;
use customer_domain::signing::KeyPolicy;
use runtime::{AppError, Code};
use sqlx::PgPool;

use self::{hashing::Hasher, keys::Keyring, limit::AttemptLimit, revocations::Revocations};

/// How long an access token is good for.
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::seconds(runtime::tokens::ACCESS_TOKEN_SECONDS);
/// What verifiers allow for clocks that differ, with some to spare.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(2 * runtime::tokens::LEEWAY_SECONDS);

/// How long things live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// How long one key signs, and how long before its use it is published.
    pub keys: KeyPolicy,
    /// How long a refresh token may lie unused.
    pub refresh: TimeDelta,
}

/// Everything that sign-in needs.
#[derive(Debug)]
pub struct Identity {
    pub pool: PgPool,
    pub lifetimes: Lifetimes,
    pub keys: Keyring,
    pub revocations: Revocations,
    pub attempts: AttemptLimit,
    /// For whom passkeys are made.
    pub passkeys: passkeys::House,
    pub hasher: Hasher,
}

/// One answer for every secret that signs nobody in; the message may help its holder.
fn refused(message: &str) -> AppError {
    AppError::new(Code::InvalidCredential, message)
}
