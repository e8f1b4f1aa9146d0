//! A service's own key: short tokens that prove who calls, each for one audience.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use chrono::Utc;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use types::Timestamp;
use wire::access::Peer;

use super::{TokenError, check_times, key_from_text, key_id, public_key_of, sign, verified};

/// How long a service token is good.
pub const SERVICE_TOKEN_SECONDS: i64 = 60;
/// A token that is younger is used again.
const REUSE_SECONDS: i64 = 30;

/// Verified tokens that are remembered: a peer sends the same one for half a minute,
/// and its signature is checked once.
const REMEMBERED: usize = 64;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ServiceClaims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// This service's private key, ready to sign. Cheap to clone.
#[derive(Clone)]
pub struct Credentials {
    inner: Arc<Inner>,
}

struct Inner {
    peer: Peer,
    seed: SecretBox<[u8; 32]>,
    /// The last token per audience, with its time of issue.
    recent: Mutex<HashMap<&'static str, (i64, String)>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.inner.peer.name())
    }
}

impl Credentials {
    pub fn new(peer: Peer, seed: [u8; 32]) -> Result<Self, TokenError> {
        public_key_of(&seed)?;
        let seed = SecretBox::new(Box::new(seed));
        Ok(Self { inner: Arc::new(Inner { peer, seed, recent: Mutex::default() }) })
    }

    /// From base64url, as it stands in the configuration.
    pub fn from_text(peer: Peer, seed: &SecretString) -> Result<Self, TokenError> {
        Self::new(peer, key_from_text(seed.expose_secret())?)
    }

    pub fn peer(&self) -> Peer {
        self.inner.peer
    }

    /// What others know us by.
    pub fn public_key(&self) -> Result<[u8; 32], TokenError> {
        public_key_of(self.inner.seed.expose_secret())
    }

    /// A token for one audience, at most half a minute old.
    pub fn token_for(&self, audience: Peer) -> Result<String, TokenError> {
        self.token_at(audience, Utc::now())
    }

    /// The same as of another time; tests ask for old ones.
    pub fn token_at(&self, audience: Peer, now: Timestamp) -> Result<String, TokenError> {
        let now = now.timestamp();
        let mut recent = self.inner.recent.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some((at, token)) = recent.get(audience.name())
            && (0..REUSE_SECONDS).contains(&(now - at))
        {
            return Ok(token.clone());
        }
        let iss = self.inner.peer.name();
        let claims = ServiceClaims {
            iss: iss.to_owned(),
            aud: audience.name().to_owned(),
            iat: now,
            exp: now + SERVICE_TOKEN_SECONDS,
        };
        let token = sign(iss, self.inner.seed.expose_secret(), &claims)?;
        recent.insert(audience.name(), (now, token.clone()));
        Ok(token)
    }
}

type Verified = HashMap<[u8; 32], (Peer, ServiceClaims)>;

/// The public keys of the services. A service may have two while it changes keys.
#[derive(Debug, Clone, Default)]
pub struct PeerKeys {
    keys: Arc<Vec<(Peer, [u8; 32])>>,
    /// By the SHA-256 of tokens whose signature was good.
    verified: Arc<Mutex<Verified>>,
}

impl PeerKeys {
    pub fn new(keys: impl IntoIterator<Item = (Peer, [u8; 32])>) -> Self {
        Self { keys: Arc::new(keys.into_iter().collect()), verified: Arc::default() }
    }

