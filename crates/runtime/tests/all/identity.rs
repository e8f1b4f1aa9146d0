//! Keys and revocations arrive, last, and their absence is known.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use futures::StreamExt;
use runtime::{
    Peer, Runtime, grpc,
    identity_feed::{self, KeyStore},
    tokens::{AccessTokenSigner, AccessTokenVerifier, Grant, TokenError},
};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use types::{Role, SessionId, Timestamp};
use wire::customer::v1::{Key, KeySet, Revocation};

use crate::{
    channel, leave,
    stand_in::{Customers, answer, stream},
    start, until,
    way::Way,
};

fn wire_time(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 })
}

/// A customer-service that tells of one key and of what the test revokes.
fn customer_service(
    signer: &AccessTokenSigner,
) -> (Runtime, std::net::SocketAddr, broadcast::Sender<Revocation>) {
    let (service, address, revoke, _) = one_with_keys(signer);
    (service, address, revoke)
}

fn key_of(signer: &AccessTokenSigner) -> Key {
    let public = signer.public_key(Utc::now() + TimeDelta::days(1));
    Key {
        kid: public.kid,
        ed25519_public_key: bytes::Bytes::copy_from_slice(&public.key),
        not_after: wire_time(public.not_after),
    }
}

/// The same, and the keys that it tells of.
fn one_with_keys(
    signer: &AccessTokenSigner,
) -> (Runtime, std::net::SocketAddr, broadcast::Sender<Revocation>, Arc<Mutex<Vec<Key>>>) {
    let service = start(Peer::CustomerService);
    let keys = Arc::new(Mutex::new(vec![key_of(signer)]));
    let (revoke, _) = broadcast::channel(16);
    let (sender, told) = (revoke.clone(), keys.clone());
    let customers = Customers::new(move |method, _| {
        let response = match method.as_str() {
            "GetKeys" => answer(&KeySet { keys: told.lock().unwrap().clone() }),
            _ => {
                let beats = futures::stream::unfold(Duration::ZERO, async |wait| {
                    tokio::time::sleep(wait).await;
                    Some((Revocation::default(), Duration::from_secs(1)))
                });
                let news = BroadcastStream::new(sender.subscribe());
                let news = news.filter_map(|item| async move { item.ok() });
                stream(futures::stream::select(beats, news))
            }
        };
        async move { response }
    });
    let config = grpc::Config::on(([127, 0, 0, 1], 0).into());
    let bound =
        grpc::server(&service, &config, AccessTokenVerifier::new()).add(customers).bind().unwrap();
    let address = bound.local_addr();
    service.spawn("grpc", bound.serve());
    (service, address, revoke, keys)
}

