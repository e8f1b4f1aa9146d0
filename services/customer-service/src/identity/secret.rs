//! Secrets that somebody holds and we do not store: 32 random bytes, of which
//! the database has the SHA-256.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// A link's or a refresh token's secret, or a passkey's challenge. Never shown by `Debug`.
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
        Self::hash_of(&self.0)
    }

    /// What is stored of bytes that somebody sent as one.
    pub fn hash_of(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    /// The bytes, for whoever is to have them.
    pub const fn into_bytes(self) -> [u8; 32] {
        self.0
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
    use proptest::{prelude::*, test_runner::RngSeed};
    use secrecy::ExposeSecret;

    use super::*;

    /// Letters of base64url, in about the right number.
    const NEARLY: &str = "[A-Za-z0-9_=-]{41,45}";

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4_000,
            rng_seed: RngSeed::Fixed(0x0c0f_fee5),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn whatever_comes_is_a_secret_in_its_one_form_or_none(
            text in prop_oneof![any::<String>(), NEARLY, "evt_[A-Za-z0-9_-]{43}"],
            bytes in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            for text in [text.as_str(), &String::from_utf8_lossy(&bytes)] {
                if let Some(secret) = Secret::parse(text) {
                    let same = secret.text();
                    prop_assert_eq!(same.expose_secret(), text);
                }
            }
        }
    }

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
