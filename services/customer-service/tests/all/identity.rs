use chrono::TimeDelta;
use customer_service::{
    identity::{
        self, Identity, keys::Keyring, limit::AttemptLimit, links, sessions, sessions::Issued,
    },
    store::{self, revocations::Ended},
};
use futures::{StreamExt, future::join_all};
use runtime::{
    AppError, Code, Peer,
    tokens::{AccessTokenVerifier, Grant, LEEWAY_SECONDS, TokenError},
};
use secrecy::ExposeSecret;
use types::{Role, Roles, Timestamp};
use wire::customer::v1::{self as pb, customer_service_server::CustomerService};

use crate::house::{House, Setup, by, eventually, unwrapped, wanted};

const FAMILY: [Role; 2] = [Role::Member, Role::Barista];

fn code<T: std::fmt::Debug>(answer: Result<T, AppError>) -> Code {
    answer.unwrap_err().code
}

async fn signed_in(house: &House, now: Timestamp) -> Issued {
    let mia = house.member("Mia", 0, FAMILY).await;
    let identity = &house.service.app.identity;
    let link = links::create(identity, wanted(mia, TimeDelta::hours(1)), now).await.unwrap();
    links::exchange(identity, link.secret.expose_secret(), "phone", now).await.unwrap()
}

async fn refresh(identity: &Identity, issued: &Issued, now: Timestamp) -> Result<Issued, AppError> {
    sessions::refresh(identity, issued.refresh_token.expose_secret(), now).await
}

fn text(issued: &Issued) -> &str {
    issued.refresh_token.expose_secret()
}

#[tokio::test]
async fn a_link_becomes_a_session_whose_token_verifies() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, FAMILY).await;
    let request = pb::CreateSignInLinkRequest {
        member_id: mia.to_string(),
        label: "demo".to_owned(),
        valid_seconds: 60,
        ..pb::CreateSignInLinkRequest::default()
    };
    let link = house.handlers.create_sign_in_link(by(Peer::Launcher, request)).await;
    let secret = unwrapped(link).unwrap().secret;
    let exchange = || {
        let device = "phone".to_owned();
        let request = pb::ExchangeSignInLinkRequest { secret: secret.clone(), device };
        house.handlers.exchange_sign_in_link(by(Peer::Server, request))
    };
    let pair = unwrapped(exchange().await).unwrap();
    assert_eq!(pair.member_id, mia.to_string());

    let keys = house.handlers.get_keys(by(Peer::Server, pb::GetKeysRequest {})).await;
    let verifier = AccessTokenVerifier::new();
    verifier.set_keys(unwrapped(keys).unwrap().keys.into_iter().map(|key| {
        runtime::tokens::PublicKey {
            kid: key.kid,
            key: key.ed25519_public_key.as_ref().try_into().unwrap(),
            not_after: customer_service::events::read_time(&key.not_after.unwrap()).unwrap(),
        }
    }));
    let holder = verifier.verify(&pair.access_token, customer_service::clock::now()).unwrap();
    let person = holder.into_person().unwrap();
    assert_eq!((person.member, person.roles), (mia, Roles::from(FAMILY)));
    assert_eq!(person.scope, types::Scope::Full);

    assert_eq!(code(unwrapped(exchange().await)), Code::InvalidCredential);
    house.stop().await;
}

