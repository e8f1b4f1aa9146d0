//! Secrets are shown to nobody but their owner: not in the database, not in
//! logs, spans or answers, not by `Debug`.

use runtime::{Peer, grpc::on_behalf_of, tokens::key_to_text};
use secrecy::ExposeSecret;
use types::Role;
use wire::customer::v1 as pb;

use crate::{
    access::Caller,
    heard::Heard,
    house::{House, Setup},
};

/// An answer without the two tokens that it is there to bring.
fn without_its_own(answer: &tonic::Response<pb::TokenPair>) -> String {
    let pair = answer.get_ref();
    format!("{answer:?}").replace(&pair.access_token, "").replace(&pair.refresh_token, "")
}

// On one thread, so that this thread's subscriber hears everything.
#[tokio::test]
async fn no_secret_is_stored_logged_traced_told_or_printed() {
    let heard = Heard::begin();
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let (gateway, launcher) =
        (Caller::of(&house, Peer::Server), Caller::of(&house, Peer::Launcher));
    let mut client = gateway.client();

    // A whole exchange through the door: what is asked, what is refused.
    let link = pb::CreateSignInLinkRequest { member_id: mia.to_string(), ..Default::default() };
    let link = launcher.client().create_sign_in_link(link).await.unwrap().into_inner().secret;
    let exchange =
        pb::ExchangeSignInLinkRequest { secret: link.clone(), device: "phone".to_owned() };
    let refresh = |pair: &tonic::Response<pb::TokenPair>| pb::RefreshTokensRequest {
        refresh_token: pair.get_ref().refresh_token.clone(),
    };
    let first = client.exchange_sign_in_link(exchange.clone()).await.unwrap();
    let used = client.exchange_sign_in_link(exchange).await.unwrap_err();
    let second = client.refresh_tokens(refresh(&first)).await.unwrap();
    let third = client.refresh_tokens(refresh(&second)).await.unwrap();
    let token = third.get_ref().access_token.clone();
    let me = client.get_me(on_behalf_of(&token, pb::GetMeRequest {}).unwrap()).await.unwrap();
    let altered = on_behalf_of(&format!("{token}x"), pb::GetMeRequest {}).unwrap();
    let altered = client.get_me(altered).await.unwrap_err();
    let keys = client.get_keys(pb::GetKeysRequest {}).await.unwrap();
    let refresh_token = third.get_ref().refresh_token.clone();
    client.sign_out(pb::SignOutRequest { refresh_token }).await.unwrap();
    let stolen = client.refresh_tokens(refresh(&first)).await.unwrap_err();

    let pairs = [&first, &second, &third];
    let mut secrets = vec![link.clone()];
    for pair in pairs {
        secrets.extend([pair.get_ref().access_token.clone(), pair.get_ref().refresh_token.clone()]);
    }
    let seeds: Vec<Vec<u8>> =
        sqlx::query_scalar("select seed from signing_keys").fetch_all(house.pool()).await.unwrap();
    for seed in &seeds {
        let text = key_to_text(&seed.as_slice().try_into().unwrap());
        secrets.extend([hex::encode(seed), format!("{seed:?}"), text]);
    }
    secrets.push(house.config.database_url.expose_secret().to_owned());
    secrets.push(house.config.runtime.service_key.expose_secret().to_owned());

    let answers = format!("{used:?} {altered:?} {stolen:?} {me:?} {keys:?}");
    let shown = heard.text()
        + &answers
        + &pairs.map(without_its_own).concat()
        + &format!("{:?} {:?}", house.service, house.config);
    for expected in ["signed in", "RefreshTokens", "sessions.refresh", "signed out"] {
        assert!(shown.contains(expected), "{expected} was not heard");
    }
    for secret in &secrets {
        assert!(!shown.contains(secret.as_str()), "{secret} is shown");
    }
    // Not even a token of a service.
    assert!(!shown.contains("eyJ"), "a signed token is shown");

    let tables: Vec<String> = sqlx::query_scalar(
        "select links::text || sessions::text || tokens::text
         from sign_in_links links, sessions, refresh_tokens tokens",
    )
    .fetch_all(house.pool())
    .await
    .unwrap();
    let stored = tables.concat();
    assert!(!stored.is_empty());
    for token in pairs.map(|pair| &pair.get_ref().refresh_token).into_iter().chain([&link]) {
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let bytes = base64::Engine::decode(&engine, token).unwrap();
        assert!(!stored.contains(&hex::encode(bytes)) && !stored.contains(token));
    }
    gateway.stop().await;
    launcher.stop().await;
    house.stop().await;
}
