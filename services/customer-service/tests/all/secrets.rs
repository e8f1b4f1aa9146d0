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

/// Whether six digits stand somewhere by themselves: within ids, hashes and moments
/// any six do.
fn says(text: &str, digits: &str) -> bool {
    let alone = |letter: Option<char>| !letter.is_some_and(|it| it.is_ascii_alphanumeric());
    text.match_indices(digits).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        alone(before.chars().next_back()) && alone(after.chars().next())
    })
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

    // A code that is guessed and typed, and what it is part of.
    let invitation = pb::CreateSignInLinkRequest {
        member_id: mia.to_string(),
        with_code: true,
        ..Default::default()
    };
    let invitation = launcher.client().create_sign_in_link(invitation).await.unwrap().into_inner();
    let code = invitation.code.clone();
    let typed = |code: &str| pb::ExchangeCodeRequest {
        code: code.to_owned(),
        device: "phone".to_owned(),
        address: "10.0.0.1".to_owned(),
    };
    let guess = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    let guessed = client.exchange_code(typed(&guess)).await.unwrap_err();
    let by_code = client.exchange_code(typed(&code)).await.unwrap();
    let over = client.exchange_code(typed(&code)).await.unwrap_err();
    let list = on_behalf_of(&by_code.get_ref().access_token, pb::ListInvitationsRequest::default());
    let invitations = client.list_invitations(list.unwrap()).await.unwrap();

    // An API token, used, seen and revoked.
    let by_mia = by_code.get_ref().access_token.clone();
    let new = pb::CreateApiTokenRequest { name: "Script".to_owned(), scope: "usual".to_owned() };
    let made = client.create_api_token(on_behalf_of(&by_mia, new).unwrap()).await.unwrap();
    let pb::CreateApiTokenResponse { token, secret: api_token } = made.into_inner();
    let exchange = || pb::ExchangeApiTokenRequest { secret: api_token.clone() };
    let access = client.exchange_api_token(exchange()).await.unwrap().into_inner().access_token;
    let list = on_behalf_of(&by_mia, pb::ListApiTokensRequest {}).unwrap();
    let tokens = client.list_api_tokens(list).await.unwrap();
    let revoke = pb::RevokeApiTokenRequest { token_id: token.unwrap().id };
    client.revoke_api_token(on_behalf_of(&by_mia, revoke).unwrap()).await.unwrap();
    let revoked = client.exchange_api_token(exchange()).await.unwrap_err();

    let pairs = [&first, &second, &third, &by_code];
    let mut secrets =
        vec![link.clone(), invitation.secret.clone(), api_token.clone(), access.clone()];
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

    let answers = format!(
        "{used:?} {altered:?} {stolen:?} {me:?} {keys:?} {guessed:?} {over:?} {invitations:?} \
         {tokens:?} {revoked:?}"
    );
    let shown = heard.text()
        + &answers
        + &pairs.map(without_its_own).concat()
        + &format!("{:?} {:?}", house.service, house.config);
    for expected in [
        "signed in",
        "RefreshTokens",
        "sessions.refresh",
        "signed out",
        "ExchangeCode",
        "codes.exchange",
        "made an API token",
        "api-tokens.exchange",
        "revoked an API token",
    ] {
        assert!(shown.contains(expected), "{expected} was not heard");
    }
    for secret in &secrets {
        assert!(!shown.contains(secret.as_str()), "{secret} is shown");
    }
    for number in [&code, &guess] {
        assert!(!says(&shown, number), "the code {number} is shown");
        let (first, rest) = number.split_at(3);
        assert!(!says(&shown, &format!("{first} {rest}")), "the code {number} is shown");
    }
    // Not even a token of a service.
    assert!(!shown.contains("eyJ"), "a signed token is shown");

    let tables: Vec<String> = sqlx::query_scalar(
        "select links::text from sign_in_links links union all
         select sessions::text from sessions union all
         select tokens::text from refresh_tokens tokens union all
         select tokens::text from api_tokens tokens union all
         select guessers::text from code_guessers guessers union all
         select events::text from event_log events",
    )
    .fetch_all(house.pool())
    .await
    .unwrap();
    let stored = tables.concat();
    assert!(!stored.is_empty());
    assert!(!says(&stored, &code), "the code {code} is stored");
    let api_token = api_token.strip_prefix("evt_").unwrap().to_owned();
    let more = [&link, &invitation.secret, &api_token];
    for token in pairs.map(|pair| &pair.get_ref().refresh_token).into_iter().chain(more) {
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let bytes = base64::Engine::decode(&engine, token).unwrap();
        assert!(!stored.contains(&hex::encode(bytes)) && !stored.contains(token));
    }
    gateway.stop().await;
    launcher.stop().await;
    house.stop().await;
}
