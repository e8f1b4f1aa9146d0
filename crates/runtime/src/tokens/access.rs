//! A person's access token: signed by customer-service, verified by everybody,
//! good for 15 minutes unless its session is revoked.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};
use types::{DeviceId, MemberId, Role, Roles, Scope, SessionId, Timestamp};

use super::{TokenError, check_times, key_id, key_to_text, public_key_of, sign, verified};
use crate::grpc::{Device, Holder, Person};

/// How long an access token is good.
pub const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
/// Who issues them.
pub const ISSUER: &str = "customer-service";
/// Verified tokens that are remembered, so that a signature is checked once.
const REMEMBERED: usize = 512;

/// Who a token speaks for, by the prefix of the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Member(MemberId),
    /// A paired device at which nobody acts.
    Device(DeviceId),
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Member(member) => member.serialize(serializer),
            Self::Device(device) => device.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let member = text.parse().map(Self::Member);
        member.or_else(|_| text.parse().map(Self::Device)).map_err(serde::de::Error::custom)
    }
}

/// What an access token says. A claim that a verifier does not know might narrow
/// what the token is for, so such a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    pub iss: String,
    pub sub: Subject,
    /// The session, which may be revoked.
    pub sid: SessionId,
    pub scope: Scope,
    pub roles: Vec<Role>,
    /// The paired device at which it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev: Option<DeviceId>,
    /// The member's generation: raised when roles change, so that older tokens
    /// are refused while the sign-in goes on.
    #[serde(rename = "gen")]
    pub generation: u32,
    /// Seconds since 1970.
    pub iat: i64,
    pub exp: i64,
}

/// What an access token is issued for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub subject: Subject,
    pub session: SessionId,
    pub scope: Scope,
    pub roles: Roles,
    pub device: Option<DeviceId>,
    pub generation: u32,
}

impl Grant {
    /// For a person on their own device.
    pub const fn full(member: MemberId, session: SessionId, roles: Roles) -> Self {
        let subject = Subject::Member(member);
        Self { subject, session, scope: Scope::Full, roles, device: None, generation: 0 }
    }
}

/// A key that access tokens are verified with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    pub kid: String,
    pub key: [u8; 32],
    /// Verify nothing with it later.
    pub not_after: Timestamp,
}

/// customer-service's private key for access tokens.
pub struct AccessTokenSigner {
    kid: String,
    seed: SecretBox<[u8; 32]>,
    public: [u8; 32],
}

impl fmt::Debug for AccessTokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessTokenSigner({})", self.kid)
    }
}

impl AccessTokenSigner {
    /// The key id is made of the public key: the same seed has the same id.
    pub fn new(seed: [u8; 32]) -> Result<Self, TokenError> {
        let public = public_key_of(&seed)?;
        let digest: [u8; 32] = Sha256::digest(public).into();
        let kid = key_to_text(&digest)[..16].to_owned();
        Ok(Self { kid, seed: SecretBox::new(Box::new(seed)), public })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What verifiers need.
    pub fn public_key(&self, not_after: Timestamp) -> PublicKey {
        PublicKey { kid: self.kid.clone(), key: self.public, not_after }
    }

    /// An access token and when it expires.
    pub fn issue(&self, grant: &Grant, now: Timestamp) -> Result<(String, Timestamp), TokenError> {
        let expires = now + TimeDelta::seconds(ACCESS_TOKEN_SECONDS);
        let Grant { subject, session, scope, roles, device, generation } = *grant;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: subject,
            sid: session,
            scope,
            roles: roles.iter().collect(),
            dev: device,
            generation,
            iat: now.timestamp(),
            exp: expires.timestamp(),
        };
        let token = self.sign(&claims)?;
        // What the token says has whole seconds.
        Ok((token, DateTime::from_timestamp(claims.exp, 0).unwrap_or(expires)))
    }

    /// Signs claims as they are; tests make strange ones.
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        sign(&self.kid, self.seed.expose_secret(), claims)
    }
}

/// The public keys and the revocations that a service knows. Cheap to clone;
/// `identity_feed` keeps it fresh, customer-service does it itself.
#[derive(Debug, Clone)]
pub struct AccessTokenVerifier {
    known: Arc<RwLock<Known>>,
    /// Counts changes of keys and revocations: long streams look again.
    changes: watch::Sender<u64>,
    /// A token named a key that is not known.
    missed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, PublicKey>,
    revoked: HashMap<SessionId, Timestamp>,
    /// The least generation of a member that still counts, and until when older
    /// tokens could still be about.
    generations: HashMap<MemberId, (u32, Timestamp)>,
    /// SHA-256 of tokens whose signature was good.
    verified: HashMap<[u8; 32], Claims>,
    fresh: bool,
}

impl Default for AccessTokenVerifier {
    fn default() -> Self {
        Self::new()
    }
}

