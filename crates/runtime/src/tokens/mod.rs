//! Tokens: who a service is, and whom it speaks for. All are JWTs signed with
//! Ed25519 (`EdDSA`, nothing else is accepted) by a named key.
//!
//! * A *service token* lives for at most 60 s, is meant for one audience, and is
//!   signed with the service's own key: [`Credentials`], [`PeerKeys`].
//! * A person's *access token* lives for 15 minutes and is signed by
//!   customer-service: [`AccessTokenSigner`], [`AccessTokenVerifier`].

mod access;
mod crypto;
mod service;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::{Serialize, de::DeserializeOwned};
use types::Timestamp;

pub use access::{
    ACCESS_TOKEN_SECONDS, AccessTokenSigner, AccessTokenVerifier, Claims, Grant, ISSUER, PublicKey,
    Subject,
};
pub use crypto::{public_key_of, random_seed};
pub use service::{Credentials, PeerKeys, SERVICE_TOKEN_SECONDS};

/// How far the clocks of two machines may be apart: a minute, and some to spare.
pub const LEEWAY_SECONDS: i64 = 75;

/// Nothing that we sign is longer.
const LONGEST: usize = 2048;

/// Why a token or key is not accepted. Callers only learn "unauthenticated".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("not a token of ours: {0}")]
    Malformed(&'static str),
    #[error("signed by a key that we do not know")]
    UnknownKey,
    #[error("the signature does not fit")]
    BadSignature,
    #[error("expired")]
    Expired,
    #[error("issued in the future")]
    FromTheFuture,
    #[error("for another audience or from another issuer")]
    Foreign,
    #[error("its session was revoked, or its roles have changed")]
    Revoked,
    #[error("not an Ed25519 key: {0}")]
    BadKey(&'static str),
}

/// 32 bytes from base64url (padding or not).
pub fn key_from_text(text: &str) -> Result<[u8; 32], TokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text.trim().trim_end_matches('='))
        .map_err(|_| TokenError::BadKey("not base64url"))?;
    bytes.try_into().map_err(|_| TokenError::BadKey("not 32 bytes"))
}

/// base64url without padding.
pub fn key_to_text(key: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// Signs claims; the seed is 32 bytes.
fn sign<T: Serialize>(kid: &str, seed: &[u8; 32], claims: &T) -> Result<String, TokenError> {
    crypto::install();
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.to_owned());
    let key = jsonwebtoken::EncodingKey::from_ed_der(seed);
    jsonwebtoken::encode(&header, claims, &key).map_err(|_| TokenError::BadKey("cannot sign"))
}

/// The `kid` of a token that is not verified yet.
fn key_id(token: &str) -> Result<String, TokenError> {
    if token.len() > LONGEST {
        return Err(TokenError::Malformed("too long"));
    }
    let header =
        jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed("no JWT header"))?;
    if header.alg != Algorithm::EdDSA {
        return Err(TokenError::Malformed("another algorithm than EdDSA"));
    }
    header.kid.ok_or(TokenError::Malformed("no key id"))
}

/// Checks the signature and nothing else; times and names are their callers'.
fn verified<T: DeserializeOwned>(token: &str, key: &[u8; 32]) -> Result<T, TokenError> {
    crypto::install();
    let mut validation = Validation::new(Algorithm::EdDSA);
    // `check_times` and the callers do this with the leeway above and a given now.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<T>(token, &DecodingKey::from_ed_der(key), &validation)
        .map(|data| data.claims)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenError::BadSignature,
            _ => TokenError::Malformed("claims are missing or of another kind"),
        })
}

fn check_times(issued: i64, expires: i64, now: Timestamp) -> Result<(), TokenError> {
    let now = now.timestamp();
    if expires.saturating_add(LEEWAY_SECONDS) <= now {
        Err(TokenError::Expired)
    } else if issued > now.saturating_add(LEEWAY_SECONDS) {
        Err(TokenError::FromTheFuture)
    } else {
        Ok(())
    }
}
