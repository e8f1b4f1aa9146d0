//! The specification's own test vectors, and a device that errs and lies in
//! every way there is.

use std::collections::BTreeMap;

use proptest::prelude::*;
use test_kit::authenticator::{Authenticator, Challenged, Mischief};

use super::*;

const ORIGIN: &str = "https://coffee.local:8443";
const CHALLENGE: [u8; 32] = [7; 32];
const USER: [u8; 16] = [9; 16];

type Vectors = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

fn vectors() -> Vectors {
    let mut all = Vectors::new();
    let mut name = String::new();
    for line in include_str!("vectors.txt").lines().skip_while(|line| !line.starts_with('[')) {
        if let Some(next) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            next.clone_into(&mut name);
        } else if let Some((field, bytes)) = line.split_once(' ') {
            let vector = all.entry(name.clone()).or_default();
            vector.insert(field.to_owned(), hex::decode(bytes).unwrap());
        }
    }
    all
}

/// Registers and signs in with a vector: what becomes of each.
fn walk(
    party: &RelyingParty,
    vector: &BTreeMap<String, Vec<u8>>,
) -> (Result<Credential, Refused>, Option<Result<Used, Refused>>) {
    let create = Registration {
        client_data_json: &vector["create.client_data"],
        attestation_object: &vector["create.attestation_object"],
    };
    let registered = party.register(&vector["create.challenge"], create);
    let used = registered.as_ref().ok().map(|credential| {
        let get = Assertion {
            client_data_json: &vector["get.client_data"],
            authenticator_data: &vector["get.authenticator_data"],
            signature: &vector["get.signature"],
        };
        party.authenticate(&vector["get.challenge"], get, credential)
    });
    (registered, used)
}

fn example() -> RelyingParty {
    let origins = vec!["https://example.org".to_owned()];
    RelyingParty::new("example.org", origins, UserVerification::Preferred)
}

#[test]
fn the_specifications_test_vectors_are_judged_as_it_says() {
    let party = example();
    let vectors = vectors();
    assert_eq!(vectors.len(), 9);
    for (name, vector) in &vectors {
        let (registered, used) = walk(&party, vector);
        let refused = match name.as_str() {
            "none-es256-crossOrigin" | "none-es256-topOrigin" => Some(Refused::Framed),
            "packed-es384" => Some(Refused::UnknownAlgorithm),
            _ => None,
        };
        assert_eq!(registered.as_ref().err(), refused.as_ref(), "{name}");
        match (refused, used) {
            (None, Some(used)) => assert!(used.is_ok(), "{name}: {used:?}"),
            (Some(_), None) => {}
            (_, used) => panic!("{name}: {used:?}"),
        }
    }
    let (long, _) = walk(&party, &vectors["none-es256-long-credential-id"]);
    assert_eq!(long.unwrap().id.len(), LONGEST_CREDENTIAL_ID);
}

#[test]
fn an_altered_vector_signs_nobody_in() {
    let party = example();
    for name in ["none-es256", "packed-eddsa", "packed-rs256"] {
        let whole = &vectors()[name];
        for field in ["get.client_data", "get.authenticator_data", "get.signature"] {
            for at in 0..whole[field].len() {
                let mut vector = whole.clone();
                vector.get_mut(field).unwrap()[at] ^= 1;
                let (_, used) = walk(&party, &vector);
                assert!(used.unwrap().is_err(), "{name} {field} {at}");
            }
        }
    }
}

fn house() -> RelyingParty {
    RelyingParty::new("coffee.local", vec![ORIGIN.to_owned()], UserVerification::Required)
}

fn challenged(origin: &str) -> Challenged<'_> {
    Challenged { origin, rp_id: "coffee.local", challenge: &CHALLENGE }
}

fn register(device: &mut Authenticator, asked: Challenged<'_>) -> Result<Credential, Refused> {
    let created = device.create(asked, &USER);
    let answer = Registration {
        client_data_json: &created.client_data_json,
        attestation_object: &created.attestation_object,
    };
    house().register(&CHALLENGE, answer)
}

fn sign_in(
    device: &mut Authenticator,
    asked: Challenged<'_>,
    known: &Credential,
) -> Result<Used, Refused> {
    let got = device.get(asked, &USER);
    let answer = Assertion {
        client_data_json: &got.client_data_json,
        authenticator_data: &got.authenticator_data,
        signature: &got.signature,
    };
    house().authenticate(&CHALLENGE, answer, known)
}