impl AccessTokenVerifier {
    pub fn new() -> Self {
        Self { known: Arc::default(), changes: watch::Sender::new(0), missed: Arc::default() }
    }

    /// Replaces the keys; tokens of keys that are gone are refused from now on.
    pub fn set_keys(&self, keys: impl IntoIterator<Item = PublicKey>) {
        let mut known = self.write();
        known.keys = keys.into_iter().map(|key| (key.kid.clone(), key)).collect();
        known.verified.clear();
        drop(known);
        self.changes.send_modify(|count| *count += 1);
    }

    pub fn keys(&self) -> Vec<PublicKey> {
        self.read().keys.values().cloned().collect()
    }

    /// Refuses a session's tokens until the last of them has expired anyway.
    pub fn revoke(&self, session: SessionId, until: Timestamp) {
        let now = Utc::now();
        let mut known = self.write();
        known.revoked.retain(|_, until| *until > now);
        known.revoked.insert(session, until);
        drop(known);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Refuses a member's tokens of older generations than this.
    pub fn outdate(&self, member: MemberId, generation: u32, until: Timestamp) {
        let now = Utc::now();
        let mut known = self.write();
        known.generations.retain(|_, (_, until)| *until > now);
        let newest = known.generations.entry(member).or_insert((generation, until));
        *newest = (newest.0.max(generation), newest.1.max(until));
        drop(known);
        self.changes.send_modify(|count| *count += 1);
    }

    fn is_outdated(&self, member: MemberId, generation: u32) -> bool {
        self.read().generations.get(&member).is_some_and(|(least, _)| generation < *least)
    }

    /// Whether what was good when it was verified has been ended since.
    pub fn is_ended(&self, holder: &Holder) -> bool {
        self.is_revoked(holder.session())
            || match holder {
                Holder::Person(person) => self.is_outdated(person.member, person.generation),
                Holder::Device(_) => false,
            }
    }

    pub fn is_revoked(&self, session: SessionId) -> bool {
        self.read().revoked.contains_key(&session)
    }

    /// Whether revocations arrive at the moment. While they do not, admin and
    /// identity changes get [`crate::Code::IdentityUnavailable`].
    pub fn is_fresh(&self) -> bool {
        self.read().fresh
    }

    /// Said by whoever feeds the revocations.
    pub fn set_fresh(&self, fresh: bool) {
        self.write().fresh = fresh;
    }

    /// Waits until a token names a key that is not known, for whoever feeds the
    /// keys: it may be a new one.
    pub async fn misses_a_key(&self) {
        self.missed.notified().await;
    }

    /// Who the token speaks for, if it is good now.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Holder, TokenError> {
        let Claims { iss, sub, sid, scope, roles, dev, generation, iat, exp } =
            self.claims(token, now)?;
        if iss != ISSUER {
            return Err(TokenError::Foreign);
        }
        check_times(iat, exp, now)?;
        if exp.saturating_sub(iat) > ACCESS_TOKEN_SECONDS {
            return Err(TokenError::Malformed("lives too long"));
        }
        let expires_at = DateTime::from_timestamp(exp, 0).ok_or(TokenError::Malformed("exp"))?;
        let session = sid;
        let holder = match sub {
            Subject::Member(member) => {
                let roles = roles.into_iter().collect();
                let device = dev;
                Holder::Person(Person {
                    member,
                    roles,
                    session,
                    scope,
                    device,
                    generation,
                    expires_at,
                })
            }
            Subject::Device(device) if roles.is_empty() && dev.is_none() => {
                Holder::Device(Device { device, scope, session, expires_at })
            }
            Subject::Device(_) => return Err(TokenError::Malformed("a device with roles")),
        };
        if self.is_ended(&holder) { Err(TokenError::Revoked) } else { Ok(holder) }
    }

    fn claims(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.read().verified.get(&digest) {
            return Ok(claims.clone());
        }
        let kid = key_id(token)?;
        let Some(key) = self.read().keys.get(&kid).cloned() else {
            self.missed.notify_one();
            return Err(TokenError::UnknownKey);
        };
        if key.not_after <= now {
            return Err(TokenError::UnknownKey);
        }
        let claims: Claims = verified(token, &key.key)?;
        let mut known = self.write();
        if known.verified.len() >= REMEMBERED {
            known.verified.clear();
        }
        // Not if the key was withdrawn meanwhile.
        if known.keys.contains_key(&kid) {
            known.verified.insert(digest, claims.clone());
        }
        Ok(claims)
    }

