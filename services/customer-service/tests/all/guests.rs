//! Through the real door: visitors come in by a pass, the host pays, and when the
//! evening is over nobody is left.

use chrono::TimeDelta;
use customer_domain::guests::{MOST_GUESTS, MOST_PASSES};
use customer_service::{app::guests, clock};
use runtime::{AppError, Code, Peer, grpc::on_behalf_of};
use types::{MemberId, OrderId, Role, Timestamp};
use wire::customer::v1::{self as pb, customer_service_server::CustomerService};

use crate::{
    access::{Caller, Client, code, sign_in},
    devices::claims,
    house::{House, Setup, by, unwrapped},
};

/// Mia, at whose table it is, and a gateway.
struct Evening {
    house: House,
    server: Caller,
    mia: MemberId,
    mias: String,
}

impl Evening {
    async fn begin() -> Self {
        let house = House::start(Setup { floor: -100, ..Setup::default() }).await;
        let mia = house.member("Mia", 20, [Role::Member]).await;
        let mias = sign_in(&house, mia).await.access_token;
        let server = Caller::of(&house, Peer::Server);
        Self { house, server, mia, mias }
    }

    fn client(&self) -> Client {
        self.server.client()
    }

    async fn pass(&self) -> pb::CreateGuestPassResponse {
        let request = on_behalf_of(&self.mias, pb::CreateGuestPassRequest {}).unwrap();
        self.client().create_guest_pass(request).await.unwrap().into_inner()
    }

    async fn passes(&self) -> Vec<pb::GuestPass> {
        let request = on_behalf_of(&self.mias, pb::ListGuestPassesRequest {}).unwrap();
        self.client().list_guest_passes(request).await.unwrap().into_inner().passes
    }

    async fn enters(&self, secret: &str, name: &str) -> Result<pb::TokenPair, AppError> {
        let request = pb::EnterAsGuestRequest {
            secret: secret.to_owned(),
            name: name.to_owned(),
            device: "a phone".to_owned(),
        };
        unwrapped(self.client().enter_as_guest(request).await)
    }

    async fn end(&self, token: &str, pass: &pb::GuestPass) -> Result<bool, AppError> {
        let request = pb::EndGuestPassRequest { id: pass.id.clone() };
        let request = on_behalf_of(token, request).unwrap();
        let ended = unwrapped(self.client().end_guest_pass(request).await);
        ended.map(|pb::EndGuestPassResponse { already_so }| !already_so)
    }

    async fn refreshes(&self, tokens: &pb::TokenPair) -> Result<pb::TokenPair, AppError> {
        let refresh_token = tokens.refresh_token.clone();
        let request = pb::RefreshTokensRequest { refresh_token };
        unwrapped(self.client().refresh_tokens(request).await)
    }

    async fn names(&self) -> Vec<String> {
        let request = on_behalf_of(&self.mias, pb::ListMembersRequest {}).unwrap();
        let members = self.client().list_members(request).await.unwrap().into_inner().members;
        members.into_iter().map(|member| member.name).collect()
    }

    async fn close(self) {
        self.house.assert_ledger_adds_up().await;
        self.server.stop().await;
        self.house.stop().await;
    }
}

fn id_of(tokens: &pb::TokenPair) -> MemberId {
    tokens.member_id.parse().unwrap()
}

