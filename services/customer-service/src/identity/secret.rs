//! Secrets that somebody holds and we do not store: 32 random bytes, of which
//! the database has the SHA-256.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// A link's or a refresh token's secret. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// Reads the printed form; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        // 32 bytes are 43 characters; nobody needs to decode a megabyte first.
        if text.len() != 43 {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The printed form: 43 characters of base64url.
    pub fn text(&self) -> SecretString {
        SecretString::from(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The token that follows this one under a stored nonce. Whoever has only
    /// the nonce, or only the token, cannot tell it.
    pub fn successor(&self, nonce: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, nonce);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_prints_reads_back_and_hides() {
        let secret = Secret::random();
        let text = secret.text();
        assert_eq!(Secret::parse(text.expose_secret()), Some(secret.clone()));
        assert!(!format!("{secret:?} {text:?}").contains(text.expose_secret()));
        for wrong in ["", "x", &"=".repeat(43), &"a".repeat(44)] {
            assert_eq!(Secret::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_successor_follows_from_token_and_nonce_together() {
        let (token, other) = (Secret::random(), Secret::random());
        assert_eq!(token.successor(b"nonce"), token.successor(b"nonce"));
        assert_ne!(token.successor(b"nonce"), token.successor(b"other"));
        assert_ne!(token.successor(b"nonce"), other.successor(b"nonce"));
    }
}
