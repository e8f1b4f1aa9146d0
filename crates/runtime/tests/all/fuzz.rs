//! A bounded, seeded run of texts that nobody issued, from noise to tokens that are
//! nearly right: nothing panics, and nothing counts but what was issued.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use proptest::{prelude::*, test_runner::RngSeed};
use ring::hmac;
use runtime::tokens::{
    ACCESS_TOKEN_SECONDS, AccessTokenSigner, AccessTokenVerifier, Claims, Credentials, Grant,
    ISSUER, LEEWAY_SECONDS, PeerKeys, Subject, public_key_of,
};
use types::{DeviceId, MemberId, Role, Roles, Scope, SessionId, Timestamp};
use wire::access::Peer;

/// The same cases each time, so that what fails here fails everywhere.
fn config(cases: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(0x0c0f_fee5);
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

const SEED: [u8; 32] = [7; 32];

fn now() -> Timestamp {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

fn signer() -> AccessTokenSigner {
    AccessTokenSigner::new(SEED).unwrap()
}

fn verifier(signer: &AccessTokenSigner) -> AccessTokenVerifier {
    let verifier = AccessTokenVerifier::new();
    verifier.set_keys([signer.public_key(now() + TimeDelta::days(1))]);
    verifier
}

fn issued(signer: &AccessTokenSigner) -> String {
    let grant = Grant::full(MemberId::new(), SessionId::new(), Roles::from([Role::Member]));
    signer.issue(&grant, now()).unwrap().0
}

/// server's token for order-service, and the keys that it is verified with.
fn service_token() -> (String, PeerKeys) {
    let credentials = Credentials::new(Peer::Server, SEED).unwrap();
    let keys = PeerKeys::new([(Peer::Server, credentials.public_key().unwrap())]);
    (credentials.token_for(Peer::OrderService).unwrap(), keys)
}

/// Noise, words, and three parts that look like a token.
fn anything() -> impl Strategy<Value = String> {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    let text = bytes.clone().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let parts = prop::collection::vec(bytes, 0..5).prop_map(|parts| {
        parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join(".")
    });
    prop_oneof![any::<String>(), text, parts, "[A-Za-z0-9_.=-]{0,3000}"]
}

/// What somebody does to a token that they hold.
#[derive(Debug, Clone)]
enum Change {
    Replace(prop::sample::Index, char),
    Insert(prop::sample::Index, String),
    Remove(prop::sample::Index, usize),
    Cut(prop::sample::Index),
    /// Another token's header, claims or signature.
    Swap(usize),
    Repeat,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<prop::sample::Index>;
    let change = prop_oneof![
        (at(), "[A-Za-z0-9_.=-]")
            .prop_map(|(at, by)| { Change::Replace(at, by.chars().next().unwrap_or('A')) }),
        (at(), any::<String>()).prop_map(|(at, text)| Change::Insert(at, text)),
        (at(), 1_usize..9).prop_map(|(at, many)| Change::Remove(at, many)),
        at().prop_map(Change::Cut),
        (0_usize..3).prop_map(Change::Swap),
        Just(Change::Repeat),
    ];
    prop::collection::vec(change, 1..4)
}

/// `token` and `other` are ASCII; what is inserted need not be.
fn changed(token: &str, other: &str, changes: &[Change]) -> String {
    let mut letters: Vec<char> = token.chars().collect();
    for change in changes {
        if letters.is_empty() {
            break;
        }
        match change {
            Change::Replace(at, by) => {
                let at = at.index(letters.len());
                letters[at] = *by;
            }
            Change::Insert(at, text) => {
                let at = at.index(letters.len());
                letters.splice(at..at, text.chars());
            }
            Change::Remove(at, many) => {
                let at = at.index(letters.len());
                letters.drain(at..(at + many).min(letters.len()));
            }
            Change::Cut(at) => letters.truncate(at.index(letters.len())),
            Change::Swap(part) => {
                let text: String = letters.iter().collect();
                let mut parts: Vec<&str> = text.split('.').collect();
                if let (Some(mine), Some(theirs)) =
                    (parts.get_mut(*part), other.split('.').nth(*part))
                {
                    *mine = theirs;
                }
                letters = parts.join(".").chars().collect();
            }
            Change::Repeat => letters.extend(letters.clone()),
        }
    }
    letters.into_iter().collect()
}

/// Claims of every kind, signed by the right key: what no code of ours issues.
fn strange_claims() -> impl Strategy<Value = Claims> {
    let subject = prop_oneof![
        Just(Subject::Member(MemberId::new())),
        Just(Subject::Device(DeviceId::new())),
    ];
    let roles = prop::collection::vec(prop::sample::select(Role::ALL.to_vec()), 0..4);
    let moment = || prop_oneof![any::<i64>(), -2_000_i64..2_000];
    let issuer = prop_oneof![Just(ISSUER.to_owned()), any::<String>()];
    let of = (issuer, subject, prop::sample::select(Scope::ALL.to_vec()), roles);
    (of, any::<bool>(), any::<u32>(), moment(), moment()).prop_map(
        |((iss, sub, scope, roles), device, generation, iat, exp)| Claims {
            iss,
            sub,
            sid: SessionId::new(),
            scope,
            roles,
            dev: device.then(DeviceId::new),
            generation,
            iat: now().timestamp().saturating_add(iat),
            exp: now().timestamp().saturating_add(exp),
        },
    )
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn noise_is_nobodys_token(text in anything()) {
        prop_assert!(verifier(&signer()).verify(&text, now()).is_err());
        let (_, keys) = service_token();
        prop_assert!(keys.verify(&text, Peer::OrderService, chrono::Utc::now()).is_err());
    }

    #[test]
    fn a_token_that_was_changed_is_no_token(changes in changes()) {
        let signer = signer();
        let (token, other) = (issued(&signer), issued(&signer));
        let altered = changed(&token, &other, &changes);
        let verifier = verifier(&signer);
        // In memory as in the making: what was good before vouches for nothing.
        prop_assert!(verifier.verify(&token, now()).is_ok());
        if altered != token && altered != other {
            prop_assert!(verifier.verify(&altered, now()).is_err(), "{altered}");
        }
        let (token, keys) = service_token();
        let altered = changed(&token, &other, &changes);
        if altered != token {
            let verified = keys.verify(&altered, Peer::OrderService, chrono::Utc::now());
            prop_assert!(verified.is_err(), "{altered}");
        }
    }

    #[test]
    fn no_other_algorithm_and_no_other_key_signs(
        algorithm in prop_oneof![
            "(none|None|NONE|HS256|HS512|RS256|PS256|ES256|EdDSA|Ed25519|ES256K)",
            any::<String>(),
        ],
        signature in prop::collection::vec(any::<u8>(), 0..100),
        seed in any::<[u8; 32]>(),
    ) {
        let right = signer();
        let token = issued(&right);
        let claims = token.split('.').nth(1).unwrap();
        let header = serde_json::json!({"typ": "JWT", "alg": algorithm, "kid": right.kid()});
        let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
        // The public key as if it were a secret, which a verifier that believes
        // the header would be talked into.
        let public = hmac::Key::new(hmac::HMAC_SHA256, &public_key_of(&SEED).unwrap());
        let tag = hmac::sign(&public, signed.as_bytes());
        for signature in [&signature[..], tag.as_ref(), &[]] {
            let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
            prop_assert!(verifier(&right).verify(&forged, now()).is_err(), "{forged}");
        }
        if seed != SEED {
            let foreign = issued(&AccessTokenSigner::new(seed).unwrap());
            prop_assert!(verifier(&right).verify(&foreign, now()).is_err());
        }
    }

    #[test]
    fn strange_claims_break_nothing_and_live_no_longer(claims in strange_claims()) {
        let right = signer();
        let token = right.sign(&claims).unwrap();
        let Ok(holder) = verifier(&right).verify(&token, now()) else { return Ok(()) };
        let now = now().timestamp();
        prop_assert_eq!(&claims.iss, ISSUER);
        prop_assert!(claims.iat <= now + LEEWAY_SECONDS && claims.exp + LEEWAY_SECONDS > now);
        prop_assert!(claims.exp - claims.iat <= ACCESS_TOKEN_SECONDS);
        prop_assert_eq!(holder.session(), claims.sid);
    }
}
