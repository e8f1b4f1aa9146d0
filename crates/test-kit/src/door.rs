//! Everybody at a service's door: each kind of caller calls each method straight at
//! its port, and whether they get in is compared with the table of who may do what.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use ring::hmac;
use runtime::{
    AppError, Code,
    grpc::USER_TOKEN,
    tokens::{AccessTokenSigner, Claims, Credentials, ISSUER, Subject},
};
use tonic::{Request, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel};
use tonic_prost::ProstCodec;
use types::{DeviceId, MemberId, Role, Scope, SessionId};
use wire::access::{METHODS, Needs, Peer, Rule};

/// Longer than a call takes, and shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A service, and what it takes to come to it as anybody.
pub struct Door<'a> {
    /// `http://127.0.0.1:port`
    pub url: String,
    pub own: Peer,
    /// The seed of each service's key.
    pub seed: fn(Peer) -> [u8; 32],
    /// Whose access tokens it believes.
    pub signer: &'a AccessTokenSigner,
    /// A paired device that the service knows.
    pub device: DeviceId,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The door let it in; what the handler made of it is its own concern.
    Entered,
    /// Not known who it is.
    Unauthenticated,
    /// Known, and may not.
    Forbidden,
}

use Answer::{Entered, Forbidden, Unauthenticated};

/// What a caller is.
#[derive(Debug, Clone, Copy)]
enum Who {
    /// A service token that is no good, or none.
    NoService,
    /// A service for itself.
    Service(Peer),
    /// Through the gateway, with an access token that is no good.
    BadToken,
    /// A good access token, in the hands of a service that speaks for nobody.
    Stolen,
    /// Through the gateway.
    Person(Role, Scope),
    Device(Scope),
}

/// A caller with what they bring.
struct Caller {
    name: String,
    who: Who,
    service: Option<String>,
    user: Option<String>,
}

impl Door<'_> {
    /// Calls every method of the table that begins with this, such as
    /// `/everything.order.`, as everybody; panics where somebody gets in who may not,
    /// or does not get in who may.
    pub async fn walk(&self, methods: &str) {
        let callers = self.everybody();
        let mut wrong = Vec::new();
        let mut calls = 0;
        for (path, rule) in METHODS.iter().filter(|(path, _)| path.starts_with(methods)) {
            for caller in &callers {
                let (expected, seen) =
                    (expected(*rule, caller.who), self.knock(path, caller).await);
                calls += 1;
                if seen != expected {
                    wrong.push(format!("{path} as {}: {seen:?}, not {expected:?}", caller.name));
                }
            }
        }
        assert!(calls > 500, "only {calls} calls");
        assert!(wrong.is_empty(), "{} of {calls}:\n{}", wrong.len(), wrong.join("\n"));
    }

    /// Calls a method with nothing in the request.
    async fn knock(&self, path: &'static str, caller: &Caller) -> Answer {
        let channel = Channel::from_shared(self.url.clone()).expect("an address").connect_lazy();
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.expect("the service answers");
        let mut request = Request::new(());
        request.set_timeout(PATIENCE);
        let headers = [("authorization", &caller.service), (USER_TOKEN, &caller.user)];
        for (name, value) in headers {
            if let Some(value) = value {
                request.metadata_mut().insert(name, value.parse().expect("a header"));
            }
        }
        // A stream of one answer or of many: what comes first tells.
        let codec = ProstCodec::<(), ()>::default();
        let answer = grpc.server_streaming(request, PathAndQuery::from_static(path), codec).await;
        match answer.map_err(|status| AppError::from_status(status).code) {
            Err(Code::Unauthenticated) => Unauthenticated,
            Err(Code::Forbidden) => Forbidden,
            Ok(_) | Err(_) => Entered,
        }
    }

    fn everybody(&self) -> Vec<Caller> {
        let mut all = Vec::new();
        let mut add = |name: String, who, service: Option<String>, user: Option<String>| {
            all.push(Caller { name, who, service, user });
        };
        let gateway = self.service(Peer::Server, self.own);
        let admin = self.person(Role::Admin, Scope::Full);
        let good = self.signer.sign(&admin).expect("a token");

        add("nobody".to_owned(), Who::NoService, None, None);
        add("a person without a service".to_owned(), Who::NoService, None, Some(good.clone()));
        for (name, token) in self.bad_services(&good) {
            add(name.to_owned(), Who::NoService, Some(token), Some(good.clone()));
        }
        for peer in Peer::ALL.into_iter().filter(|peer| *peer != self.own) {
            let token = self.service(peer, self.own);
            add(peer.name().to_owned(), Who::Service(peer), Some(token.clone()), None);
            if peer != Peer::Server {
                let name = format!("{} with an admin's token", peer.name());
                add(name, Who::Stolen, Some(token), Some(good.clone()));
            }
        }
        for (name, token) in self.bad_tokens(&admin) {
            add(name.to_owned(), Who::BadToken, Some(gateway.clone()), Some(token));
        }
        for scope in Scope::ALL {
            for role in Role::ALL {
                let token = self.signer.sign(&self.person(role, scope)).expect("a token");
                let who = Who::Person(role, scope);
                add(format!("{role}, {scope}"), who, Some(gateway.clone()), Some(token));
            }
            let token = self.signer.sign(&self.device(scope)).expect("a token");
            let name = format!("a device, {scope}");
            add(name, Who::Device(scope), Some(gateway.clone()), Some(token));
        }
        all
    }

    fn service(&self, peer: Peer, audience: Peer) -> String {
        let credentials = Credentials::new(peer, (self.seed)(peer)).expect("a key");
        format!("Bearer {}", credentials.token_for(audience).expect("a token"))
    }

    /// Service tokens that prove nothing.
    fn bad_services(&self, user: &str) -> Vec<(&'static str, String)> {
        let gateway = self.service(Peer::Server, self.own);
        let elsewhere = Peer::ALL.into_iter().find(|peer| *peer != self.own).expect("another");
        let stranger = Credentials::new(Peer::Server, [0xee; 32]).expect("a key");
        let stranger = stranger.token_for(self.own).expect("a token");
        let ours = Credentials::new(Peer::Server, (self.seed)(Peer::Server)).expect("a key");
        let old = ours.token_at(self.own, Utc::now() - TimeDelta::minutes(5)).expect("a token");
        vec![
            ("a service, for another audience", self.service(Peer::Server, elsewhere)),
            ("a service, altered", altered(&gateway)),
            ("a service, unsigned", format!("Bearer {}", unsigned(&gateway[7..]))),
            ("a service, with a key of its own", format!("Bearer {stranger}")),
            ("a service, expired", format!("Bearer {old}")),
            ("a person as a service", format!("Bearer {user}")),
        ]
    }

    /// Access tokens that say "admin" and must not count.
    fn bad_tokens(&self, good: &Claims) -> Vec<(&'static str, String)> {
        let sign = |claims: &Claims| self.signer.sign(claims).expect("a token");
        let now = Utc::now().timestamp();
        let stranger = AccessTokenSigner::new([0xee; 32]).expect("a key");
        let member = sign(&Claims { roles: vec![Role::Member], ..good.clone() });
        vec![
            ("expired", sign(&Claims { iat: now - 1_200, exp: now - 300, ..good.clone() })),
            ("from the future", sign(&Claims { iat: now + 300, exp: now + 1_200, ..good.clone() })),
            ("from another issuer", sign(&Claims { iss: "me".to_owned(), ..good.clone() })),
            ("signed by a stranger", stranger.sign(good).expect("a token")),
            ("altered", altered(&sign(good))),
            ("with another's roles", with_roles(&member, &sign(good))),
            ("unsigned", unsigned(&sign(good))),
            ("signed with the public key", self.confused(&sign(good))),
            ("nonsense", "x.y.z".to_owned()),
        ]
    }

    /// HS256 under the key that everybody knows: who lets the token choose the
    /// algorithm takes it for a signature.
    fn confused(&self, token: &str) -> String {
        let public = self.signer.public_key(Utc::now()).key;
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{}"}}"#, self.signer.kid());
        let claims = token.split('.').nth(1).expect("a token");
        let signed = format!("{}.{claims}", BASE64_URL_SAFE_NO_PAD.encode(header));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    fn person(&self, role: Role, scope: Scope) -> Claims {
        let now = Utc::now().timestamp();
        Claims {
            iss: ISSUER.to_owned(),
            sub: Subject::Member(MemberId::new()),
            sid: SessionId::new(),
            scope,
            roles: vec![role],
            dev: None,
            generation: 0,
            iat: now,
            exp: now + 900,
        }
    }

    fn device(&self, scope: Scope) -> Claims {
        let sub = Subject::Device(self.device);
        Claims { sub, roles: Vec::new(), ..self.person(Role::Member, scope) }
    }
}

