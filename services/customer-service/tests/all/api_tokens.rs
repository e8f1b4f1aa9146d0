//! Personal API tokens, through the real door: narrow, hashed, and ended everywhere.

use runtime::{Code, Peer, grpc::on_behalf_of};
use types::Role;
use wire::customer::v1 as pb;

use crate::{
    access::{Caller, code, sign_in},
    house::{House, Setup, eventually},
};

fn new(name: &str, scope: &str) -> pb::CreateApiTokenRequest {
    pb::CreateApiTokenRequest { name: name.to_owned(), scope: scope.to_owned() }
}

fn exchange(secret: &str) -> pb::ExchangeApiTokenRequest {
    pb::ExchangeApiTokenRequest { secret: secret.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_exchanged_for_its_scope_until_it_is_revoked() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let ben = house.member("Ben", 0, [Role::Member, Role::Admin]).await;
    let server = Caller::of(&house, Peer::Server);
    let mias = sign_in(&house, mia).await.access_token;
    let bens = sign_in(&house, ben).await.access_token;
    let mut client = server.client();

    let asked = on_behalf_of(&mias, new("iPhone", "usual")).unwrap();
    let made = client.create_api_token(asked).await.unwrap().into_inner();
    let (token, secret) = (made.token.unwrap(), made.secret);
    assert!(secret.starts_with("evt_") && secret.len() == 47, "scanners find it");
    assert_eq!((token.name.as_str(), token.scope.as_str()), ("iPhone", "usual"));
    assert!(token.last_used_at.is_none());

    let access = client.exchange_api_token(exchange(&secret)).await.unwrap().into_inner();
    let me = || on_behalf_of(&access.access_token, pb::GetMeRequest {}).unwrap();
    assert_eq!(code(client.get_me(me()).await), Code::Forbidden, "it is for the usual alone");
    let list = |token: &str| on_behalf_of(token, pb::ListApiTokensRequest {}).unwrap();
    let listed = client.list_api_tokens(list(&mias)).await.unwrap().into_inner().tokens;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].last_used_at.is_some(), "one sees that it is used");
    assert!(client.list_api_tokens(list(&bens)).await.unwrap().into_inner().tokens.is_empty());

    // Nobody else ends it here, not even an admin; its owner does, for good.
    let end = pb::RevokeApiTokenRequest { token_id: token.id.clone() };
    let foreign = on_behalf_of(&bens, end.clone()).unwrap();
    assert_eq!(code(client.revoke_api_token(foreign).await), Code::NotFound);
    for already_so in [false, true] {
        let asked = on_behalf_of(&mias, end.clone()).unwrap();
        let ended = client.revoke_api_token(asked).await.unwrap().into_inner();
        assert_eq!(ended.already_so, already_so);
    }
    assert_eq!(code(client.exchange_api_token(exchange(&secret)).await), Code::InvalidCredential);
    eventually("what it was exchanged for is refused too", async || {
        code(client.clone().get_me(me()).await) == Code::Unauthenticated
    })
    .await;
    assert!(client.list_api_tokens(list(&mias)).await.unwrap().into_inner().tokens.is_empty());
    // Her own sign-in goes on.
    client.get_me(on_behalf_of(&mias, pb::GetMeRequest {}).unwrap()).await.unwrap();
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_a_sign_in_that_can_be_seen_and_ended_like_any_other() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let mias = sign_in(&house, mia).await.access_token;
    let mut client = server.client();
    let asked = on_behalf_of(&mias, new("Script", "read-orders")).unwrap();
    let secret = client.create_api_token(asked).await.unwrap().into_inner().secret;
    let sessions = pb::ListSessionsRequest { member_id: String::new() };
    let asked = on_behalf_of(&mias, sessions).unwrap();
    let sessions = client.list_sessions(asked).await.unwrap().into_inner().sessions;
    let session = sessions.iter().find(|session| session.scope == "read-orders").unwrap();
    assert_eq!(session.device, "Script");
    let end = pb::EndSessionRequest { session_id: session.id.clone() };
    client.end_session(on_behalf_of(&mias, end).unwrap()).await.unwrap();
    assert_eq!(code(client.exchange_api_token(exchange(&secret)).await), Code::InvalidCredential);
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_for_something_narrow_and_what_is_none_of_ours_is_refused() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let eve = house.member("Eve", 0, [Role::Member, Role::Admin]).await;
    let server = Caller::of(&house, Peer::Server);
    let mias = sign_in(&house, mia).await.access_token;
    let eves = sign_in(&house, eve).await.access_token;
    let mut client = server.client();
    let mut make = async |token: &str, name: &str, scope: &str| {
        client.create_api_token(on_behalf_of(token, new(name, scope)).unwrap()).await
    };
    for scope in ["full", "guest", "counter", "", "everything"] {
        assert_eq!(code(make(&eves, "Wide", scope).await), Code::InvalidRequest, "{scope}");
    }
    assert_eq!(code(make(&mias, "Reports", "reports").await), Code::Forbidden);
    make(&eves, "Reports", "reports").await.unwrap();
    assert_eq!(code(make(&mias, " ", "usual").await), Code::InvalidRequest);
    for at in 0..20 {
        make(&mias, &format!("No. {at}"), "usual").await.unwrap();
    }
    assert_eq!(code(make(&mias, "One more", "usual").await), Code::TooMany);

    let unknown = format!("evt_{}", "A".repeat(43));
    for secret in ["", "evt_", "evt_x", unknown.as_str(), &"A".repeat(43), &"A".repeat(70_000)] {
        let refused = client.exchange_api_token(exchange(secret)).await;
        assert_eq!(code(refused), Code::InvalidCredential, "{secret:.20}");
    }
    // A token makes no token, and the exchange is the gateway's alone.
    let order_service = Caller::of(&house, Peer::OrderService);
    let foreign = order_service.client().exchange_api_token(exchange(&unknown)).await;
    assert_eq!(code(foreign), Code::Forbidden);
    order_service.stop().await;
    server.stop().await;
    house.stop().await;
}