#[tokio::test]
async fn links_of_nobody_expired_ones_and_nonsense_sign_nobody_in() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let nobody =
        links::create(identity, wanted(types::MemberId::new(), TimeDelta::hours(1)), now).await;
    assert_eq!(code(nobody), Code::NotFound);
    let mia = house.member("Mia", 0, FAMILY).await;
    let link = links::create(identity, wanted(mia, TimeDelta::minutes(1)), now).await.unwrap();
    let late = now + TimeDelta::minutes(1);
    let unknown = identity::secret::Secret::random().text();
    for secret in [link.secret.expose_secret(), unknown.expose_secret(), "", "nonsense", "\0"] {
        let refused = links::exchange(identity, secret, "phone", late).await;
        assert_eq!(code(refused), Code::InvalidCredential, "{secret}");
    }
    links::exchange(identity, link.secret.expose_secret(), "phone", now).await.unwrap();
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_used_twice_at_once_signs_in_once() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let mia = house.member("Mia", 0, FAMILY).await;
    for _ in 0..5 {
        let link = links::create(identity, wanted(mia, TimeDelta::hours(1)), now).await.unwrap();
        let tries =
            (0..2).map(|_| links::exchange(identity, link.secret.expose_secret(), "x", now));
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    }
    let sessions: i64 =
        sqlx::query_scalar("select count(*) from sessions").fetch_one(house.pool()).await.unwrap();
    assert_eq!(sessions, 5);
    house.stop().await;
}

#[tokio::test]
async fn guessing_links_is_slowed_down() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    // All at once, so that each looks before any has failed.
    let guess = identity::secret::Secret::random().text();
    let guesses = (0..3 * identity::limit::PER_DEVICE)
        .map(|_| links::exchange(identity, guess.expose_secret(), "robot", now));
    let (tried, refused): (Vec<_>, Vec<_>) = join_all(guesses)
        .await
        .into_iter()
        .map(Result::unwrap_err)
        .partition(|error| error.code == Code::InvalidCredential);
    assert_eq!(tried.len(), identity::limit::PER_DEVICE as usize);
    for error in refused {
        assert_eq!(error.code, Code::TooManyRequests);
        assert!(error.retry_after.is_some());
    }
    // Others are not kept out, however often they come.
    let mia = house.member("Mia", 0, FAMILY).await;
    for _ in 0..=identity::limit::PER_DEVICE {
        let link = links::create(identity, wanted(mia, TimeDelta::hours(1)), now).await.unwrap();
        links::exchange(identity, link.secret.expose_secret(), "phone", now).await.unwrap();
    }
    house.stop().await;
}

#[tokio::test]
async fn replicas_count_failed_attempts_together_and_go_on_without_valkey() {
    let house = House::start(Setup::default()).await;
    let now = customer_service::clock::now();
    let device = format!("robot {}", types::SessionId::new());
    let valkey = |url: &str| runtime::valkey::connect(&house.runtime, &url.into()).unwrap();
    // Each attempt at another replica, which remembers nothing of its own: only
    // Valkey can refuse. (It does not count while it takes longer than we wait.)
    let shared = valkey(&test_kit::engines().valkey_url);
    let replica = || AttemptLimit::new(Some(shared.clone()));
    let good = replica().take(&device, now).await.unwrap();
    replica().give_back(good).await;
    let mut taken = 0;
    eventually("Valkey refuses", async || {
        let refused = replica().take(&device, now).await.is_err();
        taken += u32::from(!refused);
        refused
    })
    .await;
    assert!(taken >= identity::limit::PER_DEVICE, "{taken}");

    let away = AttemptLimit::new(Some(valkey("redis://127.0.0.1:1/")));
    for _ in 0..identity::limit::PER_DEVICE {
        let _wrong = away.take(&device, now).await.unwrap();
    }
    assert_eq!(code(away.take(&device, now).await), Code::TooManyRequests);
    house.stop().await;
}

