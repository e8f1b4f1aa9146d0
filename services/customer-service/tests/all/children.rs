//! Through the real door: who is a child, and that a child always has a guardian.

use runtime::{AppError, Code, Peer, grpc::on_behalf_of};
use types::{MemberId, Role};
use wire::customer::v1::{self as pb, customer_service_server::CustomerService};

use crate::{
    access::{Caller, code, sign_in},
    house::{House, Setup, by, by_person, unwrapped},
};

const ADMIN: [Role; 2] = [Role::Member, Role::Admin];

pub(crate) fn child_of(member: MemberId, guardians: &[MemberId]) -> pb::UpdateMemberRequest {
    let guardian_ids = guardians.iter().map(ToString::to_string).collect();
    let kin = pb::Kin { kind: pb::MemberKind::Child.into(), guardian_ids };
    pb::UpdateMemberRequest { member_id: member.to_string(), kin: Some(kin), ..Default::default() }
}

fn refused<T: std::fmt::Debug>(
    answer: Result<tonic::Response<T>, tonic::Status>,
) -> (Code, String, String) {
    let error = AppError::from_status(answer.unwrap_err());
    let field = error.fields.first().map(|field| (field.path.clone(), field.code.clone()));
    let (path, code) = field.unwrap_or_default();
    (error.code, path, code)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_says_who_is_a_child_and_everybody_sees_it() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let ben = house.member("Ben", 0, [Role::Member]).await;
    let dan = house.member("Dan", 0, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let adas = sign_in(&house, ada).await.access_token;
    let bens = sign_in(&house, ben).await.access_token;
    let mut client = server.client();

    // A guardian does not make themselves one.
    let asked = on_behalf_of(&bens, child_of(dan, &[ben])).unwrap();
    assert_eq!(code(client.update_member(asked).await), Code::Forbidden);
    let ask = |request| on_behalf_of(&adas, request).unwrap();
    let changed = client.update_member(ask(child_of(dan, &[ada, ben]))).await.unwrap();
    let changed = changed.into_inner();
    assert_eq!(changed.kind(), pb::MemberKind::Child);
    assert_eq!(changed.guardian_ids, [ada.to_string(), ben.to_string()]);
    let listed = on_behalf_of(&bens, pb::ListMembersRequest {}).unwrap();
    let listed = client.list_members(listed).await.unwrap().into_inner().members;
    let kinds: Vec<_> = listed.iter().map(|it| (it.name.as_str(), it.kind())).collect();
    assert_eq!(
        kinds,
        [
            ("Ada", pb::MemberKind::Adult),
            ("Ben", pb::MemberKind::Adult),
            ("Dan", pb::MemberKind::Child)
        ]
    );
    // Grown up.
    let adult = pb::Kin { kind: pb::MemberKind::Adult.into(), guardian_ids: Vec::new() };
    let grown = pb::UpdateMemberRequest { kin: Some(adult), ..child_of(dan, &[]) };
    let grown = client.update_member(ask(grown)).await.unwrap().into_inner();
    assert_eq!((grown.kind(), grown.guardian_ids.len()), (pb::MemberKind::Adult, 0));
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_is_never_left_without_a_guardian() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let ben = house.member("Ben", 0, [Role::Member]).await;
    let dan = house.member("Dan", 0, [Role::Member]).await;
    let server = Caller::of(&house, Peer::Server);
    let adas = sign_in(&house, ada).await.access_token;
    let mut client = server.client();
    let ask = |request| on_behalf_of(&adas, request).unwrap();

    client.update_member(ask(child_of(dan, &[ben]))).await.unwrap();
    let none = client.update_member(ask(child_of(dan, &[]))).await;
    let field = "guardian_ids".to_owned();
    assert_eq!(refused(none), (Code::InvalidRequest, field.clone(), "required".to_owned()));
    let nobody = client.update_member(ask(child_of(dan, &[MemberId::new()]))).await;
    assert_eq!(refused(nobody).2, "unknown-member");
    let himself = client.update_member(ask(child_of(dan, &[dan]))).await;
    assert_eq!(refused(himself).2, "own-guardian");
    // Who looks after somebody does not become a child, until another does.
    let last = client.update_member(ask(child_of(ben, &[ada]))).await.unwrap_err();
    let last = AppError::from_status(last);
    assert_eq!((last.code, last.details["child"].clone()), (Code::LastGuardian, dan.to_string()));
    client.update_member(ask(child_of(dan, &[ada, ben]))).await.unwrap();
    client.update_member(ask(child_of(ben, &[ada]))).await.unwrap();
    let guards = client.update_member(ask(child_of(dan, &[ben]))).await;
    assert_eq!(refused(guards).2, "guardian-is-a-child");
    // No child is an admin.
    let roles = pb::RoleSet { roles: vec![pb::Role::Admin.into()] };
    let request = pb::UpdateMemberRequest {
        member_id: dan.to_string(),
        roles: Some(roles),
        ..Default::default()
    };
    assert_eq!(code(client.update_member(ask(request)).await), Code::Conflict);
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_at_once_that_would_leave_a_child_alone_one_is_refused() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let [ben, dan, eli] = [
        house.member("Ben", 0, [Role::Member]).await,
        house.member("Dan", 0, [Role::Member]).await,
        house.member("Eli", 0, [Role::Member]).await,
    ];
    let server = Caller::of(&house, Peer::Server);
    let adas = sign_in(&house, ada).await.access_token;
    let (mut one, mut other) = (server.client(), server.client());
    // Ben becomes a child while he becomes Dan's only guardian.
    let (first, second) = tokio::join!(
        one.update_member(on_behalf_of(&adas, child_of(ben, &[eli])).unwrap()),
        other.update_member(on_behalf_of(&adas, child_of(dan, &[ben])).unwrap()),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    server.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_joins_with_a_guardian_or_not_at_all() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let dan = MemberId::new();
    let joining = |guardian_ids: Vec<String>| pb::CreateMemberRequest {
        id: dan.to_string(),
        name: "Dan".to_owned(),
        kind: pb::MemberKind::Child.into(),
        guardian_ids,
        ..Default::default()
    };
    let join = async |guardians| {
        use pb::customer_service_server::CustomerService as _;
        unwrapped(house.handlers.create_member(by(Peer::Launcher, joining(guardians))).await)
    };
    let alone = join(vec![]).await.unwrap_err();
    assert_eq!(alone.fields[0].path, "guardian_ids");
    let malformed = join(vec!["Ada".to_owned()]).await.unwrap_err();
    assert_eq!(malformed.fields[0].path, "guardian_ids[0]");
    let joined = join(vec![ada.to_string()]).await.unwrap();
    assert_eq!(joined.guardian_ids, [ada.to_string()]);
    // Once more, with whatever: it stays as it is.
    assert_eq!(join(vec![]).await.unwrap(), joined);
    house.stop().await;
}

#[tokio::test]
async fn no_child_stands_on_the_boards() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let dan = house.member("Dan", 0, [Role::Member]).await;
    let join = async || {
        let request = pb::SetOnBoardsRequest { on_boards: true };
        unwrapped(house.handlers.set_on_boards(by_person(dan, [Role::Member], request)).await)
    };
    let on_boards = async || -> i64 {
        let count = sqlx::query_scalar("select count(*) from on_boards");
        count.fetch_one(house.pool()).await.unwrap()
    };
    join().await.unwrap();
    assert_eq!(on_boards().await, 1);
    let child = by_person(ada, ADMIN, child_of(dan, &[ada]));
    unwrapped(house.handlers.update_member(child).await).unwrap();
    assert_eq!(on_boards().await, 0, "who becomes a child stands there no more");
    assert_eq!(join().await.unwrap_err().code, Code::Forbidden);
    assert_eq!(on_boards().await, 0);
    house.stop().await;
}

#[tokio::test]
async fn a_childs_last_guardian_cannot_leave_the_family() {
    let house = House::start(Setup::default()).await;
    let ada = house.member("Ada", 0, ADMIN).await;
    let ben = house.member("Ben", 0, [Role::Member]).await;
    let dan = house.member("Dan", 0, [Role::Member]).await;
    let guarded_by = async |guardians: &[MemberId]| {
        let request = by_person(ada, ADMIN, child_of(dan, guardians));
        unwrapped(house.handlers.update_member(request).await).unwrap();
    };
    let remove = async |member: MemberId, name: &str| {
        let request =
            pb::RemoveMemberRequest { member_id: member.to_string(), name: name.to_owned() };
        unwrapped(house.handlers.remove_member(by_person(ada, ADMIN, request)).await)
    };
    guarded_by(&[ben]).await;
    assert_eq!(remove(ben, "Ben").await.unwrap_err().code, Code::LastGuardian);
    guarded_by(&[ada, ben]).await;
    remove(ben, "Ben").await.unwrap();
    let me = by_person(dan, [Role::Member], pb::GetMeRequest {});
    let me = unwrapped(house.handlers.get_me(me).await).unwrap();
    assert_eq!(me.guardian_ids, [ada.to_string()]);
    remove(dan, "Dan").await.unwrap();
    house.stop().await;
}
