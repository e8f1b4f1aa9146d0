//! Passkeys, with a device in software: made once, used to sign in, refused with
//! the reason when anything about them is not right.

use chrono::TimeDelta;
use customer_service::identity::{
    links::{self, Others, Wanted},
    passkeys::{self, NewOne, SignIn},
};
use futures::future::join_all;
use runtime::{AppError, Code, Peer, grpc::on_behalf_of, tokens::Subject};
use secrecy::ExposeSecret;
use test_kit::authenticator::{Authenticator, Challenged, Created, Got, Mischief};
use types::{MemberId, Role, Timestamp};
use webauthn::{Assertion, Registration};
use wire::customer::v1 as pb;

use crate::{
    access::{Caller, code, sign_in},
    house::{House, Setup, wanted},
};

const ORIGIN: &str = "http://localhost:8080";
const MEMBER: [Role; 1] = [Role::Member];

fn asked<'a>(origin: &'a str, challenge: &'a [u8]) -> Challenged<'a> {
    Challenged { origin, rp_id: "localhost", challenge }
}

fn now() -> Timestamp {
    customer_service::clock::now()
}

fn handle(member: MemberId) -> [u8; 16] {
    *member.uuid().as_bytes()
}

/// Asks a member's device for a passkey.
async fn created(house: &House, member: MemberId, device: &mut Authenticator) -> Created {
    let identity = &house.service.app.identity;
    let begun = passkeys::begin_registration(identity, member, now()).await.unwrap();
    device.create(asked(ORIGIN, &begun.challenge), &handle(member))
}

async fn keep(house: &House, member: MemberId, created: &Created) -> Result<String, AppError> {
    let answer = Registration {
        client_data_json: &created.client_data_json,
        attestation_object: &created.attestation_object,
    };
    let new = NewOne { name: "phone", answer, transports: &["internal".to_owned()] };
    let kept = passkeys::finish_registration(&house.service.app.identity, member, new, now()).await;
    kept.map(|passkey| passkey.id.to_string())
}

/// A member with a passkey on a device of theirs.
async fn with_passkey(house: &House, name: &str) -> (MemberId, Authenticator) {
    let member = house.member(name, 0, MEMBER).await;
    let mut device = Authenticator::new();
    let created = created(house, member, &mut device).await;
    keep(house, member, &created).await.unwrap();
    (member, device)
}

/// Asks whoever has a passkey; the device's owner chooses this one.
async fn used(house: &House, member: MemberId, device: &mut Authenticator) -> Got {
    let challenge = passkeys::begin_sign_in(&house.service.app.identity, now()).await.unwrap();
    device.get(asked(ORIGIN, &challenge), &handle(member))
}

async fn enter(house: &House, got: &Got, now: Timestamp) -> Result<MemberId, AppError> {
    let sign_in = SignIn {
        credential_id: &got.credential_id,
        user_handle: &got.user_handle,
        answer: Assertion {
            client_data_json: &got.client_data_json,
            authenticator_data: &got.authenticator_data,
            signature: &got.signature,
        },
        device: "phone",
    };
    let issued = passkeys::finish_sign_in(&house.service.app.identity, sign_in, now).await;
    issued.map(|issued| match issued.subject {
        Subject::Member(member) => member,
        Subject::Device(device) => panic!("{device} is nobody"),
    })
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, AppError>) -> Code {
    answer.unwrap_err().code
}

async fn sessions(house: &House) -> i64 {
    sqlx::query_scalar("select count(*) from sessions").fetch_one(house.pool()).await.unwrap()
}