#[tokio::test]
async fn what_has_expired_long_ago_is_forgotten() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let (old, young) = (signed_in(&house, now).await, signed_in(&house, now).await);
    let later = now + TimeDelta::days(60);
    identity.keys.check(house.pool(), identity.lifetimes, later).await.unwrap();
    let young = refresh(identity, &young, later).await.unwrap();
    let much_later = now + TimeDelta::days(98);
    identity.keys.check(house.pool(), identity.lifetimes, much_later).await.unwrap();
    identity::keys::forget_expired(house.pool(), much_later).await.unwrap();
    let left: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from sessions").fetch_all(house.pool()).await.unwrap();
    assert_eq!(left, [young.session.uuid()]);
    assert_ne!(left, [old.session.uuid()]);
    let tokens: i64 = sqlx::query_scalar("select count(*) from refresh_tokens")
        .fetch_one(house.pool())
        .await
        .unwrap();
    assert_eq!(tokens, 1);
    refresh(identity, &young, much_later).await.unwrap();
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tabs_that_refresh_at_once_get_the_same_successor() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let first = signed_in(&house, now).await;
    let tabs = join_all((0..8).map(|_| refresh(identity, &first, now))).await;
    let tabs: Vec<Issued> = tabs.into_iter().map(Result::unwrap).collect();
    assert!(tabs.iter().all(|tab| text(tab) == text(&tabs[0])));
    assert_ne!(text(&tabs[0]), text(&first));
    // And both go on.
    refresh(identity, &tabs[1], now).await.unwrap();
    house.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_and_later_another_one() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let first = signed_in(&house, now).await;
    let lost = refresh(identity, &first, now).await.unwrap();
    let again = refresh(identity, &first, now + TimeDelta::seconds(30)).await.unwrap();
    assert_eq!(text(&lost), text(&again));
    let later = now + TimeDelta::seconds(31);
    let other = refresh(identity, &first, later).await.unwrap();
    assert_ne!(text(&lost), text(&other));
    // The unused one is void: whoever has it is not who asked again.
    assert_eq!(code(refresh(identity, &lost, later).await), Code::InvalidCredential);
    assert_eq!(code(refresh(identity, &other, later).await), Code::InvalidCredential);
    house.stop().await;
}

#[tokio::test]
async fn a_token_whose_successor_was_used_revokes_the_family() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let first = signed_in(&house, now).await;
    let second = refresh(identity, &first, now).await.unwrap();
    let third = refresh(identity, &second, now).await.unwrap();
    let thief = now + TimeDelta::minutes(5);
    assert_eq!(code(refresh(identity, &first, thief).await), Code::InvalidCredential);
    for token in [&second, &third] {
        assert_eq!(code(refresh(identity, token, thief).await), Code::InvalidCredential);
    }
    let known = store::revocations::live(house.pool(), thief).await.unwrap();
    let ended = Ended::Session(first.session);
    assert_eq!(known.keys().collect::<Vec<_>>(), [&ended]);
    assert!(known[&ended] >= thief + TimeDelta::minutes(15), "outlives its last token");
    house.stop().await;
}

#[tokio::test]
async fn unknown_and_expired_refresh_tokens_are_refused() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let first = signed_in(&house, now).await;
    let after = now + TimeDelta::days(91);
    assert_eq!(code(refresh(identity, &first, after).await), Code::InvalidCredential);
    for nonsense in ["", "x", &"A".repeat(43), &"A".repeat(1_000_000)] {
        let refused = sessions::refresh(identity, nonsense, now).await;
        assert_eq!(code(refused), Code::InvalidCredential);
    }
    // Nothing of that ended the session.
    refresh(identity, &first, now).await.unwrap();
    house.stop().await;
}

#[tokio::test]
async fn signing_out_is_told_to_the_watchers_and_ends_the_tokens() {
    let house = House::start(Setup::default()).await;
    let identity = &house.service.app.identity;
    let now = customer_service::clock::now();
    let (leaving, staying) = (signed_in(&house, now).await, signed_in(&house, now).await);
    let watch = house.handlers.watch_revocations(by(Peer::Server, pb::WatchRevocationsRequest {}));
    let mut watch = watch.await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap(), pb::Revocation::default(), "a heartbeat");

    let request = pb::SignOutRequest { refresh_token: text(&leaving).to_owned() };
    unwrapped(house.handlers.sign_out(by(Peer::Server, request.clone())).await).unwrap();
    let told = loop {
        let told = watch.next().await.unwrap().unwrap();
        if told != pb::Revocation::default() {
            break told;
        }
    };
    assert_eq!(told.session_id, leaving.session.to_string());
    assert!(told.until.is_some());
    // Again, and with nonsense, is harmless.
    unwrapped(house.handlers.sign_out(by(Peer::Server, request)).await).unwrap();
    sessions::sign_out(identity, "nonsense", now).await.unwrap();

    assert_eq!(code(refresh(identity, &leaving, now).await), Code::InvalidCredential);
    refresh(identity, &staying, now).await.unwrap();
    // Who comes later gets it as backlog.
    let mut later = std::pin::pin!(identity.revocations.watch());
    let first = later.next().await.unwrap().unwrap();
    assert!(matches!(
        first,
        identity::revocations::Tell::Revoked { ended, .. }
            if ended == Ended::Session(leaving.session)
    ));
    house.stop().await;
}

