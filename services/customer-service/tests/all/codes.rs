//! Codes on the real database: used once, hard to guess, taken back.

use chrono::TimeDelta;
use customer_domain::codes::{ENDURES, FREE_GUESSES, VALIDITY};
use customer_service::{
    identity::{
        codes,
        links::{self, NewLink, Others, Wanted, WithCode},
        sessions::{self, Issued},
    },
    store::{links::Open, members::Member},
};
use futures::future::join_all;
use runtime::{Code, tokens::Subject};
use secrecy::ExposeSecret;
use types::{MemberId, Role, Timestamp};
use wire::customer::v1 as pb;

use crate::{
    access::{self, Caller, sign_in},
    house::{House, Setup, wanted},
};

const HOUR: TimeDelta = TimeDelta::hours(1);

async fn invite(house: &House, member: MemberId, now: Timestamp) -> NewLink {
    let wanted = Wanted { code: WithCode::Yes, ..wanted(member, HOUR) };
    links::create(&house.service.app.identity, wanted, now).await.unwrap()
}

fn digits(link: &NewLink) -> &str {
    link.code.as_ref().unwrap().0.expose_secret()
}

/// Another code than this one.
fn wrong(link: &NewLink) -> String {
    let number: u32 = digits(link).parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

fn whose(issued: &Issued) -> MemberId {
    match issued.subject {
        Subject::Member(member) => member,
        Subject::Device(device) => panic!("{device} typed a code"),
    }
}

async fn typed(house: &House, code: &str, from: &str, now: Timestamp) -> Result<MemberId, Code> {
    let issued = codes::exchange(&house.service.app.identity, code, from, "phone", now).await;
    issued.map(|issued| whose(&issued)).map_err(|error| error.code)
}

/// What whoever typed it reads.
async fn told(house: &House, code: &str, from: &str, now: Timestamp) -> String {
    let issued = codes::exchange(&house.service.app.identity, code, from, "phone", now).await;
    issued.unwrap_err().message.clone()
}

#[tokio::test]
async fn a_code_signs_in_once_and_its_link_is_used_up_with_it() {
    let house = House::start(Setup::default()).await;
    let oma = house.member("Oma", 0, [Role::Member]).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let link = invite(&house, oma, now).await;
    let (first, rest) = digits(&link).split_at(3);
    assert_eq!(typed(&house, &format!("{first} {rest}"), "here", now).await, Ok(oma));
    assert_eq!(typed(&house, digits(&link), "here", now).await, Err(Code::InvalidCredential));
    let says = told(&house, digits(&link), "here", now).await;
    assert_eq!(says, "This code was used already. Ask for a new one.");
    let again = links::exchange(identity, link.secret.expose_secret(), "phone", now).await;
    assert_eq!(again.unwrap_err().code, Code::InvalidCredential);

    // The other way round, and when its time is over.
    let link = invite(&house, oma, now).await;
    links::exchange(identity, link.secret.expose_secret(), "phone", now).await.unwrap();
    assert_eq!(typed(&house, digits(&link), "there", now).await, Err(Code::InvalidCredential));
    let link = invite(&house, oma, now).await;
    let late = now + VALIDITY;
    let says = told(&house, digits(&link), "there", late).await;
    assert_eq!(says, "This code has expired. Ask for a new one.");
    links::exchange(identity, link.secret.expose_secret(), "phone", late).await.unwrap();
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_type_a_code_at_once_one_is_signed_in() {
    let house = House::start(Setup::default()).await;
    let oma = house.member("Oma", 0, [Role::Member]).await;
    let now = customer_service::clock::now();
    for _ in 0..5 {
        let link = invite(&house, oma, now).await;
        let tries = ["a", "b"].map(|from| typed(&house, digits(&link), from, now));
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        let why = told(&house, digits(&link), "c", now + TimeDelta::hours(1)).await;
        assert!(why.contains("used already"), "the other hears why: {why}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_that_guesses_waits_however_many_it_sends_at_once() {
    let house = House::start(Setup::default()).await;
    let oma = house.member("Oma", 0, [Role::Member]).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let link = invite(&house, oma, now).await;
    let guess = wrong(&link);
    // What is no code is no guess.
    for nonsense in ["", "12345", "abcdef", "1234567"] {
        assert_eq!(typed(&house, nonsense, "robot", now).await, Err(Code::InvalidRequest));
    }
    let guesses = (0..4 * FREE_GUESSES).map(|_| typed(&house, &guess, "robot", now));
    let answers = join_all(guesses).await;
    let tried = answers.iter().filter(|answer| **answer == Err(Code::InvalidCredential)).count();
    assert_eq!(tried, FREE_GUESSES as usize);
    // Now not even the right one helps, until the minute is over; others go on.
    let waiting = codes::exchange(identity, digits(&link), "robot", "phone", now).await;
    let waiting = waiting.unwrap_err();
    assert_eq!(waiting.code, Code::TooManyRequests);
    assert_eq!(waiting.retry_after, Some(std::time::Duration::from_secs(60)));
    let other = invite(&house, oma, now).await;
    assert_eq!(typed(&house, digits(&other), "elsewhere", now).await, Ok(oma));
    let later = now + TimeDelta::minutes(1);
    assert_eq!(typed(&house, digits(&link), "robot", later).await, Ok(oma));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_endures_so_many_guesses_by_everybody_and_then_only_its_link_works() {
    let house = House::start(Setup::default()).await;
    let oma = house.member("Oma", 0, [Role::Member]).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let link = invite(&house, oma, now).await;
    let guess = wrong(&link);
    let addresses: Vec<String> = (0..ENDURES).map(|number| format!("10.0.0.{number}")).collect();
    join_all(addresses.iter().map(|from| typed(&house, &guess, from, now))).await;
    let says = told(&house, digits(&link), "home", now).await;
    assert_eq!(says, "This code was guessed at too often. Ask for a new one.");
    let open = links::open(identity, oma, now).await.unwrap();
    assert_eq!(open.iter().map(|link| link.code_expires_at).collect::<Vec<_>>(), [None]);
    // A new code is not tired of the old one's guesses.
    let fresh = invite(&house, oma, now).await;
    assert_eq!(typed(&house, digits(&fresh), "home", now).await, Ok(oma));
    links::exchange(identity, link.secret.expose_secret(), "phone", now).await.unwrap();
    house.stop().await;
}

#[tokio::test]
async fn a_new_phone_ends_the_lost_one() {
    let house = House::start(Setup::default()).await;
    let oma = house.member("Oma", 0, [Role::Member]).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let lost = sign_in(&house, oma).await;
    let wanted = Wanted { code: WithCode::Yes, others: Others::End, ..wanted(oma, HOUR) };
    let link = links::create(identity, wanted, now).await.unwrap();
    let found = codes::exchange(identity, digits(&link), "home", "new phone", now).await.unwrap();
    let listed = sessions::list(identity, oma, now).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [found.session]);
    let old = sessions::refresh(identity, &lost.refresh_token, now).await;
    assert_eq!(old.unwrap_err().code, Code::InvalidCredential);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitations_are_seen_and_taken_back_by_their_owner_and_admins() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let ben = house.member("Ben", 0, [Role::Member]).await;
    let eve = house.member("Eve", 0, [Role::Member, Role::Admin]).await;
    let now = customer_service::clock::now();
    let server = Caller::of(&house, runtime::Peer::Server);
    let mut client = server.client();
    let (mias, bens, eves) =
        (sign_in(&house, mia).await, sign_in(&house, ben).await, sign_in(&house, eve).await);
    let link = invite(&house, mia, now).await;
    let on_behalf_of = |token: &str| {
        let id = link.id.to_string();
        runtime::grpc::on_behalf_of(token, pb::WithdrawInvitationRequest { id }).unwrap()
    };
    let withdraw = on_behalf_of(&bens.access_token);
    assert_eq!(access::code(client.withdraw_invitation(withdraw).await), Code::NotFound);
    let list = |token: &str| {
        let member_id = mia.to_string();
        runtime::grpc::on_behalf_of(token, pb::ListInvitationsRequest { member_id }).unwrap()
    };
    assert_eq!(
        access::code(client.list_invitations(list(&bens.access_token)).await),
        Code::Forbidden
    );
    let seen = client.list_invitations(list(&eves.access_token)).await.unwrap().into_inner();
    assert_eq!(seen.invitations[0].id, link.id.to_string());
    assert!(seen.invitations[0].code_expires_at.is_some());

    let withdraw = on_behalf_of(&mias.access_token);
    assert!(!client.withdraw_invitation(withdraw).await.unwrap().into_inner().already_so);
    let withdraw = on_behalf_of(&eves.access_token);
    assert!(client.withdraw_invitation(withdraw).await.unwrap().into_inner().already_so);
    let says = told(&house, digits(&link), "home", now).await;
    assert_eq!(says, "This code was taken back. Ask for a new one.");
    let seen = client.list_invitations(list(&mias.access_token)).await.unwrap().into_inner();
    assert_eq!(seen.invitations, []);
    server.stop().await;
    house.stop().await;
}

#[tokio::test]
async fn a_link_without_an_end_takes_the_place_of_the_one_before() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member, Role::Admin]).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let endless = || links::create(identity, Wanted { validity: None, ..wanted(mia, HOUR) }, now);
    let (first, second) = (endless().await.unwrap(), endless().await.unwrap());
    assert_eq!((first.expires_at, second.expires_at), (None, None));
    let exchange = async |link: &NewLink| {
        links::exchange(identity, link.secret.expose_secret(), "phone", now).await
    };
    let refused = exchange(&first).await.unwrap_err();
    assert!(refused.to_string().contains("taken back"), "{refused}");
    assert_eq!(whose(&exchange(&second).await.unwrap()), mia);
    house.stop().await;
}

#[tokio::test]
async fn who_never_signed_in_is_expected_with_what_still_works() {
    let house = House::start(Setup::default()).await;
    let (oma, mia) =
        (house.member("Oma", 0, [Role::Member]).await, house.member("Mia", 0, []).await);
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let (link, other) = (invite(&house, oma, now).await, invite(&house, mia, now).await);
    let expected = async |now| {
        let invited = links::invited(identity, now).await.unwrap().into_iter();
        let of = |(member, open): (Member, Vec<Open>)| (member.card.name, open.len());
        invited.map(of).collect::<Vec<_>>()
    };
    let both = [("Mia".to_owned(), 1), ("Oma".to_owned(), 1)];
    assert_eq!(expected(now).await, both);
    assert_eq!(typed(&house, digits(&other), "home", now).await, Ok(mia));
    assert_eq!(expected(now).await, both[1..]);
    // Whose link is over is still expected, and needs another.
    assert_eq!(expected(now + HOUR).await, [("Oma".to_owned(), 0)]);
    links::exchange(identity, link.secret.expose_secret(), "phone", now).await.unwrap();
    assert_eq!(expected(now).await, []);
    house.stop().await;
}