fn ends(pass: &pb::GuestPass) -> Timestamp {
    customer_service::events::read_time(pass.ends_at.as_ref().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_at_the_table_comes_in_by_one_pass_and_the_host_pays() {
    let evening = Evening::begin().await;
    let pb::CreateGuestPassResponse { secret, pass } = evening.pass().await;
    let pass = pass.unwrap();
    let long = ends(&pass) - clock::now();
    assert!((TimeDelta::hours(3)..=TimeDelta::hours(27)).contains(&long), "{long}");
    let leo = evening.enters(&secret, "Leo").await.unwrap();
    assert_eq!(leo.refresh_expires_at, pass.ends_at);
    // However much it is used.
    let leo = evening.refreshes(&leo).await.unwrap();
    assert_eq!(leo.refresh_expires_at, pass.ends_at);
    let zoe = evening.enters(&secret, " Zoé 🌻 ").await.unwrap();
    let token = claims(&leo.access_token);
    assert_eq!(
        (&token["scope"], &token["roles"], &token["sub"]),
        (
            &serde_json::json!("guest"),
            &serde_json::json!(["member"]),
            &serde_json::json!(leo.member_id)
        )
    );
    let me = on_behalf_of(&zoe.access_token, pb::GetMeRequest {}).unwrap();
    let me = evening.client().get_me(me).await.unwrap().into_inner();
    assert_eq!((me.name.as_str(), me.kind()), ("Zoé 🌻", pb::MemberKind::Guest));
    assert_eq!(me.host_id, evening.mia.to_string());
    let here = &evening.passes().await[0].guests;
    assert_eq!(here.iter().map(|guest| &guest.name[..]).collect::<Vec<_>>(), ["Leo", "Zoé 🌻"]);

    // Mia pays, and is paid back what was not made.
    let order = OrderId::new();
    let settled = evening.house.settle(order, id_of(&leo), 1, 7).await.unwrap();
    assert_eq!(settled, (pb::Settlement::Settled, 13));
    assert_eq!(evening.house.settle(order, id_of(&leo), 1, 7).await.unwrap(), settled);
    assert_eq!(evening.house.balance(evening.mia).await, 13);
    let back = evening.house.settle(order, id_of(&leo), 2, 0).await.unwrap();
    assert_eq!(back, (pb::Settlement::Settled, 20));
    evening.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_evening_is_over_the_guests_are_gone_and_the_sums_stay() {
    let evening = Evening::begin().await;
    let pb::CreateGuestPassResponse { secret, pass } = evening.pass().await;
    let leo = evening.enters(&secret, "Leo").await.unwrap();
    let order = OrderId::new();
    evening.house.settle(order, id_of(&leo), 1, 7).await.unwrap();
    let app = &evening.house.service.app;
    let end = ends(&pass.unwrap());
    assert_eq!(guests::see_off(app, end - TimeDelta::seconds(1)).await.unwrap(), 0);
    assert_eq!(evening.names().await, ["Leo", "Mia"]);
    assert_eq!(guests::see_off(app, end).await.unwrap(), 1);
    assert_eq!(guests::see_off(app, end).await.unwrap(), 0);
    assert_eq!(evening.names().await, ["Mia"]);
    assert_eq!(evening.refreshes(&leo).await.unwrap_err().code, Code::InvalidCredential);
    let named: i64 = sqlx::query_scalar("select count(*) from members where name = 'Leo'")
        .fetch_one(evening.house.pool())
        .await
        .unwrap();
    assert_eq!(named, 0, "a name is left");
    // The host still sees what they paid for.
    let diners =
        evening.house.handlers.list_diners(by(Peer::OrderService, pb::ListDinersRequest {}));
    let diners = unwrapped(diners.await).unwrap().diners;
    let leos = diners.iter().find(|diner| diner.member_id == leo.member_id).unwrap();
    assert_eq!(
        (leos.kind(), &leos.guardian_ids),
        (pb::MemberKind::Guest, &vec![evening.mia.to_string()])
    );
    // What turns out later is still the host's.
    let later = evening.house.settle(order, id_of(&leo), 2, 3).await.unwrap();
    assert_eq!(later, (pb::Settlement::Settled, 17));
    evening.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_ends_a_pass_and_whoever_came_by_it_is_out() {
    let evening = Evening::begin().await;
    let ben = evening.house.member("Ben", 0, [Role::Member]).await;
    let bens = sign_in(&evening.house, ben).await.access_token;
    let pb::CreateGuestPassResponse { secret, pass } = evening.pass().await;
    let pass = pass.unwrap();
    let leo = evening.enters(&secret, "Leo").await.unwrap();
    assert_eq!(evening.end(&bens, &pass).await.unwrap_err().code, Code::NotFound);
    assert_eq!(evening.end(&leo.access_token, &pass).await.unwrap_err().code, Code::Forbidden);
    assert!(evening.end(&evening.mias, &pass).await.unwrap());
    assert!(!evening.end(&evening.mias, &pass).await.unwrap(), "it was over");
    assert_eq!(evening.passes().await, []);
    assert_eq!(evening.refreshes(&leo).await.unwrap_err().code, Code::InvalidCredential);
    let me = on_behalf_of(&leo.access_token, pb::GetMeRequest {}).unwrap();
    assert_eq!(code(evening.client().get_me(me).await), Code::Unauthenticated);
    let late = evening.enters(&secret, "Zoe").await.unwrap_err();
    assert_eq!(late.code, Code::InvalidCredential);
    assert!(late.to_string().contains("over"), "{late}");

    // Whose host leaves the family goes, too.
    let request = on_behalf_of(&bens, pb::CreateGuestPassRequest {}).unwrap();
    let bens_pass = evening.client().create_guest_pass(request).await.unwrap().into_inner();
    evening.enters(&bens_pass.secret, "Gil").await.unwrap();
    let leave = pb::RemoveMemberRequest { member_id: ben.to_string(), name: "Ben".to_owned() };
    evening.client().remove_member(on_behalf_of(&bens, leave).unwrap()).await.unwrap();
    guests::see_off(&evening.house.service.app, clock::now()).await.unwrap();
    assert_eq!(evening.names().await, ["Mia"]);
    evening.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_no_more_come_in_than_a_pass_is_for() {
    let evening = Evening::begin().await;
    let secret = evening.pass().await.secret;
    let entering = (0..MOST_GUESTS + 3).map(|at| {
        let (evening, secret) = (&evening, &secret);
        async move { evening.enters(secret, &format!("Guest {at}")).await }
    });
    let entered = futures::future::join_all(entering).await;
    let (inside, outside): (Vec<_>, Vec<_>) = entered.into_iter().partition(Result::is_ok);
    assert_eq!((inside.len(), outside.len()), (MOST_GUESTS, 3));
    assert!(outside.into_iter().all(|refused| refused.unwrap_err().code == Code::Conflict));
    evening.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_pass_lets_nobody_in_and_a_guest_stays_a_guest() {
    let evening = Evening::begin().await;
    let secret = evening.pass().await.secret;
    for wrong in ["", "guess", &"A".repeat(43), &secret[1..]] {
        let refused = evening.enters(wrong, "Leo").await.unwrap_err();
        assert_eq!(refused.code, Code::InvalidCredential, "{wrong}");
    }
    for name in ["", " ", "\u{202e}oeL", &"L".repeat(41)] {
        let refused = evening.enters(&secret, name).await.unwrap_err();
        assert_eq!(refused.fields[0].path, "name", "{name:?}");
    }
    let leo = evening.enters(&secret, "<b>Leo</b>").await.unwrap();
    for _ in 1..MOST_PASSES {
        evening.pass().await;
    }
    let one_more = on_behalf_of(&evening.mias, pb::CreateGuestPassRequest {}).unwrap();
    assert_eq!(code(evening.client().create_guest_pass(one_more).await), Code::Conflict);

    // Nobody gives a guest more than an evening.
    let ada = evening.house.member("Ada", 0, [Role::Member, Role::Admin]).await;
    let adas = sign_in(&evening.house, ada).await.access_token;
    let (mut client, member_id) = (evening.client(), leo.member_id.clone());
    let link = pb::CreateSignInLinkRequest { member_id: member_id.clone(), ..Default::default() };
    let link = client.create_sign_in_link(on_behalf_of(&adas, link).unwrap()).await;
    assert_eq!(code(link), Code::NotFound);
    let roles = Some(pb::RoleSet { roles: vec![pb::Role::Admin.into()] });
    let kin = Some(pb::Kin { kind: pb::MemberKind::Adult.into(), guardian_ids: vec![] });
    for update in [
        pb::UpdateMemberRequest { member_id: member_id.clone(), roles, ..Default::default() },
        pb::UpdateMemberRequest { member_id: member_id.clone(), kin, ..Default::default() },
    ] {
        let update = client.update_member(on_behalf_of(&adas, update).unwrap()).await;
        assert_eq!(code(update), Code::Conflict);
    }
    let pin = pb::SetPinRequest {
        member_id: member_id.clone(),
        kind: pb::PinKind::Digits.into(),
        pin: "7310".to_owned(),
    };
    assert_eq!(code(client.set_pin(on_behalf_of(&adas, pin).unwrap()).await), Code::NotFound);
    let own = on_behalf_of(&leo.access_token, pb::CreateGuestPassRequest {}).unwrap();
    assert_eq!(code(client.create_guest_pass(own).await), Code::Forbidden);
    let child = pb::CreateMemberRequest {
        name: "Dan".to_owned(),
        kind: pb::MemberKind::Child.into(),
        guardian_ids: vec![member_id],
        ..pb::CreateMemberRequest::default()
    };
    let child = client.create_member(on_behalf_of(&adas, child).unwrap()).await;
    assert_eq!(code(child), Code::InvalidRequest);
    evening.close().await;
}