#[test]
fn a_passkey_that_was_registered_signs_in_and_counts() {
    let mut device = Authenticator::new();
    let mut known = register(&mut device, challenged(ORIGIN)).unwrap();
    assert_eq!((known.sign_count, known.backup), (0, Backup::Bound));
    for uses in 1..4 {
        let used = sign_in(&mut device, challenged(ORIGIN), &known).unwrap();
        assert_eq!(used.sign_count, uses);
        known.sign_count = used.sign_count;
    }
    // A copy of the device goes on from where it was copied.
    let mut copy = device.clone();
    known.sign_count = sign_in(&mut device, challenged(ORIGIN), &known).unwrap().sign_count;
    let refused = sign_in(&mut copy, challenged(ORIGIN), &known);
    assert_eq!(refused, Err(Refused::CounterWentBack));
}

#[test]
fn a_passkey_that_does_not_count_is_not_held_to_it() {
    let mut device = Authenticator::new().uncounted();
    let known = register(&mut device, challenged(ORIGIN)).unwrap();
    for _ in 0..2 {
        assert_eq!(sign_in(&mut device, challenged(ORIGIN), &known).unwrap().sign_count, 0);
    }
}

#[test]
fn what_a_device_or_page_gets_wrong_is_named() {
    let mut device = Authenticator::new();
    let known = register(&mut device, challenged(ORIGIN)).unwrap();
    let right = || challenged(ORIGIN);
    let other = [8; 32];
    for (asked, expected) in [
        (challenged("https://coffee.local"), Refused::WrongOrigin),
        (challenged("http://coffee.local:8443"), Refused::WrongOrigin),
        (challenged("https://coffee.local:8443.evil.example"), Refused::WrongOrigin),
        (Challenged { challenge: &other, ..right() }, Refused::WrongChallenge),
    ] {
        assert_eq!(register(&mut device.clone(), asked), Err(expected.clone()));
        assert_eq!(sign_in(&mut device.clone(), asked, &known), Err(expected));
    }
    for (mischief, expected) in [
        (Mischief::Unverified, Refused::NotVerified),
        (Mischief::Untouched, Refused::NobodyPresent),
        (Mischief::Framed, Refused::Framed),
        (Mischief::OtherParty, Refused::WrongParty),
        (Mischief::OtherKind, Refused::WrongKind),
    ] {
        let mut device = device.clone().with(mischief);
        assert_eq!(register(&mut device.clone(), right()), Err(expected.clone()), "{mischief:?}");
        assert_eq!(sign_in(&mut device, right(), &known), Err(expected), "{mischief:?}");
    }
    let mut copied = device.clone().backed_up();
    assert_eq!(sign_in(&mut copied, right(), &known), Err(Refused::BackupChanged));
    let mut stranger = Authenticator::new();
    register(&mut stranger, right()).unwrap();
    assert_eq!(sign_in(&mut stranger, right(), &known), Err(Refused::WrongSignature));
}

proptest! {
    #[test]
    fn whatever_comes_is_refused_and_nothing_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cut in 0_usize..400,
    ) {
        let party = example();
        let whole = &vectors()["none-es256"];
        let (known, _) = walk(&party, whole);
        let known = known.unwrap();
        for field in ["client_data", "attestation_object", "authenticator_data", "signature"] {
            let mut vector = whole.clone();
            for (name, value) in &mut vector {
                if name.ends_with(field) {
                    value.truncate(cut.min(value.len() - 1));
                    value.extend(&bytes);
                }
            }
            // What was cut off may have been put back.
            if vector == *whole {
                continue;
            }
            let (registered, used) = walk(&party, &vector);
            prop_assert!(registered.is_err() || used.is_some());
            let get = Assertion {
                client_data_json: &vector["get.client_data"],
                authenticator_data: &vector["get.authenticator_data"],
                signature: &vector["get.signature"],
            };
            let used = party.authenticate(&vector["get.challenge"], get, &known);
            prop_assert!(used.is_err() || field == "attestation_object", "{field}");
        }
        let _ = PublicKey::read(&bytes);
    }
}