#[tokio::test]
async fn keys_and_revocations_arrive_and_keys_outlast_customer_service() {
    let signer = AccessTokenSigner::new([5; 32]).unwrap();
    let (service, address, revoke) = customer_service(&signer);
    let way = Way::to(Some(address)).await;
    let gateway = start(Peer::Server);
    let kept: Arc<Mutex<Option<String>>> = Arc::default();
    let (load, save) = (kept.clone(), kept.clone());
    let store = KeyStore::new(
        move || {
            let text = load.lock().unwrap().clone();
            async move { Ok(text) }
        },
        move |text| {
            *save.lock().unwrap() = Some(text);
            async { Ok(()) }
        },
    );
    let verifier = AccessTokenVerifier::new();
    let customers = channel(way.address, Peer::CustomerService, &gateway);
    identity_feed::start(&gateway, customers.clone(), verifier.clone(), store.clone()).await;
    until("the stream is up", async || verifier.is_fresh()).await;

    let session = SessionId::new();
    let member = types::MemberId::new();
    let roles = [Role::Member].into();
    let (token, _) = signer.issue(&Grant::full(member, session, roles), Utc::now()).unwrap();
    let person = verifier.verify(&token, Utc::now()).unwrap();
    revoke
        .send(Revocation {
            session_id: session.to_string(),
            until: wire_time(Utc::now() + TimeDelta::hours(1)),
            ..Revocation::default()
        })
        .unwrap();
    tokio::time::timeout(crate::PATIENCE, verifier.ended(&person)).await.unwrap();
    assert_eq!(verifier.verify(&token, Utc::now()), Err(TokenError::Revoked));

    // Other roles: the old token is refused, the sign-in's next one is not.
    let of = |generation| {
        let grant = Grant { generation, ..Grant::full(member, SessionId::new(), roles) };
        signer.issue(&grant, Utc::now()).unwrap().0
    };
    let (old, new) = (of(0), of(1));
    let person = verifier.verify(&old, Utc::now()).unwrap();
    revoke
        .send(Revocation {
            member_id: member.to_string(),
            generation: 1,
            until: wire_time(Utc::now() + TimeDelta::hours(1)),
            ..Revocation::default()
        })
        .unwrap();
    tokio::time::timeout(crate::PATIENCE, verifier.ended(&person)).await.unwrap();
    assert_eq!(verifier.verify(&old, Utc::now()), Err(TokenError::Revoked));
    assert!(verifier.verify(&new, Utc::now()).is_ok());

    // Without customer-service that is known, and members go on.
    way.lead_to(None);
    leave(service).await;
    until("the stream is down", async || !verifier.is_fresh()).await;
    let token = of(1);
    assert!(verifier.verify(&token, Utc::now()).is_ok());

    // A service that starts now has the keys from its store.
    let late = AccessTokenVerifier::new();
    identity_feed::start(&gateway, customers, late.clone(), store).await;
    assert!(late.verify(&token, Utc::now()).is_ok() && !late.is_fresh());

    // And when customer-service is back, so is the stream.
    let (service, address, _revoke) = customer_service(&signer);
    way.lead_to(Some(address));
    until("both are up again", async || verifier.is_fresh() && late.is_fresh()).await;
    leave(gateway).await;
    leave(service).await;
}

/// Long before the keys are read again anyway.
#[tokio::test]
async fn a_token_of_an_unknown_key_is_reason_to_ask_for_the_keys() {
    let (old, new) =
        (AccessTokenSigner::new([5; 32]).unwrap(), AccessTokenSigner::new([6; 32]).unwrap());
    let (service, address, _revoke, keys) = one_with_keys(&old);
    let gateway = start(Peer::Server);
    let verifier = AccessTokenVerifier::new();
    let customers = channel(address, Peer::CustomerService, &gateway);
    let forgetful = KeyStore::new(|| async { Ok(None) }, |_| async { Ok(()) });
    identity_feed::start(&gateway, customers, verifier.clone(), forgetful).await;
    until("the stream is up", async || verifier.is_fresh()).await;
    keys.lock().unwrap().push(key_of(&new));
    let (member, roles) = (types::MemberId::new(), [Role::Member].into());
    let grant = Grant::full(member, SessionId::new(), roles);
    let (token, _) = new.issue(&grant, Utc::now()).unwrap();
    assert_eq!(verifier.verify(&token, Utc::now()), Err(TokenError::UnknownKey));
    until("it is known", async || verifier.verify(&token, Utc::now()).is_ok()).await;
    leave(gateway).await;
    leave(service).await;
}

#[tokio::test]
async fn a_file_keeps_the_keys() {
    let folder = std::env::temp_dir().join(format!("keys-{}", uuid::Uuid::new_v4()));
    let signer = AccessTokenSigner::new([6; 32]).unwrap();
    let (service, address, _revoke) = customer_service(&signer);
    let gateway = start(Peer::Server);
    let verifier = AccessTokenVerifier::new();
    let customers = channel(address, Peer::CustomerService, &gateway);
    let path = folder.join("keys.json");
    identity_feed::start(&gateway, customers.clone(), verifier, KeyStore::file(&path)).await;
    until("the file is there", async || path.exists()).await;
    leave(service).await;
    let late = AccessTokenVerifier::new();
    identity_feed::start(&gateway, customers, late.clone(), KeyStore::file(&path)).await;
    assert_eq!(late.keys()[0].kid, signer.kid());
    leave(gateway).await;
    std::fs::remove_dir_all(folder).unwrap();
}
