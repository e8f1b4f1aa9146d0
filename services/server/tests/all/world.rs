//! Boots the gateway and its two scripted services; everything ends with the
//! test's tokio runtime.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use runtime::{
    Peer, Runtime,
    tokens::{
        AccessTokenSigner, AccessTokenVerifier, Claims, Credentials, ISSUER, PeerKeys, Subject,
    },
};
use secrecy::SecretString;
use server::{App, Config};
use tokio::sync::watch;
use types::{DeviceId, MemberId, Role, Scope, SessionId};
use wire::{
    customer::v1::{Key, KeySet, TokenPair, customer_service_server::CustomerServiceServer},
    order::v1::order_service_server::OrderServiceServer,
};

use crate::{
    fakes::{Desk, FakeCustomers, FakeOrders, Log},
    http_client::Call,
};

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) https: Option<SocketAddr>,
    pub(crate) app: App,
    pub(crate) gateway: Runtime,
    pub(crate) orders: FakeOrders,
    pub(crate) customers: FakeCustomers,
    pub(crate) signer: Arc<AccessTokenSigner>,
}

/// Where nobody listens.
pub(crate) const AWAY: &str = "http://127.0.0.1:1";

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Someone {
    pub(crate) member: MemberId,
    pub(crate) session: SessionId,
    pub(crate) token: String,
}

/// A paired device with its token.
#[derive(Clone)]
pub(crate) struct Tablet {
    pub(crate) session: SessionId,
    pub(crate) token: String,
}

const PEERS: [(Peer, [u8; 32]); 3] =
    [(Peer::Server, [1; 32]), (Peer::OrderService, [2; 32]), (Peer::CustomerService, [3; 32])];

