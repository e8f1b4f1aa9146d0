//! Signing in, staying signed in, and what another site cannot do.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use runtime::{AppError, Code, tokens::Grant};
use serde_json::json;
use types::{Role, SessionId};
use wire::customer::v1 as customer;

use crate::world::{AWAY, Someone, World};

const MEMBER: &[Role] = &[Role::Member];

fn cookies(access: &str, refresh: &str) -> String {
    format!("everything_access={access}; everything_refresh={refresh}")
}

/// Scripts refreshing: any known token gives a pair of `someone`. Counts.
fn refreshing(world: &World, someone: &Someone) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, pair) = (count.clone(), world.pair(someone, "refresh-2"));
    world.customers.desk.on("refresh_tokens", move |request: customer::RefreshTokensRequest, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        if request.refresh_token == "refresh-1" {
            Ok(pair.clone())
        } else {
            Err(AppError::new(Code::InvalidCredential, "That token is used up.").into())
        }
    });
    count
}

#[tokio::test]
async fn a_token_that_does_not_count_is_a_401() {
    let world = World::new().await;
    let menu = || world.get("/v1/menu");
    menu().refused(401, "unauthenticated").await;
    for value in ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "Bearer \u{e4}"] {
        menu().header("authorization", value).refused(401, "unauthenticated").await;
    }
    // A clock that is wrong by a minute keeps nobody out.
    let slow = menu().by(&world.someone_for(MEMBER, -60)).send().await;
    assert_eq!(slow.status, 200);
    let expired = world.someone_for(MEMBER, -90);
    menu().by(&expired).refused(401, "unauthenticated").await;
    let stranger = runtime::tokens::AccessTokenSigner::new([8; 32]).unwrap();
    let roles = types::Roles::from([Role::Admin]);
    let now = chrono::Utc::now();
    let (forged, _) =
        stranger.issue(&Grant::full(expired.member, SessionId::new(), roles), now).unwrap();
    menu()
        .header("authorization", format!("Bearer {forged}"))
        .refused(401, "unauthenticated")
        .await;
    menu().header("cookie", cookies(&forged, "")).refused(401, "unauthenticated").await;
    // Headers that other systems believe mean nothing here.
    menu()
        .header("x-user-token", "x")
        .header("x-member-id", "mem_1")
        .refused(401, "unauthenticated")
        .await;
}

#[tokio::test]
async fn an_old_access_cookie_is_renewed_once_for_all_requests_that_find_it_old() {
    let world = World::new().await;
    let someone = world.someone(MEMBER);
    let old = world.token(someone.member, someone.session, MEMBER, -120);
    let count = refreshing(&world, &someone);
    world.customers.desk.delay("refresh_tokens", std::time::Duration::from_millis(100));
    let call = || world.get("/v1/me/beans").header("cookie", cookies(&old, "refresh-1")).send();
    let answers = futures::future::join_all((0..20).map(|_| call())).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.cookie("everything_access"), Some(&*someone.token));
        assert_eq!(answer.cookie("everything_refresh"), Some("refresh-2"));
        for cookie in answer.cookies() {
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            assert!(!cookie.contains("Secure"), "plain http: {cookie}");
        }
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);

    // With only the refresh cookie, and when the end is near, too.
    let only = world.get("/v1/me/beans").header("cookie", "everything_refresh=refresh-1").send();
    assert_eq!(only.await.status, 200);
    let soon = world.token(someone.member, someone.session, MEMBER, 20);
    let answer =
        world.get("/v1/me/beans").header("cookie", cookies(&soon, "refresh-1")).send().await;
    assert!(answer.cookie("everything_access").is_some());
    // A fresh one is left alone.
    let cookie = cookies(&someone.token, "refresh-1");
    assert!(world.get("/v1/me/beans").header("cookie", cookie).send().await.cookies().is_empty());
}