#[tokio::test]
async fn a_lost_phone_has_no_passkey_any_more() {
    let house = House::start(Setup::default()).await;
    let (mia, mut lost) = with_passkey(&house, "Mia").await;
    let (ben, mut bens) = with_passkey(&house, "Ben").await;
    let identity = &house.service.app.identity;
    let wanted = Wanted { others: Others::End, ..wanted(mia, TimeDelta::hours(1)) };
    let link = links::create(identity, wanted, now()).await.unwrap();
    let got = used(&house, mia, &mut lost).await;
    links::exchange(identity, link.secret.expose_secret(), "new phone", now()).await.unwrap();
    assert_eq!(refusal(enter(&house, &got, now()).await), Code::PasskeyUnknown);
    let got = used(&house, ben, &mut bens).await;
    assert_eq!(enter(&house, &got, now()).await.unwrap(), ben);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_is_made_through_the_door_and_signs_in_to_an_ordinary_session() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 20, MEMBER).await;
    let token = sign_in(&house, mia).await.access_token;
    let server = Caller::of(&house, Peer::Server);
    let mut client = server.client();
    let mut device = Authenticator::new().backed_up();

    let begin = on_behalf_of(&token, pb::BeginPasskeyRegistrationRequest {}).unwrap();
    let begun = client.begin_passkey_registration(begin).await.unwrap().into_inner();
    assert_eq!((begun.rp_id.as_str(), begun.user_name.as_str()), ("localhost", "Mia"));
    assert_eq!((begun.exclude.len(), begun.timeout_seconds), (0, 300));
    assert_eq!(begun.user_handle.as_ref(), mia.uuid().as_bytes());
    let made = device.create(asked(ORIGIN, &begun.challenge), &begun.user_handle);
    let finish = pb::FinishPasskeyRegistrationRequest {
        name: String::new(),
        client_data_json: made.client_data_json.into(),
        attestation_object: made.attestation_object.into(),
        transports: vec!["internal".to_owned()],
    };
    let finish = on_behalf_of(&token, finish).unwrap();
    let kept = client.finish_passkey_registration(finish).await.unwrap().into_inner();
    assert_eq!((kept.name.as_str(), kept.synced, kept.last_used_at), ("Passkey", true, None));

    // A device that has one is told so when another is asked for.
    let begin = on_behalf_of(&token, pb::BeginPasskeyRegistrationRequest {}).unwrap();
    let begun = client.begin_passkey_registration(begin).await.unwrap().into_inner();
    assert_eq!(begun.exclude[0].credential_id, made.credential_id);
    assert_eq!(begun.exclude[0].transports, ["internal"]);

    let begun = client.begin_passkey_sign_in(pb::BeginPasskeySignInRequest {}).await.unwrap();
    let begun = begun.into_inner();
    let got = device.get(asked(ORIGIN, &begun.challenge), mia.uuid().as_bytes());
    let finish = pb::FinishPasskeySignInRequest {
        credential_id: got.credential_id.into(),
        client_data_json: got.client_data_json.into(),
        authenticator_data: got.authenticator_data.into(),
        signature: got.signature.into(),
        user_handle: got.user_handle.into(),
        device: "phone".to_owned(),
    };
    let pair = client.finish_passkey_sign_in(finish).await.unwrap().into_inner();
    let me = on_behalf_of(&pair.access_token, pb::GetMeRequest {}).unwrap();
    assert_eq!(client.get_me(me).await.unwrap().into_inner().id, mia.to_string());
    let refresh = pb::RefreshTokensRequest { refresh_token: pair.refresh_token };
    client.refresh_tokens(refresh).await.unwrap();
    let listed = pb::ListPasskeysRequest { member_id: String::new() };
    let listed = on_behalf_of(&token, listed).unwrap();
    let listed = client.list_passkeys(listed).await.unwrap().into_inner().passkeys;
    assert!(listed.len() == 1 && listed[0].last_used_at.is_some(), "{listed:?}");
    server.stop().await;
    house.stop().await;
}