    /// From "server=<base64url>,order-service=<base64url>".
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let keys = pairs
            .map(|pair| {
                let (name, key) = pair.split_once('=').ok_or(TokenError::BadKey("not name=key"))?;
                let peer = Peer::parse(name.trim()).ok_or(TokenError::BadKey("unknown service"))?;
                Ok((peer, key_from_text(key)?))
            })
            .collect::<Result<Vec<_>, TokenError>>()?;
        Ok(Self::new(keys))
    }

    /// The form that `parse` reads.
    pub fn to_text(&self) -> String {
        let pairs = self.keys.iter();
        let pairs = pairs.map(|(peer, key)| format!("{}={}", peer.name(), super::key_to_text(key)));
        pairs.collect::<Vec<_>>().join(",")
    }

    /// Who calls, if the token is theirs, meant for `audience`, and fresh.
    pub fn verify(&self, token: &str, audience: Peer, now: Timestamp) -> Result<Peer, TokenError> {
        let (peer, ServiceClaims { iss, aud, iat, exp }) = self.claims(token)?;
        if iss != peer.name() || aud != audience.name() {
            return Err(TokenError::Foreign);
        }
        if exp.saturating_sub(iat) > SERVICE_TOKEN_SECONDS {
            return Err(TokenError::Malformed("lives too long"));
        }
        check_times(iat, exp, now)?;
        Ok(peer)
    }

    /// Whose signature it has, and what it says.
    fn claims(&self, token: &str) -> Result<(Peer, ServiceClaims), TokenError> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(known) = self.remembered().get(&digest) {
            return Ok(known.clone());
        }
        let peer = Peer::parse(&key_id(token)?).ok_or(TokenError::UnknownKey)?;
        let mut outcome = Err(TokenError::UnknownKey);
        for (_, key) in self.keys.iter().filter(|(of, _)| *of == peer) {
            outcome = verified::<ServiceClaims>(token, key);
            if outcome.is_ok() {
                break;
            }
        }
        let claims = outcome?;
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(digest, (peer, claims.clone()));
        Ok((peer, claims))
    }

    fn remembered(&self) -> MutexGuard<'_, Verified> {
        self.verified.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{super::LEEWAY_SECONDS, *};

    fn pair() -> (Credentials, PeerKeys) {
        let server = Credentials::new(Peer::Server, [1; 32]).unwrap();
        let keys = PeerKeys::new([(Peer::Server, server.public_key().unwrap())]);
        (server, PeerKeys::parse(&keys.to_text()).unwrap())
    }

    #[test]
    fn a_service_proves_itself_to_one_audience_for_a_minute() {
        let (server, keys) = pair();
        let now = Utc::now();
        let token = server.token_at(Peer::OrderService, now).unwrap();
        assert_eq!(keys.verify(&token, Peer::OrderService, now), Ok(Peer::Server));
        assert_eq!(keys.verify(&token, Peer::CustomerService, now), Err(TokenError::Foreign));
        let late = now + TimeDelta::seconds(SERVICE_TOKEN_SECONDS + LEEWAY_SECONDS + 1);
        assert_eq!(keys.verify(&token, Peer::OrderService, late), Err(TokenError::Expired));
        // A clock that is wrong by a minute keeps nobody out; one that is wrong by more does.
        let slow = now - TimeDelta::seconds(60);
        assert_eq!(keys.verify(&token, Peer::OrderService, slow), Ok(Peer::Server));
        let early = now - TimeDelta::seconds(LEEWAY_SECONDS + 2);
        assert_eq!(keys.verify(&token, Peer::OrderService, early), Err(TokenError::FromTheFuture));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_expires_all_the_same() {
        let (server, keys) = pair();
        let now = Utc::now();
        for second in 0..200 {
            let at = now + TimeDelta::seconds(31 * second);
            let token = server.token_at(Peer::OrderService, at).unwrap();
            for _ in 0..2 {
                assert_eq!(keys.verify(&token, Peer::OrderService, at), Ok(Peer::Server));
            }
            let late = at + TimeDelta::seconds(SERVICE_TOKEN_SECONDS + LEEWAY_SECONDS + 1);
            assert_eq!(keys.verify(&token, Peer::OrderService, late), Err(TokenError::Expired));
        }
        assert!(keys.remembered().len() <= REMEMBERED);
    }

    #[test]
    fn nobody_can_sign_as_another() {
        let (_, keys) = pair();
        let now = Utc::now();
        let thief = Credentials::new(Peer::Server, [2; 32]).unwrap();
        let token = thief.token_at(Peer::OrderService, now).unwrap();
        assert_eq!(keys.verify(&token, Peer::OrderService, now), Err(TokenError::BadSignature));
        let stranger = Credentials::new(Peer::Launcher, [3; 32]).unwrap();
        let token = stranger.token_at(Peer::OrderService, now).unwrap();
        assert_eq!(keys.verify(&token, Peer::OrderService, now), Err(TokenError::UnknownKey));
    }

    #[test]
    fn a_token_is_reused_for_half_a_minute() {
        let (server, _) = pair();
        let now = Utc::now();
        let first = server.token_at(Peer::OrderService, now).unwrap();
        let soon = now + TimeDelta::seconds(29);
        assert_eq!(server.token_at(Peer::OrderService, soon).unwrap(), first);
        let later = now + TimeDelta::seconds(31);
        assert_ne!(server.token_at(Peer::OrderService, later).unwrap(), first);
    }

    #[test]
    fn keys_that_are_none_are_refused_with_a_reason() {
        for text in ["server", "nobody=AAAA", "server=AAAA", "server=!!!!"] {
            assert!(matches!(PeerKeys::parse(text), Err(TokenError::BadKey(_))), "{text}");
        }
        assert_eq!(PeerKeys::parse("").unwrap().to_text(), "");
    }
}
