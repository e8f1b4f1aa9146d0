//! Through the real door: changing people, their roles, and where they are signed in.

use chrono::TimeDelta;
use runtime::{Code, Peer, grpc::on_behalf_of};
use types::{MemberId, Role};
use wire::customer::v1 as pb;

use crate::{
    access::{Caller, code, sign_in},
    house::{House, Setup, eventually},
};

const ADMIN: [Role; 2] = [Role::Member, Role::Admin];

fn update(member: MemberId, roles: Option<&[pb::Role]>) -> pb::UpdateMemberRequest {
    let roles =
        roles.map(|roles| pb::RoleSet { roles: roles.iter().map(|role| (*role).into()).collect() });
    pb::UpdateMemberRequest { member_id: member.to_string(), roles, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_roles_count_at_once_and_the_sign_in_goes_on() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let ben = house.member("Ben", 0, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let (adas, bens) = (sign_in(&house, ada).await, sign_in(&house, ben).await);
    let mut client = server.client();
    let me = |token: &str| on_behalf_of(token, pb::GetMeRequest {}).unwrap();
    client.get_me(me(&bens.access_token)).await.unwrap();

    let barista = update(ben, Some(&[pb::Role::Barista]));
    let asked = on_behalf_of(&bens.access_token, barista.clone()).unwrap();
    assert_eq!(code(client.update_member(asked).await), Code::Forbidden);
    let asked = on_behalf_of(&adas.access_token, barista).unwrap();
    let changed = client.update_member(asked).await.unwrap().into_inner();
    assert_eq!(changed.roles, [i32::from(pb::Role::Member), i32::from(pb::Role::Barista)]);

    eventually("the old token is refused", async || {
        client.clone().get_me(me(&bens.access_token)).await.is_err()
    })
    .await;
    let refresh = pb::RefreshTokensRequest { refresh_token: bens.refresh_token };
    let next = client.refresh_tokens(refresh).await.unwrap().into_inner();
    client.get_me(me(&next.access_token)).await.unwrap();
    // Nobody else was signed out.
    client.get_me(me(&adas.access_token)).await.unwrap();
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_last_admins_who_leave_the_role_at_once_one_stays() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let eve = house.member("Eve", 0, ADMIN).await;
    let server = Caller::of(&house, Peer::Server);
    let (adas, eves) = (sign_in(&house, ada).await, sign_in(&house, eve).await);
    let (mut one, mut other) = (server.client(), server.client());
    let leave = |token: &str, member| {
        on_behalf_of(token, update(member, Some(&[pb::Role::Member]))).unwrap()
    };
    let (first, second) = tokio::join!(
        one.update_member(leave(&adas.access_token, ada)),
        other.update_member(leave(&eves.access_token, eve)),
    );
    let refused = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let refused = runtime::AppError::from_status(refused[0].clone());
    assert_eq!(refused.code, Code::LastAdmin);
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_change_their_own_card_and_wrong_fields_are_named() {
    let house = House::start(Setup::default()).await;
    let ben = house.member("Ben", 0, [Role::Member]).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let bens = sign_in(&house, ben).await.access_token;
    let mut client = server.client();
    let card = |name: &str, of: MemberId| pb::UpdateMemberRequest {
        name: Some(name.to_owned()),
        emoji: Some("🦊".to_owned()),
        ..update(of, None)
    };
    let ask = |message| on_behalf_of(&bens, message).unwrap();
    let changed = client.update_member(ask(card("Benjamin", ben))).await.unwrap().into_inner();
    assert_eq!((changed.name.as_str(), changed.emoji.as_str()), ("Benjamin", "🦊"));
    assert_eq!(code(client.update_member(ask(card("Mia!", mia))).await), Code::Forbidden);
    let wrong = client.update_member(ask(card(" ", ben))).await.unwrap_err();
    let wrong = runtime::AppError::from_status(wrong);
    assert_eq!((wrong.code, wrong.fields[0].path.as_str()), (Code::InvalidRequest, "name"));
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_their_devices_and_ends_one_and_an_admin_anybodys() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let ben = house.member("Ben", 0, [Role::Member]).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let phone = sign_in(&house, ben).await;
    let tablet = sign_in(&house, ben).await;
    let (adas, mias) = (sign_in(&house, ada).await, sign_in(&house, mia).await);
    let mut client = server.client();
    let list = |member: &str| pb::ListSessionsRequest { member_id: member.to_owned() };
    let end = |session: &str| pb::EndSessionRequest { session_id: session.to_owned() };

    let asked = on_behalf_of(&phone.access_token, list("")).unwrap();
    let sessions = client.list_sessions(asked).await.unwrap().into_inner().sessions;
    assert_eq!(sessions.iter().map(|session| session.current).filter(|it| *it).count(), 1);
    let other = sessions.iter().find(|session| !session.current).unwrap().id.clone();

    // Somebody else's is none of Mia's business, and not told from none at all.
    let asked = on_behalf_of(&mias.access_token, list(&ben.to_string())).unwrap();
    assert_eq!(code(client.list_sessions(asked).await), Code::Forbidden);
    let asked = on_behalf_of(&mias.access_token, end(&other)).unwrap();
    assert_eq!(code(client.end_session(asked).await), Code::NotFound);

    let asked = || on_behalf_of(&phone.access_token, end(&other)).unwrap();
    assert!(!client.end_session(asked()).await.unwrap().into_inner().already_so);
    assert!(client.end_session(asked()).await.unwrap().into_inner().already_so);
    let refresh = |token: &str| pb::RefreshTokensRequest { refresh_token: token.to_owned() };
    let ended = client.refresh_tokens(refresh(&tablet.refresh_token)).await;
    assert_eq!(code(ended), Code::InvalidCredential);

    let current = sessions.iter().find(|session| session.current).unwrap().id.clone();
    let asked = on_behalf_of(&adas.access_token, end(&current)).unwrap();
    client.end_session(asked).await.unwrap();
    let me = || on_behalf_of(&phone.access_token, pb::GetMeRequest {}).unwrap();
    eventually("the ended session is refused", async || client.clone().get_me(me()).await.is_err())
        .await;
    let left = customer_service::identity::sessions::list(
        &house.service.app.identity,
        ben,
        customer_service::clock::now() + TimeDelta::seconds(1),
    );
    assert_eq!(left.await.unwrap(), []);
    server.stop().await;
    house.stop().await;
}