#[tokio::test]
async fn one_device_with_two_accounts_signs_in_as_whichever_is_chosen() {
    let house = House::start(Setup::default()).await;
    let (mia, mut device) = with_passkey(&house, "Mia").await;
    let ben = house.member("Ben", 0, MEMBER).await;
    let bens = created(&house, ben, &mut device).await;
    keep(&house, ben, &bens).await.unwrap();
    for member in [ben, mia, ben] {
        let got = used(&house, member, &mut device).await;
        assert_eq!(enter(&house, &got, now()).await.unwrap(), member);
    }
    // Mia's passkey does not say that it is Ben's.
    let mut got = used(&house, mia, &mut device).await;
    got.user_handle = handle(ben).to_vec();
    assert_eq!(refusal(enter(&house, &got, now()).await), Code::PasskeyUnknown);
    house.stop().await;
}

#[tokio::test]
async fn an_answer_counts_once_and_for_five_minutes() {
    let house = House::start(Setup::default()).await;
    let (mia, mut device) = with_passkey(&house, "Mia").await;
    let got = used(&house, mia, &mut device).await;
    enter(&house, &got, now()).await.unwrap();
    let replayed = enter(&house, &got, now()).await.unwrap_err();
    assert_eq!(replayed.code, Code::PasskeyTooLate);
    assert!(replayed.message.contains("counts once"), "{}", replayed.message);
    let got = used(&house, mia, &mut device).await;
    let late = enter(&house, &got, now() + TimeDelta::minutes(6)).await.unwrap_err();
    assert_eq!(late.code, Code::PasskeyTooLate);
    assert!(late.message.contains("five minutes"), "{}", late.message);

    // A request that was answered wrongly is answered, too.
    let mut got = used(&house, mia, &mut device).await;
    got.signature[8] ^= 1;
    assert_eq!(refusal(enter(&house, &got, now()).await), Code::PasskeyRefused);
    got.signature[8] ^= 1;
    assert_eq!(refusal(enter(&house, &got, now()).await), Code::PasskeyTooLate);
    // A challenge that nobody dealt is no request.
    let made_up = device.get(asked(ORIGIN, &[1; 32]), &handle(mia));
    assert_eq!(refusal(enter(&house, &made_up, now()).await), Code::PasskeyTooLate);

    let created = created(&house, mia, &mut Authenticator::new()).await;
    keep(&house, mia, &created).await.unwrap();
    assert_eq!(refusal(keep(&house, mia, &created).await), Code::PasskeyTooLate);
    assert_eq!(sessions(&house).await, 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_answer_sent_twice_at_once_signs_in_once() {
    let house = House::start(Setup::default()).await;
    let (mia, mut device) = with_passkey(&house, "Mia").await;
    for _ in 0..5 {
        let got = used(&house, mia, &mut device).await;
        let answers = join_all((0..2).map(|_| enter(&house, &got, now()))).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    }
    assert_eq!(sessions(&house).await, 5);
    house.stop().await;
}

#[tokio::test]
async fn a_request_is_answered_by_whom_it_was_for_and_as_what_it_was() {
    let house = House::start(Setup::default()).await;
    let (mia, mut device) = with_passkey(&house, "Mia").await;
    let ben = house.member("Ben", 0, MEMBER).await;
    let mias = created(&house, mia, &mut Authenticator::new()).await;
    assert_eq!(refusal(keep(&house, ben, &mias).await), Code::PasskeyTooLate);
    keep(&house, mia, &mias).await.unwrap();
    // What was asked for a new passkey signs nobody in, and the other way round.
    let identity = &house.service.app.identity;
    let begun = passkeys::begin_registration(identity, mia, now()).await.unwrap();
    let got = device.get(asked(ORIGIN, &begun.challenge), &handle(mia));
    assert_eq!(refusal(enter(&house, &got, now()).await), Code::PasskeyTooLate);
    let challenge = passkeys::begin_sign_in(identity, now()).await.unwrap();
    let made = Authenticator::new().create(asked(ORIGIN, &challenge), &handle(mia));
    assert_eq!(refusal(keep(&house, mia, &made).await), Code::PasskeyTooLate);
    house.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_answer_is_said_with_what_to_do() {
    let house = House::start(Setup::default()).await;
    let (mia, device) = with_passkey(&house, "Mia").await;
    let identity = &house.service.app.identity;
    for (mischief, code, says) in [
        (Mischief::Framed, Code::PasskeyElsewhere, ORIGIN),
        (Mischief::OtherParty, Code::PasskeyElsewhere, ORIGIN),
        (Mischief::Unverified, Code::PasskeyRefused, "screen lock"),
        (Mischief::Untouched, Code::PasskeyRefused, "did not prove"),
        (Mischief::OtherKind, Code::PasskeyRefused, "did not prove"),
    ] {
        let mut device = device.clone().with(mischief);
        let got = used(&house, mia, &mut device).await;
        let refused = enter(&house, &got, now()).await.unwrap_err();
        assert_eq!(refused.code, code, "{mischief:?}");
        assert!(refused.message.contains(says), "{mischief:?}: {}", refused.message);
        let created = created(&house, mia, &mut device).await;
        assert_eq!(refusal(keep(&house, mia, &created).await), code, "{mischief:?}");
    }
    for origin in ["http://127.0.0.1:8080", "https://localhost:8080", "http://localhost"] {
        let challenge = passkeys::begin_sign_in(identity, now()).await.unwrap();
        let got = device.clone().get(asked(origin, &challenge), &handle(mia));
        let refused = enter(&house, &got, now()).await.unwrap_err();
        assert_eq!(refused.code, Code::PasskeyElsewhere, "{origin}");
        assert!(refused.message.contains(ORIGIN), "{}", refused.message);
    }
    let mut got = used(&house, mia, &mut device.clone()).await;
    got.client_data_json = b"nonsense".to_vec();
    let refused = enter(&house, &got, now()).await.unwrap_err();
    assert_eq!(refused.fields[0].path, "credential.response.clientDataJSON");
    // A copy of the device counts from where it was copied.
    let (mut phone, mut copy) = (device.clone(), device);
    let got = used(&house, mia, &mut phone).await;
    enter(&house, &got, now()).await.unwrap();
    let got = used(&house, mia, &mut copy).await;
    let copied = enter(&house, &got, now()).await.unwrap_err();
    assert_eq!(copied.code, Code::PasskeyRefused);
    assert!(copied.message.contains("a copy of it"), "{}", copied.message);
    assert_eq!(sessions(&house).await, 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_that_was_removed_and_one_of_somebody_who_was_sign_nobody_in() {
    let house = House::start(Setup::default()).await;
    let (mia, mut mias) = with_passkey(&house, "Mia").await;
    let (ben, mut bens) = with_passkey(&house, "Ben").await;
    let ada = house.member("Ada", 0, [Role::Member, Role::Admin]).await;
    let server = Caller::of(&house, Peer::Server);
    let mut client = server.client();
    let (mia_in, ada_in) = (sign_in(&house, mia).await, sign_in(&house, ada).await);
    let (mia_in, ada_in) = (mia_in.access_token, ada_in.access_token);
    let mut listed = async |token: &str, of: MemberId| {
        let request = pb::ListPasskeysRequest { member_id: of.to_string() };
        client.list_passkeys(on_behalf_of(token, request).unwrap()).await
    };
    assert_eq!(code(listed(&mia_in, ben).await), Code::Forbidden);
    let id = |listed: pb::ListPasskeysResponse| listed.passkeys[0].id.clone();
    let of_mia = id(listed(&ada_in, mia).await.unwrap().into_inner());
    let of_ben = id(listed(&ada_in, ben).await.unwrap().into_inner());
    let mut client = server.client();
    let mut remove = async |token: &str, passkey_id: &str| {
        let request = pb::RemovePasskeyRequest { passkey_id: passkey_id.to_owned() };
        let removed = client.remove_passkey(on_behalf_of(token, request).unwrap()).await;
        removed.unwrap().into_inner().already_so
    };
    // Somebody else's is not told from one that there is not.
    assert!(remove(&mia_in, &of_ben).await);
    let got = used(&house, ben, &mut bens).await;
    enter(&house, &got, now()).await.unwrap();
    // One's own, and for an admin anybody's, as when a phone is lost.
    assert!(!remove(&mia_in, &of_mia).await && remove(&mia_in, &of_mia).await);
    assert!(!remove(&ada_in, &of_ben).await);
    for (member, device) in [(mia, &mut mias), (ben, &mut bens)] {
        let got = used(&house, member, device).await;
        let refused = enter(&house, &got, now()).await.unwrap_err();
        assert_eq!(refused.code, Code::PasskeyUnknown);
        assert!(refused.message.contains("remove it from your device"), "{}", refused.message);
    }
    // Whoever was removed has none left.
    let (zoe, mut zoes) = with_passkey(&house, "Zoe").await;
    sqlx::query("delete from members where id = $1")
        .bind(zoe.uuid())
        .execute(house.pool())
        .await
        .unwrap();
    let got = used(&house, zoe, &mut zoes).await;
    assert_eq!(refusal(enter(&house, &got, now()).await), Code::PasskeyUnknown);
    let begun = passkeys::begin_registration(&house.service.app.identity, zoe, now()).await;
    assert_eq!(refusal(begun), Code::NotFound);
    server.stop().await;
    house.stop().await;
}

#[tokio::test]
async fn nobody_has_more_passkeys_than_are_of_use_and_none_is_two_peoples() {
    let house = House::start(Setup::default()).await;
    let (mia, _) = with_passkey(&house, "Mia").await;
    let ben = house.member("Ben", 0, MEMBER).await;
    // Ben answers with a passkey of Mia's: he knows its id and public key, and may claim it.
    let mut device = Authenticator::new();
    let mias = created(&house, mia, &mut device).await;
    keep(&house, mia, &mias).await.unwrap();
    let identity = &house.service.app.identity;
    let begun = passkeys::begin_registration(identity, ben, now()).await.unwrap();
    let mut claimed = Authenticator::new().create(asked(ORIGIN, &begun.challenge), &handle(ben));
    claimed.attestation_object.clone_from(&mias.attestation_object);
    assert_eq!(refusal(keep(&house, ben, &claimed).await), Code::AlreadyExists);
    for _ in 2..customer_domain::passkeys::MOST {
        let made = created(&house, mia, &mut Authenticator::new()).await;
        keep(&house, mia, &made).await.unwrap();
    }
    let refused = passkeys::begin_registration(identity, mia, now()).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert!(refused.message.contains("Remove one first"), "{}", refused.message);
    house.stop().await;
}

#[tokio::test]
async fn requests_are_bounded_and_forgotten() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let until = now() + TimeDelta::minutes(5);
    sqlx::query(
        "insert into passkey_requests (challenge_hash, expires_at)
         select sha256(n::text::bytea), $1 from generate_series(1, $2) as n",
    )
    .bind(until)
    .bind(customer_domain::passkeys::MOST_REQUESTS)
    .execute(house.pool())
    .await
    .unwrap();
    let refused = passkeys::begin_sign_in(identity, now()).await.unwrap_err();
    assert_eq!(refused.code, Code::TooManyRequests);
    assert!(refused.retry_after.is_some());
    // What is over makes room at once, and is forgotten a while later.
    passkeys::begin_sign_in(identity, until).await.unwrap();
    let later = until + TimeDelta::hours(2);
    customer_service::identity::keys::forget_expired(house.pool(), later).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from passkey_requests")
        .fetch_one(house.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    house.stop().await;
}

#[tokio::test]
async fn a_house_without_a_name_says_that_it_has_no_passkeys() {
    for url in ["http://coffee.local:8080", "https://192.168.1.20:8443"] {
        let house = passkeys::House::new(&url.parse().unwrap(), &[]);
        let refused = house.party().unwrap_err();
        assert_eq!(refused.code, Code::PasskeysOff);
        assert!(refused.message.contains(url), "{}", refused.message);
    }
}