/// The table, said the other way round.
fn expected(rule: Rule, who: Who) -> Answer {
    let nobodys = matches!(rule.needs, Needs::Nothing | Needs::Secret);
    match who {
        Who::NoService | Who::BadToken => Unauthenticated,
        Who::Stolen => Forbidden,
        Who::Service(peer) if rule.services.contains(&peer) => Entered,
        Who::Service(_) if nobodys => Forbidden,
        Who::Service(_) => Unauthenticated,
        Who::Person(..) | Who::Device(_) if nobodys => {
            if rule.services.contains(&Peer::Server) {
                Entered
            } else {
                Forbidden
            }
        }
        Who::Person(_, scope) if !rule.admits(scope) => Forbidden,
        Who::Device(scope) if rule.admits_device(scope) => Entered,
        Who::Device(_) if rule.needs == Needs::Device => Forbidden,
        Who::Device(_) => Unauthenticated,
        Who::Person(role, _) => {
            let enough = match rule.needs {
                Needs::Nothing | Needs::Secret | Needs::Member => true,
                Needs::Device => false,
                Needs::Barista => role != Role::Member,
                Needs::Admin => role == Role::Admin,
            };
            if enough { Entered } else { Forbidden }
        }
    }
}

/// With another last byte of its claims.
fn altered(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let (start, last) = signed.split_at(signed.len() - 2);
    let other = if last == "AA" { "BB" } else { "AA" };
    format!("{start}{other}.{signature}")
}

/// One token's claims under another's signature.
fn with_roles(signed: &str, claims: &str) -> String {
    let (_, signature) = signed.rsplit_once('.').expect("a token");
    let (claims, _) = claims.rsplit_once('.').expect("a token");
    format!("{claims}.{signature}")
}

/// With the algorithm "none", and no signature.
fn unsigned(token: &str) -> String {
    let mut parts = token.split('.');
    let (header, claims) = (parts.next().expect("a token"), parts.next().expect("a token"));
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).expect("base64url");
    let header = String::from_utf8(header).expect("JSON").replace("EdDSA", "none");
    format!("{}.{claims}.", BASE64_URL_SAFE_NO_PAD.encode(header))
}