#[tokio::test]
async fn a_revocation_by_another_replica_is_heard_too() {
    let house = House::start(Setup::default()).await;
    let now = customer_service::clock::now();
    let issued = signed_in(&house, now).await;
    let mut watch = std::pin::pin!(house.service.app.identity.revocations.watch());
    let mut connection = house.pool().acquire().await.unwrap();
    let until = now + TimeDelta::minutes(16);
    store::sessions::revoke(&mut connection, issued.session, now, until).await.unwrap();
    loop {
        match watch.next().await.unwrap().unwrap() {
            identity::revocations::Tell::Heartbeat => {}
            identity::revocations::Tell::Revoked { ended, .. } => {
                assert_eq!(ended, Ended::Session(issued.session));
                break;
            }
        }
    }
    drop(connection);
    house.stop().await;
}

#[tokio::test]
async fn keys_roll_over_without_a_token_that_does_not_verify() {
    let house = House::start(Setup::default()).await;
    let lifetimes = house.service.app.identity.lifetimes;
    let (mia, session) = (types::MemberId::new(), types::SessionId::new());
    let roles = Roles::from(FAMILY);
    let mut now = customer_service::clock::now();
    // Two replicas, checking by turns for four months.
    let rings = [Keyring::default(), Keyring::default()];
    let verifier = AccessTokenVerifier::new();
    let mut kids = std::collections::BTreeSet::new();
    for hour in 0..(120 * 24 / 6) {
        let ring = &rings[hour % 2];
        ring.check(house.pool(), lifetimes, now).await.unwrap();
        let published = ring.published(now);
        kids.extend(published.iter().map(|key| key.kid.clone()));
        assert!(published.len() <= 2);
        // The verifier saw the keys before this check: published before use.
        if hour > 0 {
            let (token, expires_at) = ring.sign(&Grant::full(mia, session, roles), now).unwrap();
            assert!(verifier.verify(&token, now).is_ok(), "at {now}");
            verifier.set_keys(published);
            let last = expires_at + TimeDelta::seconds(LEEWAY_SECONDS - 10);
            assert!(verifier.verify(&token, last).is_ok(), "until it expires");
            let over = expires_at + TimeDelta::seconds(LEEWAY_SECONDS + 1);
            assert_eq!(verifier.verify(&token, over), Err(TokenError::Expired));
        } else {
            verifier.set_keys(published);
        }
        now += TimeDelta::hours(6);
    }
    assert!((4..=6).contains(&kids.len()), "{kids:?}");
    let stored: i64 = sqlx::query_scalar("select count(*) from signing_keys")
        .fetch_one(house.pool())
        .await
        .unwrap();
    assert!(stored <= 2, "{stored} keys kept");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_start_together_make_one_key() {
    let house = House::start(Setup::default()).await;
    sqlx::query("delete from signing_keys").execute(house.pool()).await.unwrap();
    let lifetimes = house.service.app.identity.lifetimes;
    let now = customer_service::clock::now();
    let rings: Vec<Keyring> = (0..6).map(|_| Keyring::default()).collect();
    for checked in join_all(rings.iter().map(|ring| ring.check(house.pool(), lifetimes, now))).await
    {
        checked.unwrap();
    }
    for ring in &rings {
        assert_eq!(ring.published(now), rings[0].published(now));
    }
    assert_eq!(rings[0].published(now).len(), 1);
    house.stop().await;
}
