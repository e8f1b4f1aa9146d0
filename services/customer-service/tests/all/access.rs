//! Through the real door: who may call what, and whose thing it is.

use chrono::TimeDelta;
use customer_service::identity::links;
use runtime::{AppError, Code, Peer, Runtime, grpc::on_behalf_of};
use secrecy::ExposeSecret;
use types::{MemberId, OrderId, Role};
use wire::customer::v1::{self as pb, customer_service_client::CustomerServiceClient};

use crate::house::{House, Setup, runtime_config, wanted};

pub(crate) type Client = CustomerServiceClient<runtime::grpc::Channel>;

/// A peer of the service, with a client.
pub(crate) struct Caller {
    runtime: Runtime,
    client: Client,
}

impl Caller {
    pub(crate) fn of(house: &House, peer: Peer) -> Self {
        let runtime = runtime::start(peer, &runtime_config(peer)).unwrap();
        let url = format!("http://{}", house.service.grpc);
        let channel = runtime::grpc::channel(&url, Peer::CustomerService, &runtime).unwrap();
        Self { runtime, client: CustomerServiceClient::new(channel) }
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(crate) async fn stop(self) {
        self.runtime.shutdown.request();
        self.runtime.finish().await.unwrap();
    }
}

/// A new sign-in of a member, in clear.
pub(crate) async fn sign_in(house: &House, member: MemberId) -> pb::TokenPair {
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let link = links::create(identity, wanted(member, TimeDelta::hours(1)), now).await.unwrap();
    let issued = links::exchange(identity, link.secret.expose_secret(), "test", now).await.unwrap();
    pb::TokenPair {
        access_token: issued.access_token.expose_secret().to_owned(),
        refresh_token: issued.refresh_token.expose_secret().to_owned(),
        member_id: member.to_string(),
        ..pb::TokenPair::default()
    }
}

async fn access_token(house: &House, member: MemberId) -> String {
    sign_in(house, member).await.access_token
}

pub(crate) fn code<T: std::fmt::Debug>(answer: Result<tonic::Response<T>, tonic::Status>) -> Code {
    AppError::from_status(answer.unwrap_err()).code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_order_service_settles_and_notifies() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 20, [Role::Member, Role::Admin]).await;
    let token = access_token(&house, mia).await;
    let (order_service, server) =
        (Caller::of(&house, Peer::OrderService), Caller::of(&house, Peer::Server));
    let settle = pb::SettleRequest {
        order_id: OrderId::new().to_string(),
        member_id: mia.to_string(),
        revision: 1,
        owed_beans: 7,
    };
    let notify = pb::NotifyRequest {
        order_id: OrderId::new().to_string(),
        kind: "ready".to_owned(),
        member_ids: vec![mia.to_string()],
        ..pb::NotifyRequest::default()
    };
    // The gateway is not among them, not even for an admin.
    assert_eq!(code(server.client().settle(settle.clone()).await), Code::Forbidden);
    let as_admin = on_behalf_of(&token, settle.clone()).unwrap();
    assert_eq!(code(server.client().settle(as_admin).await), Code::Forbidden);
    assert_eq!(code(server.client().notify(notify.clone()).await), Code::Forbidden);
    assert_eq!(house.balance(mia).await, 20);
    order_service.client().settle(settle).await.unwrap();
    order_service.client().notify(notify).await.unwrap();
    assert_eq!(house.balance(mia).await, 13);
    server.stop().await;
    order_service.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_see_their_own_and_admins_everything() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 20, [Role::Member]).await;
    let ben = house.member("Ben", 30, [Role::Member, Role::Barista]).await;
    let eve = house.member("Eve", 0, [Role::Member, Role::Admin]).await;
    let server = Caller::of(&house, Peer::Server);
    let (mias, bens, eves) = (
        access_token(&house, mia).await,
        access_token(&house, ben).await,
        access_token(&house, eve).await,
    );
    let mut client = server.client();

    let me = client.get_me(on_behalf_of(&mias, pb::GetMeRequest {}).unwrap()).await.unwrap();
    assert_eq!(me.into_inner().balance_beans, 20);
    assert_eq!(code(client.get_me(pb::GetMeRequest {}).await), Code::Unauthenticated);
    let forged = on_behalf_of("a.b.c", pb::GetMeRequest {}).unwrap();
    assert_eq!(code(client.get_me(forged).await), Code::Unauthenticated);

    // Somebody else's balance, statement and statistics: an admin's business only.
    for token in [&mias, &eves] {
        let other = ben.to_string();
        let balance = pb::GetBalanceRequest { member_id: other.clone() };
        let balance = client.get_balance(on_behalf_of(token, balance).unwrap()).await;
        let statement = pb::GetStatementRequest { member_id: other.clone(), ..Default::default() };
        let statement = client.get_statement(on_behalf_of(token, statement).unwrap()).await;
        let stats = pb::GetStatsRequest { member_id: other };
        let stats = client.get_stats(on_behalf_of(token, stats).unwrap()).await;
        if *token == eves {
            assert_eq!(balance.unwrap().into_inner().beans, 30);
            assert_eq!(statement.unwrap().into_inner().entries.len(), 1);
            stats.unwrap();
        } else {
            assert_eq!(code(balance), Code::Forbidden);
            assert_eq!(code(statement), Code::Forbidden);
            assert_eq!(code(stats), Code::Forbidden);
        }
    }

    // Everybody sees everybody's card, and their own balance.
    for (token, seen) in [(&mias, [0, 0, 20]), (&bens, [30, 0, 0]), (&eves, [30, 0, 20])] {
        let request = on_behalf_of(token, pb::ListMembersRequest {}).unwrap();
        let members = client.list_members(request).await.unwrap().into_inner().members;
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["Ben", "Eve", "Mia"]);
        let balances: Vec<i64> = members.iter().map(|member| member.balance_beans).collect();
        assert_eq!(balances, seen);
    }

    // Making members, and links for others, is for admins and the operator.
    let link_for = |member: MemberId| pb::CreateSignInLinkRequest {
        member_id: member.to_string(),
        until_used: true,
        ..Default::default()
    };
    for (token, own, other) in [(&mias, mia, ben), (&bens, ben, mia)] {
        let link = on_behalf_of(token, link_for(other)).unwrap();
        assert_eq!(code(client.create_sign_in_link(link).await), Code::Forbidden);
        let link = on_behalf_of(token, link_for(own)).unwrap();
        let link = client.create_sign_in_link(link).await.unwrap().into_inner();
        assert!(link.expires_at.is_some(), "only the operator's links have no end");
        let member = pb::CreateMemberRequest { name: "Zoe".to_owned(), ..Default::default() };
        let member = on_behalf_of(token, member).unwrap();
        assert_eq!(code(client.create_member(member).await), Code::Forbidden);
        let rebuild = on_behalf_of(token, pb::RebuildProjectionsRequest {}).unwrap();
        assert_eq!(code(client.rebuild_projections(rebuild).await), Code::Forbidden);
    }
    client.create_sign_in_link(on_behalf_of(&eves, link_for(mia)).unwrap()).await.unwrap();
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_before_it_is_known_what_is_revoked() {
    let house = House::start(Setup::default()).await;
    let mut lock = house.pool().begin().await.unwrap();
    sqlx::query("lock table revocations").execute(&mut *lock).await.unwrap();
    let replica = runtime::start(Peer::CustomerService, &house.config.runtime).unwrap();
    let runtime = replica.clone();
    let mut starting = std::pin::pin!(customer_service::start(house.config.clone(), &runtime));
    let a_while = std::time::Duration::from_millis(500);
    assert!(tokio::time::timeout(a_while, &mut starting).await.is_err(), "it has started");
    lock.rollback().await.unwrap();
    starting.await.unwrap();
    replica.shutdown.request();
    replica.finish().await.unwrap();
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_session_is_refused_at_our_own_door() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 20, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let mut client = server.client();
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let link = links::create(identity, wanted(mia, TimeDelta::hours(1)), now).await.unwrap();
    let request = pb::ExchangeSignInLinkRequest {
        secret: link.secret.expose_secret().to_owned(),
        device: "phone".to_owned(),
    };
    let pair = client.exchange_sign_in_link(request).await.unwrap().into_inner();
    let watch = client.watch_revocations(pb::WatchRevocationsRequest {}).await;
    let mut watch = watch.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap(), Some(pb::Revocation::default()), "a heartbeat");
    let me = || on_behalf_of(&pair.access_token, pb::GetMeRequest {}).unwrap();
    client.get_me(me()).await.unwrap();
    let refresh = pb::RefreshTokensRequest { refresh_token: pair.refresh_token.clone() };
    let next = client.refresh_tokens(refresh).await.unwrap().into_inner();
    client.sign_out(pb::SignOutRequest { refresh_token: next.refresh_token }).await.unwrap();
    crate::house::eventually("the token is refused", async || {
        client.clone().get_me(me()).await.is_err()
    })
    .await;
    assert_eq!(code(client.get_me(me()).await), Code::Unauthenticated);
    let told = loop {
        let told = watch.message().await.unwrap().unwrap();
        if told != pb::Revocation::default() {
            break told;
        }
    };
    assert!(told.session_id.starts_with("ses_"), "{told:?}");
    // An open stream does not keep the service from leaving in order.
    house.stop().await;
    server.stop().await;
}
