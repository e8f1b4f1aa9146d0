//! Keys and revocations arrive, last, and their absence is known.

use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, Utc};
use futures::StreamExt;
use runtime::{
    Peer, Runtime, grpc,
    identity_feed::{self, KeyStore},
    tokens::{AccessTokenSigner, AccessTokenVerifier, TokenError},
};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use types::{Role, SessionId, Timestamp};
use wire::customer::v1::{Key, KeySet, Revocation};

use crate::{
    channel, leave,
    stand_in::{Customers, answer, stream},
    start, until,
};

fn wire_time(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 })
}

/// A customer-service that tells of one key and of what the test revokes.
fn customer_service(
    signer: &AccessTokenSigner,
    address: std::net::SocketAddr,
) -> (Runtime, std::net::SocketAddr, broadcast::Sender<Revocation>) {
    let service = start(Peer::CustomerService);
    let public = signer.public_key(Utc::now() + TimeDelta::days(1));
    let keys = KeySet {
        keys: vec![Key {
            kid: public.kid,
            ed25519_public_key: bytes::Bytes::copy_from_slice(&public.key),
            not_after: wire_time(public.not_after),
        }],
    };
    let (revoke, _) = broadcast::channel(16);
    let sender = revoke.clone();
    let customers = Customers::new(move |method, _| {
        let response = match method.as_str() {
            "GetKeys" => answer(&keys),
            _ => {
                let heartbeat = Revocation { session_id: String::new(), until: None };
                let news = BroadcastStream::new(sender.subscribe());
                let news = news.filter_map(|item| async move { item.ok() });
                stream(futures::stream::iter([heartbeat]).chain(news))
            }
        };
        async move { response }
    });
    let config = grpc::Config::on(address);
    let bound =
        grpc::server(&service, &config, AccessTokenVerifier::new()).add(customers).bind().unwrap();
    let address = bound.local_addr();
    service.spawn("grpc", bound.serve());
    (service, address, revoke)
}

#[tokio::test]
async fn keys_and_revocations_arrive_and_keys_outlast_customer_service() {
    let signer = AccessTokenSigner::new([5; 32]).unwrap();
    let (service, address, revoke) = customer_service(&signer, ([127, 0, 0, 1], 0).into());
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
    let customers = channel(address, Peer::CustomerService, &gateway);
    let feed =
        identity_feed::start(&gateway, customers.clone(), verifier.clone(), store.clone()).await;
    until("the stream is up", async || feed.stream_up()).await;

    let session = SessionId::new();
    let member = types::MemberId::new();
    let roles = [Role::Member].into();
    let (token, _) = signer.issue(member, session, roles, Utc::now()).unwrap();
    let person = verifier.verify(&token, Utc::now()).unwrap();
    revoke
        .send(Revocation {
            session_id: session.to_string(),
            until: wire_time(Utc::now() + TimeDelta::hours(1)),
        })
        .unwrap();
    tokio::time::timeout(crate::PATIENCE, verifier.ended(&person)).await.unwrap();
    assert_eq!(verifier.verify(&token, Utc::now()), Err(TokenError::Revoked));

    // Without customer-service that is known, and members go on.
    leave(service).await;
    until("the stream is down", async || !feed.stream_up()).await;
    let (token, _) = signer.issue(member, SessionId::new(), roles, Utc::now()).unwrap();
    assert!(verifier.verify(&token, Utc::now()).is_ok());

    // A service that starts now has the keys from its store.
    let late = AccessTokenVerifier::new();
    let late_feed = identity_feed::start(&gateway, customers, late.clone(), store).await;
    assert!(late.verify(&token, Utc::now()).is_ok() && !late_feed.stream_up());

    // And when customer-service is back, so is the stream.
    let (service, ..) = customer_service(&signer, address);
    until("both are up again", async || feed.stream_up() && late_feed.stream_up()).await;
    leave(gateway).await;
    leave(service).await;
}

#[tokio::test]
async fn a_file_keeps_the_keys() {
    let folder = std::env::temp_dir().join(format!("keys-{}", uuid::Uuid::new_v4()));
    let signer = AccessTokenSigner::new([6; 32]).unwrap();
    let (service, address, _revoke) = customer_service(&signer, ([127, 0, 0, 1], 0).into());
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