    /// Ends when the holder's token expires or their sign-in is ended: a live
    /// stream ends with it.
    pub async fn ended(&self, holder: &Holder) {
        let mut changes = self.changes.subscribe();
        loop {
            if self.is_ended(holder) {
                return;
            }
            let left = (holder.expires_at() - Utc::now()).to_std().unwrap_or(Duration::ZERO);
            tokio::select! {
                () = tokio::time::sleep(left) => return,
                // We hold a sender: it cannot be closed.
                _ = changes.changed() => {}
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(|poison| poison.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(|poison| poison.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::{super::LEEWAY_SECONDS, *};

    fn setup() -> (AccessTokenSigner, AccessTokenVerifier, Timestamp) {
        let now = Utc::now();
        let signer = AccessTokenSigner::new([7; 32]).unwrap();
        let verifier = AccessTokenVerifier::new();
        verifier.set_keys([signer.public_key(now + TimeDelta::days(1))]);
        (signer, verifier, now)
    }

    fn issue(signer: &AccessTokenSigner, now: Timestamp) -> (String, MemberId, SessionId) {
        let (member, session) = (MemberId::new(), SessionId::new());
        let roles = Roles::from([Role::Member, Role::Barista]);
        (signer.issue(&Grant::full(member, session, roles), now).unwrap().0, member, session)
    }

    #[test]
    fn a_token_speaks_for_its_member_for_fifteen_minutes() {
        let (signer, verifier, now) = setup();
        let (token, member, session) = issue(&signer, now);
        // Twice: the second time from memory.
        for _ in 0..2 {
            let person = verifier.verify(&token, now).unwrap().into_person().unwrap();
            assert_eq!((person.member, person.session), (member, session));
            assert_eq!((person.scope, person.device), (Scope::Full, None));
            assert!(person.roles.contains(Role::Barista) && !person.roles.contains(Role::Admin));
        }
        let within_leeway = now + TimeDelta::seconds(ACCESS_TOKEN_SECONDS + LEEWAY_SECONDS - 2);
        assert!(verifier.verify(&token, within_leeway).is_ok());
        let late = now + TimeDelta::seconds(ACCESS_TOKEN_SECONDS + LEEWAY_SECONDS + 1);
        assert_eq!(verifier.verify(&token, late), Err(TokenError::Expired));
        // Where a clock is a minute slow, too.
        assert!(verifier.verify(&token, now - TimeDelta::seconds(60)).is_ok());
        let early = now - TimeDelta::seconds(LEEWAY_SECONDS + 2);
        assert_eq!(verifier.verify(&token, early), Err(TokenError::FromTheFuture));
    }

    #[test]
    fn an_altered_token_is_refused_whatever_was_altered() {
        let (signer, verifier, now) = setup();
        let (token, ..) = issue(&signer, now);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert!(verifier.verify(&altered, now).is_err(), "byte {at}");
        }
    }

    #[test]
    fn roles_cannot_be_added_without_the_key() {
        let (signer, verifier, now) = setup();
        let (token, ..) = issue(&signer, now);
        let parts: Vec<&str> = token.split('.').collect();
        let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        let claims = String::from_utf8(claims).unwrap().replace("barista", "admin");
        let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims), parts[2]);
        assert_eq!(verifier.verify(&forged, now), Err(TokenError::BadSignature));
    }

    #[test]
    fn no_algorithm_and_other_algorithms_are_refused() {
        let (signer, verifier, now) = setup();
        let (token, ..) = issue(&signer, now);
        let parts: Vec<&str> = token.split('.').collect();
        for algorithm in ["none", "None", "HS256", "ES256", "RS256"] {
            let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":"{}"}}"#, signer.kid());
            let header = URL_SAFE_NO_PAD.encode(header);
            for signature in [parts[2], ""] {
                let forged = format!("{header}.{}.{signature}", parts[1]);
                let refused = verifier.verify(&forged, now);
                assert!(
                    matches!(refused, Err(TokenError::Malformed(_))),
                    "{algorithm} {refused:?}"
                );
            }
        }
    }

    #[test]
    fn tokens_of_strangers_of_old_keys_or_without_key_id_are_refused() {
        let (signer, verifier, now) = setup();
        let stranger = AccessTokenSigner::new([8; 32]).unwrap();
        let (token, ..) = issue(&stranger, now);
        assert_eq!(verifier.verify(&token, now), Err(TokenError::UnknownKey));

        let (token, ..) = issue(&signer, now);
        verifier.set_keys([stranger.public_key(now + TimeDelta::days(1))]);
        assert_eq!(verifier.verify(&token, now), Err(TokenError::UnknownKey));
        verifier.set_keys([signer.public_key(now - TimeDelta::seconds(1))]);
        assert_eq!(verifier.verify(&token, now), Err(TokenError::UnknownKey));

        verifier.set_keys([signer.public_key(now + TimeDelta::days(1))]);
        let parts: Vec<&str> = token.split('.').collect();
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","typ":"JWT"}"#);
        let nameless = format!("{header}.{}.{}", parts[1], parts[2]);
        assert_eq!(verifier.verify(&nameless, now), Err(TokenError::Malformed("no key id")));
        for text in ["", ".", "..", "a.b.c", &"x".repeat(5000)] {
            assert!(verifier.verify(text, now).is_err());
        }
    }

    #[test]
    fn another_issuer_is_foreign_and_missing_claims_are_malformed() {
        let (signer, verifier, now) = setup();
        let claims = Claims {
            iss: "somebody".to_owned(),
            sub: Subject::Member(MemberId::new()),
            sid: SessionId::new(),
            scope: Scope::Full,
            roles: vec![Role::Admin],
            dev: None,
            generation: 0,
            iat: now.timestamp(),
            exp: now.timestamp() + 60,
        };
        let token = signer.sign(&claims).unwrap();
        assert_eq!(verifier.verify(&token, now), Err(TokenError::Foreign));
        let exp = now.timestamp() + ACCESS_TOKEN_SECONDS + 1;
        let token = signer.sign(&Claims { iss: ISSUER.to_owned(), exp, ..claims }).unwrap();
        assert_eq!(verifier.verify(&token, now), Err(TokenError::Malformed("lives too long")));
        #[derive(Serialize)]
        struct Few {
            iss: &'static str,
            sub: MemberId,
        }
        let few = Few { iss: ISSUER, sub: MemberId::new() };
        let token = sign(signer.kid(), &[7; 32], &few).unwrap();
        assert!(matches!(verifier.verify(&token, now), Err(TokenError::Malformed(_))));
    }

    #[test]
    fn a_claim_that_is_not_known_might_narrow_the_token_and_is_refused() {
        let (signer, verifier, now) = setup();
        let (token, ..) = issue(&signer, now);
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let mut claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let resigned = |claims: &serde_json::Value| {
            verifier.verify(&sign(signer.kid(), &[7; 32], claims).unwrap(), now)
        };
        assert!(resigned(&claims).is_ok());
        claims["only_on"] = "mondays".into();
        assert!(matches!(resigned(&claims), Err(TokenError::Malformed(_))));
        claims.as_object_mut().unwrap().remove("only_on");
        claims["scope"] = "everything".into();
        assert!(matches!(resigned(&claims), Err(TokenError::Malformed(_))));
        claims.as_object_mut().unwrap().remove("scope");
        assert!(matches!(resigned(&claims), Err(TokenError::Malformed(_))));
    }

    #[test]
    fn a_paired_device_speaks_for_itself_and_never_with_a_role() {
        let (signer, verifier, now) = setup();
        let device = DeviceId::new();
        let grant = Grant {
            subject: Subject::Device(device),
            scope: Scope::Display,
            ..Grant::full(MemberId::new(), SessionId::new(), Roles::NONE)
        };
        let (token, _) = signer.issue(&grant, now).unwrap();
        match verifier.verify(&token, now) {
            Ok(Holder::Device(found)) => {
                assert_eq!((found.device, found.scope), (device, Scope::Display));
            }
            other => panic!("{other:?}"),
        }
        let roles = Roles::from([Role::Barista]);
        let (token, _) = signer.issue(&Grant { roles, ..grant }, now).unwrap();
        assert!(matches!(verifier.verify(&token, now), Err(TokenError::Malformed(_))));
    }

    #[test]
    fn tokens_of_an_older_generation_are_refused_and_newer_ones_are_not() {
        let (signer, verifier, now) = setup();
        let (member, session) = (MemberId::new(), SessionId::new());
        let of = |generation| {
            let grant =
                Grant { generation, ..Grant::full(member, session, Roles::from([Role::Member])) };
            signer.issue(&grant, now).unwrap().0
        };
        let (old, new) = (of(3), of(4));
        let hour = now + TimeDelta::hours(1);
        verifier.outdate(MemberId::new(), 9, hour);
        assert!(verifier.verify(&old, now).is_ok());
        verifier.outdate(member, 4, hour);
        verifier.outdate(member, 2, hour);
        assert_eq!(verifier.verify(&old, now), Err(TokenError::Revoked));
        assert!(verifier.verify(&new, now).is_ok());
    }

    #[tokio::test]
    async fn a_revoked_session_ends_at_once() {
        let (signer, verifier, now) = setup();
        let (token, _, session) = issue(&signer, now);
        let person = verifier.verify(&token, now).unwrap();
        let mut ended = std::pin::pin!(verifier.ended(&person));
        assert!(futures::poll!(&mut ended).is_pending());
        verifier.revoke(SessionId::new(), now + TimeDelta::hours(1));
        assert!(futures::poll!(&mut ended).is_pending());
        verifier.revoke(session, now + TimeDelta::hours(1));
        assert!(futures::poll!(&mut ended).is_ready());
        assert_eq!(verifier.verify(&token, now), Err(TokenError::Revoked));
    }
}