#[tokio::test]
async fn a_refresh_token_that_is_used_up_signs_out() {
    let world = World::new().await;
    let someone = world.someone(MEMBER);
    refreshing(&world, &someone);
    let old = world.token(someone.member, someone.session, MEMBER, -120);
    let cookie = cookies(&old, "stolen");
    let answer = world.get("/v1/me").header("cookie", &cookie).send().await;
    assert_eq!(answer.problem_code(), (401, "invalid-credential".to_owned()));
    assert_eq!(answer.cookie("everything_refresh"), Some(""));
    assert!(answer.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
}

#[tokio::test]
async fn while_refreshing_is_not_possible_a_token_is_used_until_it_ends() {
    let world = World::new().await;
    let someone = world.someone_for(MEMBER, 20);
    world.customers.desk.on("refresh_tokens", |_: customer::RefreshTokensRequest, _| {
        Err::<customer::TokenPair, _>(tonic::Status::unavailable("away"))
    });
    let answer =
        world.get("/v1/orders").header("cookie", cookies(&someone.token, "refresh-1")).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let old = world.token(someone.member, someone.session, MEMBER, -120);
    let answer = world.get("/v1/orders").header("cookie", cookies(&old, "refresh-1")).send().await;
    assert_eq!(answer.problem_code(), (503, "unavailable".to_owned()));
    assert!(answer.cookies().is_empty(), "nobody is signed out by an outage");
}

#[tokio::test]
async fn cookies_are_secure_behind_https() {
    let world =
        World::with(|config| config.public_url = "https://coffee.home".parse().unwrap()).await;
    let someone = world.someone(MEMBER);
    refreshing(&world, &someone);
    let answer = world.get("/v1/me").header("cookie", "everything_refresh=refresh-1").send().await;
    assert_eq!(answer.cookies().len(), 2);
    assert!(answer.cookies().iter().all(|cookie| cookie.contains("; Secure")), "{answer:?}");
}

#[tokio::test]
async fn another_site_cannot_act_with_our_cookies() {
    let world = World::new().await;
    let someone = world.someone(MEMBER);
    let cookie = cookies(&someone.token, "refresh-1");
    let host = world.address.to_string();
    let place = || {
        world
            .post("/v1/orders")
            .header("cookie", &cookie)
            .header("idempotency-key", "a-key-of-mine")
            .json(&json!({"items": [{"menu_item": "flat-white"}]}))
    };
    place().header("sec-fetch-site", "cross-site").refused(403, "cross-origin").await;
    place().header("sec-fetch-site", "same-site").refused(403, "cross-origin").await;
    place().header("origin", "https://evil.example").refused(403, "cross-origin").await;
    place().header("origin", "null").refused(403, "cross-origin").await;
    place().refused(403, "cross-origin").await;
    let lying =
        place().header("origin", format!("http://{host}")).header("sec-fetch-site", "cross-site");
    lying.refused(403, "cross-origin").await;
    assert!(world.orders.desk.asked("place_order").is_empty());

    // Our own pages may; what the order service says is another matter.
    let ours = [("sec-fetch-site", "same-origin".to_owned()), ("origin", format!("http://{host}"))];
    for (count, (name, value)) in ours.iter().enumerate() {
        place().header(name, value).send().await;
        assert_eq!(world.orders.desk.asked("place_order").len(), count + 1);
    }
    // Reading is not acting, and a bearer token is nobody's cookie.
    let read =
        world.get("/v1/menu").header("cookie", &cookie).header("sec-fetch-site", "cross-site");
    assert_eq!(read.send().await.status, 200);
    let bearer = world.post("/v1/orders").by(&someone).header("origin", "https://app.example");
    bearer.refused(400, "idempotency-key-missing").await;
}

#[tokio::test]
async fn a_native_client_signs_in_refreshes_and_signs_out_in_bodies() {
    let world = World::new().await;
    let someone = world.someone(MEMBER);
    refreshing(&world, &someone);
    let pair = world.pair(&someone, "refresh-1");
    world.customers.desk.on(
        "exchange_sign_in_link",
        move |request: customer::ExchangeSignInLinkRequest, caller| {
            assert!(caller.person.is_none());
            if request.secret == "the-secret" {
                Ok(pair.clone())
            } else {
                Err(AppError::new(Code::InvalidCredential, "That link was used.").into())
            }
        },
    );
    let sign_in = |secret: &str| {
        world.post("/v1/session").json(&json!({"secret": secret, "device": "phone"}))
    };
    let answer = sign_in("the-secret").send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.value()["access_token"], someone.token);
    assert_eq!(answer.value()["member"], someone.member.to_string());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.cookies().is_empty());
    sign_in("guessed").refused(401, "invalid-credential").await;
    world.post("/v1/session").json(&json!({"secret": 7})).refused(400, "invalid-request").await;

    let refresh =
        |token: &str| world.post("/v1/session/refresh").json(&json!({"refresh_token": token}));
    assert_eq!(refresh("refresh-1").send().await.value()["refresh_token"], "refresh-2");
    refresh("refresh-0").refused(401, "invalid-credential").await;

    let out = world.call("DELETE", "/v1/session").json(&json!({"refresh_token": "refresh-2"}));
    assert_eq!(out.send().await.status, 204);
    let out = world
        .call("DELETE", "/v1/session")
        .header("cookie", cookies(&someone.token, "refresh-1"))
        .header("sec-fetch-site", "same-origin");
    let answer = out.send().await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.cookie("everything_access"), Some(""));
    let asked = world.customers.desk.asked("sign_out");
    assert!(asked[0].message.contains("refresh-2") && asked[1].message.contains("refresh-1"));
}

