//! A bounded, seeded run of credentials that nobody issued at the gateway's door:
//! in the header, in the cookies, in the body. Never a 5xx, never somebody.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngSeed, TestRunner},
};
use runtime::{AppError, Code};
use serde_json::json;
use types::Role;
use wire::customer::v1 as customer;

use crate::world::World;

const CASES: usize = 300;

/// What a header or a cookie can hold, from noise to nearly a token of ours.
fn wrong(issued: &str) -> Vec<String> {
    let cut = any::<prop::sample::Index>();
    let issued = issued.to_owned();
    let near = (cut, "[A-Za-z0-9_.-]{0,3}").prop_map(move |(at, more)| {
        let (head, rest) = issued.split_at(at.index(issued.len()));
        format!("{head}{more}{}", rest.get(1..).unwrap_or_default())
    });
    let any = prop_oneof![
        "[!-:<-~]{0,200}",
        "[A-Za-z0-9_.=-]{0,2500}",
        "evt_[A-Za-z0-9_-]{40,46}",
        "[A-Za-z0-9_-]{0,60}[.][A-Za-z0-9_-]{0,300}[.][A-Za-z0-9_-]{0,90}",
        near,
    ];
    let seed = RngSeed::Fixed(0x0c0f_fee5);
    let mut runner = TestRunner::new(ProptestConfig { rng_seed: seed, ..Default::default() });
    (0..CASES).map(|_| any.new_tree(&mut runner).unwrap().current()).collect()
}

#[tokio::test]
async fn what_nobody_issued_is_nobody_wherever_it_is_sent() {
    let world = World::with(|config| {
        (config.sign_ins_per_minute, config.requests_per_minute) = (100_000, 100_000);
    })
    .await;
    let refuse = || AppError::new(Code::InvalidCredential, "None of ours.");
    let desk = &world.customers.desk;
    desk.on("exchange_api_token", move |_: customer::ExchangeApiTokenRequest, _| {
        Err::<customer::ExchangeApiTokenResponse, _>(refuse().into())
    });
    desk.on("refresh_tokens", move |_: customer::RefreshTokensRequest, _| {
        Err::<customer::TokenPair, _>(refuse().into())
    });
    desk.on("exchange_code", move |_: customer::ExchangeCodeRequest, _| {
        Err::<customer::TokenPair, _>(refuse().into())
    });
    let someone = world.someone(&[Role::Member]);
    for text in wrong(&someone.token) {
        if text == someone.token {
            continue;
        }
        let bearer = format!("Bearer {text}");
        let answer = world.get("/v1/me").header("authorization", &bearer).send().await;
        assert_eq!(answer.status, 401, "{text:?} {answer:?}");
        let answer = world.get("/v1/me").header("authorization", &text).send().await;
        assert_eq!(answer.status, 401, "{text:?} {answer:?}");
        let cookies = format!("everything_access={text}; everything_refresh={text}");
        let answer = world.get("/v1/me").header("cookie", &cookies).send().await;
        assert_eq!(answer.status, 401, "{text:?} {answer:?}");
        let answer = world.post("/v1/session/code").json(&json!({"code": text})).send().await;
        assert_eq!(answer.status, 401, "{text:?} {answer:?}");
    }
    assert_eq!(world.get("/v1/me").by(&someone).send().await.status, 200);
    assert_eq!(desk.asked("get_me").len(), 1, "nobody else was let through");
}
