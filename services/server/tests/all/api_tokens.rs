//! Personal API tokens at the gateway's door.

use std::time::Duration;

use chrono::Utc;
use runtime::{AppError, Code};
use types::{Role, Scope};
use wire::{customer::v1 as customer, order::v1 as pb};

use crate::{
    samples,
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const SECRET: &str = "evt_q0oVw4hJ5c8S1m9fJ2nZ7kQ3xT6yB0aLrPdE4uHgWsM";

/// customer-service knows one token, which is good for `seconds` at a time.
fn exchanging(world: &World, someone: &Someone, seconds: i64) {
    let access_token = someone.token.clone();
    world.customers.desk.on(
        "exchange_api_token",
        move |asked: customer::ExchangeApiTokenRequest, _| {
            if asked.secret != SECRET {
                return Err(AppError::new(Code::InvalidCredential, "None of ours.").into());
            }
            let at = Utc::now().timestamp() + seconds;
            Ok(customer::ExchangeApiTokenResponse {
                access_token: access_token.clone(),
                access_expires_at: Some(prost_types::Timestamp { seconds: at, nanos: 0 }),
            })
        },
    );
    let placed = samples::order(&types::OrderId::new().to_string(), "");
    world.orders.desk.on("order_favourite", move |_: pb::OrderFavouriteRequest, _| {
        let order = Some(placed.clone());
        Ok(pb::PlaceOrderResponse { order, repeated_request: false })
    });
}

/// As `curl -X POST -H "Authorization: Bearer evt_…" URL` sends it.
fn tap(world: &World, secret: &str) -> crate::http_client::Call {
    world.post("/v1/me/usual/order").header("authorization", format!("Bearer {secret}"))
}

fn exchanges(world: &World) -> usize {
    world.customers.desk.asked("exchange_api_token").len()
}

#[tokio::test]
async fn a_token_orders_the_usual_and_is_exchanged_once_for_many_calls() {
    let world = World::new().await;
    let someone = world.someone_within(MEMBER, Scope::Usual);
    exchanging(&world, &someone, 900);
    world.customers.desk.delay("exchange_api_token", Duration::from_millis(50));
    let together = (0..10).map(|_| tap(&world, SECRET).send());
    for answer in futures::future::join_all(together).await {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    assert_eq!(tap(&world, SECRET).send().await.status, 201);
    assert_eq!(exchanges(&world), 1);
    let orders = world.get("/v1/orders").header("authorization", format!("Bearer {SECRET}"));
    orders.refused(403, "forbidden").await;
    assert_eq!(exchanges(&world), 1);
}

#[tokio::test]
async fn what_was_revoked_is_refused_though_it_is_remembered() {
    let world = World::new().await;
    let someone = world.someone_within(MEMBER, Scope::Usual);
    exchanging(&world, &someone, 900);
    assert_eq!(tap(&world, SECRET).send().await.status, 201);
    world.customers.desk.on("exchange_api_token", |_: customer::ExchangeApiTokenRequest, _| {
        let says = "This API token is none of ours, or was revoked.";
        Err::<customer::ExchangeApiTokenResponse, _>(
            AppError::new(Code::InvalidCredential, says).into(),
        )
    });
    let until = Utc::now() + chrono::TimeDelta::hours(1);
    world.customers.revocations.send_modify(|all| all.push((someone.session.to_string(), until)));
    world
        .until("the revocation arrives", |world| world.app.verifier().is_revoked(someone.session))
        .await;
    tap(&world, SECRET).refused(401, "invalid-credential").await;
}

#[tokio::test]
async fn it_is_exchanged_anew_shortly_before_it_expires_and_waits_for_nobody_meanwhile() {
    let world = World::new().await;
    let someone = world.someone_within(MEMBER, Scope::Usual);
    exchanging(&world, &someone, 30);
    for _ in 0..2 {
        assert_eq!(tap(&world, SECRET).send().await.status, 201);
    }
    assert_eq!(exchanges(&world), 2, "less than a minute is left of it each time");
    exchanging(&world, &someone, 900);
    assert_eq!(tap(&world, SECRET).send().await.status, 201);
    world.customers.desk.on("exchange_api_token", |_: customer::ExchangeApiTokenRequest, _| {
        Err::<customer::ExchangeApiTokenResponse, _>(tonic::Status::unavailable("away"))
    });
    assert_eq!(tap(&world, SECRET).send().await.status, 201);
    tap(&world, "evt_another").refused(503, "unavailable").await;
}

#[tokio::test]
async fn guessing_tokens_is_slowed_down_like_guessing_links() {
    let world = World::with(|config| config.sign_ins_per_minute = 5).await;
    exchanging(&world, &world.someone_within(MEMBER, Scope::Usual), 900);
    let mut refused = Vec::new();
    for at in 0..12 {
        let guess = format!("evt_guess-{at}");
        refused.push(tap(&world, &guess).send().await.status.as_u16());
    }
    assert!(refused.contains(&401) && refused.last() == Some(&429), "{refused:?}");
}

#[tokio::test]
async fn the_page_shows_a_new_secret_once_and_revokes() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let token = customer::ApiToken {
        id: "tok_01h455vb4pex5vsknk084sn02q".to_owned(),
        name: "iPhone".to_owned(),
        scope: "usual".to_owned(),
        ..customer::ApiToken::default()
    };
    let made = token.clone();
    world.customers.desk.on("create_api_token", move |_: customer::CreateApiTokenRequest, _| {
        let token = Some(made.clone());
        Ok(customer::CreateApiTokenResponse { token, secret: SECRET.to_owned() })
    });
    world.customers.desk.on("list_api_tokens", move |_: customer::ListApiTokensRequest, _| {
        Ok(customer::ListApiTokensResponse { tokens: vec![token.clone()] })
    });
    let fields = [("name", "iPhone"), ("scope", "usual")];
    let page = world.post("/me/tokens").send_form(&me, &fields).send().await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "no-store"));
    assert!(page.text().contains(SECRET), "{}", page.text());
    let again = world.get("/me/tokens").browsing(&me).send().await.text();
    assert!(!again.contains("evt_") && again.contains("never used"), "{again}");
    assert!(!again.contains("value=\"reports\""), "reports are an admin's");
    let admin = world.someone(&[Role::Member, Role::Admin]);
    let theirs = world.get("/me/tokens").browsing(&admin).send().await.text();
    assert!(theirs.contains("value=\"reports\""));
    let fields = [("id", "tok_01h455vb4pex5vsknk084sn02q")];
    let gone = world.post("/me/tokens/revoke").send_form(&me, &fields).send().await;
    assert_eq!(gone.header("location"), "/me/tokens");
    assert_eq!(world.customers.desk.asked("revoke_api_token").len(), 1);
}