#[tokio::test]
async fn a_revoked_sign_in_is_refused_at_once() {
    let world = World::new().await;
    let someone = world.someone(MEMBER);
    assert_eq!(world.get("/v1/me").by(&someone).send().await.status, 200);
    let until = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    world.customers.revocations.send_modify(|list| list.push((someone.session.to_string(), until)));
    world.until("it is revoked", |world| world.app.verifier().is_revoked(someone.session)).await;
    world.get("/v1/me").by(&someone).refused(401, "unauthenticated").await;
}

#[tokio::test]
async fn while_revocations_are_unknown_members_go_on_and_admins_wait() {
    let world = World::new().await;
    let member = world.someone(MEMBER);
    let admin = world.someone(&[Role::Member, Role::Admin]);
    world.customers.feeding.send_replace(false);
    world.until("the feed is down", |world| !world.app.verifier().is_fresh()).await;
    assert_eq!(world.get("/v1/orders").by(&member).send().await.status, 200);
    let forgive = format!("/v1/orders/{}/forgive", types::OrderId::new());
    world.post(&forgive).by(&admin).refused(503, "identity-unavailable").await;
    world.post(&forgive).by(&member).refused(403, "forbidden").await;
    world.customers.feeding.send_replace(true);
    world.until("the feed is back", |world| world.app.verifier().is_fresh()).await;
    let answer = world.post(&forgive).by(&admin).send().await;
    assert_ne!(answer.status, 503, "{answer:?}");
}

#[tokio::test]
async fn a_gateway_without_any_keys_says_try_again_and_one_with_stored_keys_goes_on() {
    let folder = std::env::temp_dir().join(format!("gateway-keys-{}", uuid::Uuid::new_v4()));
    let away = World::with(|config| {
        config.customer_service_url = AWAY.to_owned();
        config.state_dir = Some(folder.clone());
    })
    .await;
    let someone = away.someone(MEMBER);
    away.get("/v1/orders").by(&someone).refused(503, "unavailable").await;
    let answer =
        away.get("/v1/orders").header("cookie", cookies(&someone.token, "refresh-1")).send().await;
    assert_eq!(answer.problem_code(), (503, "unavailable".to_owned()));
    assert!(answer.cookies().is_empty(), "nobody is signed out by a start");

    // One that has heard the keys keeps them; the next starts with them.
    let heard = World::with(|config| config.state_dir = Some(folder.clone())).await;
    heard.until("the keys are stored", |_| folder.join("access-token-keys.json").exists()).await;
    let alone = World::with(|config| {
        config.customer_service_url = AWAY.to_owned();
        config.state_dir = Some(folder.clone());
    })
    .await;
    assert_eq!(alone.get("/v1/orders").by(&someone).send().await.status, 200);
    alone.get("/v1/me").by(&someone).refused(503, "unavailable").await;
    std::fs::remove_dir_all(&folder).unwrap();
}
