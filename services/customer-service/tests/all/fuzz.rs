//! A bounded, seeded run of what nobody issued through every exchange on the real
//! database: each is refused by name, nothing breaks, and what was issued goes on.

use customer_domain::codes::FREE_GUESSES;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngSeed, TestRunner},
};
use runtime::{Code, Peer, grpc::on_behalf_of};
use types::Role;
use wire::customer::v1 as pb;

use crate::{
    access::{Caller, code, sign_in},
    house::{House, Setup},
};

const CASES: usize = 200;

/// Noise, and what is nearly a secret of ours.
fn wrong(issued: &[&str]) -> Vec<String> {
    let near = |text: &&str| {
        let text = (*text).to_owned();
        let cut = any::<prop::sample::Index>();
        (cut, "[A-Za-z0-9_-]{0,3}").prop_map(move |(at, more)| {
            let (head, rest) = text.split_at(at.index(text.len()));
            format!("{head}{more}{}", rest.get(1..).unwrap_or_default())
        })
    };
    let near = prop::strategy::Union::new(issued.iter().map(near));
    let noise = prop::collection::vec(any::<u8>(), 0..80)
        .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let any =
        prop_oneof![noise, any::<String>(), "[A-Za-z0-9_-]{43}", "evt_[A-Za-z0-9_-]{43}", near];
    let seed = RngSeed::Fixed(0x0c0f_fee5);
    let mut runner = TestRunner::new(ProptestConfig { rng_seed: seed, ..Default::default() });
    let texts = (0..CASES).map(|_| any.new_tree(&mut runner).unwrap().current());
    texts.filter(|text| !issued.contains(&text.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_issued_signs_nobody_in_and_harms_nobody() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let (server, launcher) = (Caller::of(&house, Peer::Server), Caller::of(&house, Peer::Launcher));
    let mut client = server.client();
    let mias = sign_in(&house, mia).await;
    let link = pb::CreateSignInLinkRequest {
        member_id: mia.to_string(),
        with_code: true,
        ..Default::default()
    };
    let link = launcher.client().create_sign_in_link(link).await.unwrap().into_inner();
    let token = pb::CreateApiTokenRequest { name: "Script".to_owned(), scope: "usual".to_owned() };
    let token = on_behalf_of(&mias.access_token, token).unwrap();
    let token = client.create_api_token(token).await.unwrap().into_inner().secret;

    let issued = [link.secret.as_str(), &mias.refresh_token, &token];
    for (number, text) in wrong(&issued).into_iter().enumerate() {
        // Each from somewhere else, so that none is refused for coming often.
        let device = format!("robot {number}");
        let exchange = pb::ExchangeSignInLinkRequest { secret: text.clone(), device };
        let by_link = code(client.exchange_sign_in_link(exchange).await);
        let refresh = pb::RefreshTokensRequest { refresh_token: text.clone() };
        let by_refresh = code(client.refresh_tokens(refresh).await);
        let exchange = pb::ExchangeApiTokenRequest { secret: text.clone() };
        let by_token = code(client.exchange_api_token(exchange).await);
        for refused in [by_link, by_refresh, by_token] {
            assert_eq!(refused, Code::InvalidCredential, "{text:?}");
        }
        let out = pb::SignOutRequest { refresh_token: text.clone() };
        client.sign_out(out).await.unwrap();
        let typed = pb::ExchangeCodeRequest {
            code: text.clone(),
            device: text,
            address: format!("10.0.0.{number}"),
        };
        assert_eq!(code(client.exchange_code(typed).await), Code::InvalidRequest);
    }
    // Six digits are a guess; the code endures more of them than one address has.
    for number in 0..FREE_GUESSES {
        let guess = format!("{:06}", (link.code.parse::<u32>().unwrap() + 1 + number) % 1_000_000);
        let (device, address) = ("robot".to_owned(), "robot".to_owned());
        let typed = pb::ExchangeCodeRequest { code: guess, device, address };
        assert_eq!(code(client.exchange_code(typed).await), Code::InvalidCredential);
    }

    // What was issued is as good as before.
    let (device, address) = ("phone".to_owned(), "home".to_owned());
    let typed = pb::ExchangeCodeRequest { code: link.code, device, address };
    assert_eq!(client.exchange_code(typed).await.unwrap().into_inner().member_id, mia.to_string());
    client.exchange_api_token(pb::ExchangeApiTokenRequest { secret: token }).await.unwrap();
    let refresh_token = mias.refresh_token;
    client.refresh_tokens(pb::RefreshTokensRequest { refresh_token }).await.unwrap();
    server.stop().await;
    launcher.stop().await;
    house.stop().await;
}