fn runtime_config(peer: Peer) -> runtime::Config {
    let peers = PEERS
        .map(|(peer, seed)| (peer, Credentials::new(peer, seed).unwrap().public_key().unwrap()));
    let seed = PEERS.iter().find(|(other, _)| *other == peer).unwrap().1;
    runtime::Config {
        admin_listen: local(),
        log: "warn".to_owned(),
        log_format: runtime::config::LogFormat::Text,
        otlp_endpoint: None,
        service_key: SecretString::from(base64(&seed)),
        peer_keys: PeerKeys::new(peers).to_text(),
        pre_stop_seconds: 0,
        drain_seconds: 5,
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn local() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let signer = Arc::new(AccessTokenSigner::new([9; 32]).unwrap());
        let public = signer.public_key(Utc::now() + TimeDelta::days(30));
        let verifier = AccessTokenVerifier::new();
        verifier.set_keys([public.clone()]);
        verifier.set_fresh(true);

        let orders = FakeOrders { desk: Arc::default(), log: Arc::new(Log::new()) };
        let runtime = start(Peer::OrderService);
        let bound =
            runtime::grpc::server(&runtime, &runtime::grpc::Config::on(local()), verifier.clone())
                .add(OrderServiceServer::new(orders.clone()))
                .bind()
                .unwrap();
        let order_service_url = format!("http://{}", bound.local_addr());
        runtime.spawn("orders", bound.serve());

        let customers = FakeCustomers {
            desk: Arc::<Desk>::default(),
            revocations: watch::Sender::default(),
            feeding: watch::Sender::new(true),
        };
        let key = Key {
            kid: public.kid.clone(),
            ed25519_public_key: public.key.to_vec().into(),
            not_after: Some(prost_types::Timestamp {
                seconds: public.not_after.timestamp(),
                nanos: 0,
            }),
        };
        customers.desk.on("get_keys", move |_: wire::customer::v1::GetKeysRequest, _| {
            Ok(KeySet { keys: vec![key.clone()] })
        });
        let runtime = start(Peer::CustomerService);
        let bound = runtime::grpc::server(&runtime, &runtime::grpc::Config::on(local()), verifier)
            .add(CustomerServiceServer::new(customers.clone()))
            .bind()
            .unwrap();
        let customer_service_url = format!("http://{}", bound.local_addr());
        runtime.spawn("customers", bound.serve());

        let mut config = Config {
            runtime: runtime_config(Peer::Server),
            http_listen: local(),
            https: server::config::Https::default(),
            public_url: "http://localhost".parse().unwrap(),
            extra_hosts: vec!["coffee.home".to_owned()],
            trusted_proxies: Vec::new(),
            order_service_url,
            customer_service_url,
            valkey_url: None,
            state_dir: None,
            time_zone: chrono_tz::Europe::Berlin,
            requests_per_minute: 100_000,
            sign_ins_per_minute: 1_000,
            connections: 256,
            streams_per_member: 8,
            live_ring: 64,
            counter_idle: Duration::from_secs(300),
            kiosk_idle: Duration::from_secs(60),
            request_deadline: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
        };
        change(&mut config);
        let gateway = start(Peer::Server);
        let listening = server::serve::start(config, gateway.clone()).await.unwrap();
        let server::serve::Listening { app, http: address, https } = listening;
        let world = Self { address, https, app, gateway, orders, customers, signer };
        if world.app.config().customer_service_url != AWAY {
            world.until("the revocations arrive", |world| world.app.verifier().is_fresh()).await;
        }
        world
    }

    /// Waits for a condition, at most 10 s.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1_000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited for 10 s until {what}");
    }

    /// Somebody with these roles, signed in for 15 minutes.
    pub(crate) fn someone(&self, roles: &[Role]) -> Someone {
        self.someone_for(roles, 900)
    }

    /// Somebody whose token has so many seconds left.
    pub(crate) fn someone_for(&self, roles: &[Role], seconds: i64) -> Someone {
        let (member, session) = (MemberId::new(), SessionId::new());
        let token = self.token(member, session, roles, seconds);
        Someone { member, session, token }
    }

    /// Somebody whose sign-in is for something narrow.
    pub(crate) fn someone_within(&self, roles: &[Role], scope: Scope) -> Someone {
        let (member, session) = (MemberId::new(), SessionId::new());
        let now = Utc::now().timestamp();
        let claims = claims(member, session, roles, scope, now, now + 900);
        let token = self.signer.sign(&claims).unwrap();
        Someone { member, session, token }
    }

    /// A paired device at which nobody acts.
    pub(crate) fn device(&self, scope: Scope) -> Tablet {
        let (device, session) = (DeviceId::new(), SessionId::new());
        let now = Utc::now().timestamp();
        let claims = Claims {
            sub: Subject::Device(device),
            ..claims(MemberId::new(), session, &[], scope, now, now + 900)
        };
        Tablet { session, token: self.signer.sign(&claims).unwrap() }
    }

    /// Somebody who acts at a paired device.
    pub(crate) fn someone_at(&self, roles: &[Role], scope: Scope) -> Someone {
        let (member, session) = (MemberId::new(), SessionId::new());
        let now = Utc::now().timestamp();
        let claims = Claims {
            dev: Some(DeviceId::new()),
            ..claims(member, session, roles, scope, now, now + 900)
        };
        Someone { member, session, token: self.signer.sign(&claims).unwrap() }
    }

    pub(crate) fn token(
        &self,
        member: MemberId,
        session: SessionId,
        roles: &[Role],
        seconds: i64,
    ) -> String {
        let now = Utc::now().timestamp();
        let (issued, expires) = (now - 900 + seconds, now + seconds);
        let claims = claims(member, session, roles, Scope::Full, issued, expires);
        self.signer.sign(&claims).unwrap()
    }

    /// A pair as customer-service would deal it.
    pub(crate) fn pair(&self, someone: &Someone, refresh_token: &str) -> TokenPair {
        let at = |seconds: i64| {
            Some(prost_types::Timestamp { seconds: Utc::now().timestamp() + seconds, nanos: 0 })
        };
        TokenPair {
            access_token: someone.token.clone(),
            access_expires_at: at(900),
            refresh_token: refresh_token.to_owned(),
            refresh_expires_at: at(30 * 24 * 3600),
            member_id: someone.member.to_string(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        Call::new(self.address, "GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        Call::new(self.address, "POST", path)
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.address, method, path)
    }
}

fn start(peer: Peer) -> Runtime {
    runtime::start(peer, &runtime_config(peer)).unwrap()
}

fn claims(
    member: MemberId,
    session: SessionId,
    roles: &[Role],
    scope: Scope,
    iat: i64,
    exp: i64,
) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: Subject::Member(member),
        sid: session,
        scope,
        roles: roles.to_vec(),
        dev: None,
        generation: 0,
        iat,
        exp,
    }
}
