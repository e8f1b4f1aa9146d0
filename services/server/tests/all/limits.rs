//! How much one may ask for: counted together in Valkey, alone without it.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use secrecy::SecretString;
use serde_json::json;
use server::limits::Limits;
use types::Role;

use crate::world::{Someone, World};

const MEMBER: &[Role] = &[Role::Member];

/// Sends until one is refused; `most` is what two minutes allow, and one more.
async fn until_refused(world: &World, by: &Someone, most: usize) -> usize {
    for sent in 0..most {
        let answer = world.get("/v1/menu").by(by).send().await;
        if answer.status != 200 {
            assert_eq!(answer.problem_code(), (429, "too-many-requests".to_owned()));
            return sent;
        }
    }
    panic!("{most} requests and none was refused");
}

#[tokio::test]
async fn too_many_requests_of_one_member_do_not_harm_another() {
    let world = World::with(|config| config.requests_per_minute = 20).await;
    let (me, other) = (world.someone(MEMBER), world.someone(MEMBER));
    assert!(until_refused(&world, &me, 41).await >= 20);
    assert_eq!(world.get("/v1/menu").by(&other).send().await.status, 200);
}

#[tokio::test]
async fn a_form_that_came_too_soon_is_kept_for_another_try() {
    let world = World::with(|config| config.requests_per_minute = 20).await;
    let me = world.someone(MEMBER);
    until_refused(&world, &me, 41).await;
    let fields = [("key", "the-key-of-this-order"), ("note", "the <blue> cup")];
    let refused = world.post("/menu/flat-white").send_form(&me, &fields).send().await;
    assert_eq!(refused.status, 429, "{refused:?}");
    let kept = refused.hidden_fields("/menu/flat-white");
    for (name, value) in fields {
        assert!(kept.contains(&(name.to_owned(), value.to_owned())), "{kept:?}");
    }
    assert!(world.orders.desk.asked("place_order").is_empty(), "it was not let through");
    let api = world.post("/v1/orders").by(&me).json(&json!({})).send().await;
    assert_eq!(api.problem_code(), (429, "too-many-requests".to_owned()));
}

#[tokio::test]
async fn gateways_count_together_in_valkey() {
    let world = World::with(|config| config.sign_ins_per_minute = 40).await;
    let url = SecretString::from(test_kit::engines().valkey_url);
    let gateway = || {
        let valkey = runtime::valkey::connect(&world.gateway, &url).unwrap();
        Limits::new(world.app.config(), Some(valkey))
    };
    let (one, two) = (gateway(), gateway());
    // An address and a minute of its own, so that runs do not meet.
    let now = chrono::Utc::now();
    let [a, b, c, d] = uuid::Uuid::new_v4().as_u128().to_be_bytes()[..4] else { unreachable!() };
    let address = IpAddr::from([a, b, c, d]);
    let mut allowed = 0;
    for _ in 0..40 {
        allowed += usize::from(one.sign_in(address, now).await.is_ok());
        allowed += usize::from(two.sign_in(address, now).await.is_ok());
    }
    assert_eq!(allowed, 40);
}

#[tokio::test]
async fn without_valkey_nobody_is_refused_and_nobody_waits() {
    // A Valkey that hangs up on everybody, and counts them.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = SecretString::from(format!("redis://{}/", listener.local_addr().unwrap()));
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    let mut hanging_up = tokio::task::JoinSet::new();
    hanging_up.spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    // Permits come one by one, so that each request would have to ask.
    let world = World::with(|config| {
        config.valkey_url = Some(url);
        config.requests_per_minute = 39;
    })
    .await;
    let me = world.someone(MEMBER);
    let start = std::time::Instant::now();
    for _ in 0..39 {
        assert_eq!(world.get("/v1/menu").by(&me).send().await.status, 200);
    }
    // After a failure it is left alone for a second.
    let (calls, seconds) = (calls.load(Ordering::SeqCst), start.elapsed().as_secs());
    assert!((1..=3 + 2 * seconds).contains(&calls), "{calls} calls in {seconds} s");
}

#[tokio::test]
async fn guessing_sign_in_secrets_is_slowed_down() {
    let world = World::with(|config| config.sign_ins_per_minute = 5).await;
    let guesses = [
        world.post("/v1/session").json(&json!({"secret": "guess"})),
        world.post("/v1/session/refresh").json(&json!({"refresh_token": "guess"})),
        world.get("/v1/menu").header("cookie", "everything_refresh=guess"),
        world.post("/sign-in/guess").form("csrf=x"),
        world.post("/guest/guess").form("csrf=x"),
        world.post("/v1/guest-sessions").json(&json!({"secret": "guess", "name": "Kim"})),
    ];
    for guess in guesses {
        let mut slowed = false;
        for _ in 0..11 {
            slowed = slowed || guess.clone().send().await.status == 429;
        }
        assert!(slowed);
    }
    // Who is signed in is not concerned.
    assert_eq!(world.get("/v1/menu").by(&world.someone(MEMBER)).send().await.status, 200);
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_configured_proxy() {
    let slowed = async |world: &World, from: [&str; 3]| {
        let mut slowed = false;
        for from in from {
            let call = world.post("/v1/session").json(&json!({"secret": "guess"}));
            slowed = slowed || call.header("x-forwarded-for", from).send().await.status == 429;
        }
        slowed
    };
    let open = World::with(|config| config.sign_ins_per_minute = 1).await;
    assert!(
        slowed(&open, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]).await,
        "anybody can write a header"
    );

    let behind = World::with(|config| {
        config.sign_ins_per_minute = 1;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    assert!(!slowed(&behind, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]).await);
    let last_hop = ["1.1.1.1, 10.0.0.9", "2.2.2.2, 10.0.0.9", "10.0.0.9"];
    assert!(slowed(&behind, last_hop).await, "the last hop is what counts");
}
