//! Beans that members give each other, and balances that an admin puts right.

use futures::future::join_all;
use runtime::{AppError, Code};
use types::{MemberId, OrderId, Role};
use wire::customer::v1::{self as pb, Settlement, customer_service_server::CustomerService};

use crate::house::{House, Setup, by_person, unwrapped};

const FAMILY: [Role; 1] = [Role::Member];
const ADMIN: [Role; 2] = [Role::Member, Role::Admin];

async fn give(
    house: &House,
    (key, from, to): (&str, MemberId, MemberId),
    beans: i64,
    message: &str,
) -> Result<pb::GiveBeansResponse, AppError> {
    let request = pb::GiveBeansRequest {
        idempotency_key: key.to_owned(),
        member_id: to.to_string(),
        beans,
        message: message.to_owned(),
    };
    unwrapped(house.handlers.give_beans(by_person(from, FAMILY, request)).await)
}

async fn correct(
    house: &House,
    (key, by, member): (&str, MemberId, MemberId),
    beans: i64,
    reason: &str,
) -> Result<pb::CorrectBeansResponse, AppError> {
    let request = pb::CorrectBeansRequest {
        idempotency_key: key.to_owned(),
        member_id: member.to_string(),
        beans,
        reason: reason.to_owned(),
    };
    unwrapped(house.handlers.correct_beans(by_person(by, ADMIN, request)).await)
}

async fn statement(house: &House, member: MemberId) -> Vec<pb::LedgerEntry> {
    let request = pb::GetStatementRequest::default();
    let answer = house.handlers.get_statement(by_person(member, FAMILY, request)).await;
    unwrapped(answer).unwrap().entries
}

async fn told(house: &House, member: MemberId) -> Vec<pb::Notification> {
    let request = pb::ListNotificationsRequest::default();
    let answer = house.handlers.list_notifications(by_person(member, FAMILY, request)).await;
    unwrapped(answer).unwrap().notifications
}

async fn everything_together(house: &House) -> i64 {
    sqlx::query_scalar("select coalesce(sum(beans), 0)::bigint from ledger_entries")
        .fetch_one(house.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_gift_is_two_entries_of_one_cause_and_both_read_with_whom() {
    let house = House::start(Setup::default()).await;
    let (oma, mia) = (house.member("Oma", 20, FAMILY).await, house.member("Mia", 3, FAMILY).await);
    let given = give(&house, ("key-1", oma, mia), 5, " for the\ndishes ").await.unwrap();
    assert_eq!((given.balance_beans, given.repeated_request), (15, false));
    assert_eq!((house.balance(oma).await, house.balance(mia).await), (15, 8));

    let (out, came) = (statement(&house, oma).await, statement(&house, mia).await);
    for (entry, beans, balance, other) in [(&out[0], -5, 15, mia), (&came[0], 5, 8, oma)] {
        assert_eq!((entry.beans, entry.balance_beans), (beans, balance));
        assert_eq!((entry.kind.as_str(), &entry.cause), ("gift", &given.gift_id));
        assert_eq!(
            (&entry.other_member_id, entry.words.as_str()),
            (&other.to_string(), "for the dishes")
        );
    }
    assert_eq!(out[1].other_member_id, "", "nobody stands behind the opening");

    let news = told(&house, mia).await;
    assert_eq!((news.len(), news[0].kind.as_str()), (1, "gift"));
    assert_eq!(news[0].title, "Oma gave you 5 beans");
    assert_eq!(news[0].body, "“for the dishes”");
    assert_eq!(told(&house, oma).await, []);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn the_same_key_gives_once_and_with_something_else_it_is_refused() {
    let house = House::start(Setup::default()).await;
    let (oma, mia) = (house.member("Oma", 20, FAMILY).await, house.member("Mia", 3, FAMILY).await);
    let first = give(&house, ("key-1", oma, mia), 5, "once").await.unwrap();
    let again = give(&house, ("key-1", oma, mia), 5, "once").await.unwrap();
    assert_eq!((again.gift_id, again.balance_beans), (first.gift_id.clone(), 15));
    assert!(again.repeated_request);
    for (beans, message) in [(6, "once"), (5, "twice")] {
        let other = give(&house, ("key-1", oma, mia), beans, message).await.unwrap_err();
        assert_eq!(other.code, Code::IdempotencyKeyReused);
    }
    // A key is its member's own.
    let back = give(&house, ("key-1", mia, oma), 5, "once").await.unwrap();
    assert_ne!(back.gift_id, first.gift_id);
    assert_eq!((house.balance(oma).await, house.balance(mia).await), (20, 3));
    assert_eq!(told(&house, mia).await.len(), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gifts_in_all_directions_at_once_double_nothing_and_leave_the_sum() {
    let house = House::start(Setup::default()).await;
    let mut family = vec![];
    for name in ["Oma", "Mia", "Ben"] {
        family.push(house.member(name, 30, FAMILY).await);
    }
    // Each gift four times, everybody to everybody: whoever locks crosswise waits for ever.
    let gifts: Vec<(String, MemberId, MemberId)> = (0..48)
        .map(|at| {
            let (gift, repeat) = (at % 12, at / 12);
            assert!(repeat < 4);
            (format!("key-{gift}"), family[gift % 3], family[(gift + 1 + gift / 6) % 3])
        })
        .collect();
    let given = gifts.iter().map(|(key, from, to)| give(&house, (key.as_str(), *from, *to), 2, ""));
    let answers: Vec<pb::GiveBeansResponse> =
        join_all(given).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.repeated_request).count(), 12);
    assert_eq!(everything_together(&house).await, 90);
    for member in family {
        // Four gifts out and four in, of two beans each.
        assert_eq!(house.balance(member).await, 30);
        assert_eq!(statement(&house, member).await.len(), 1 + 8);
    }
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_gifts_and_orders_never_pass_the_floor() {
    let house = House::start(Setup { floor: -5, ..Setup::default() }).await;
    let (oma, mia) = (house.member("Oma", 10, FAMILY).await, house.member("Mia", 0, FAMILY).await);
    let keys: Vec<String> = (0..12).map(|at| format!("key-{at}")).collect();
    let gifts = join_all(keys.iter().map(|key| give(&house, (key.as_str(), oma, mia), 4, "")));
    let orders = join_all((0..12).map(|_| house.settle(OrderId::new(), oma, 1, 4)));
    let (gifts, orders) = tokio::join!(gifts, orders);
    let refused = gifts.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.clone().all(|error| error.code == Code::NotEnoughBeans));
    let given = 12 - refused.count();
    let charged =
        orders.iter().filter(|answer| answer.as_ref().unwrap().0 == Settlement::Settled).count();
    // 15 beans down to the floor: three of 4, of whichever kind.
    assert_eq!(given + charged, 3);
    assert_eq!(house.balance(oma).await, -2);
    assert_eq!(house.balance(mia).await, 4 * i64::try_from(given).unwrap());
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn gifts_that_cannot_be_are_named_errors_and_book_nothing() {
    let house = House::start(Setup::default()).await;
    let (oma, mia) = (house.member("Oma", 20, FAMILY).await, house.member("Mia", 3, FAMILY).await);
    let long = "ä".repeat(141);
    for (key, to, beans, message, field) in [
        ("key-1", oma, 5, "", "member_id"),
        ("key-1", mia, 0, "", "beans"),
        ("key-1", mia, -5, "", "beans"),
        ("key-1", mia, i64::MAX, "", "beans"),
        ("key-1", mia, 5, long.as_str(), "message"),
        ("with space", mia, 5, "", "idempotency_key"),
        ("", mia, 5, "", "idempotency_key"),
    ] {
        let error = give(&house, (key, oma, to), beans, message).await.unwrap_err();
        assert_eq!(error.fields[0].path, field, "{error:?}");
    }
    let nobody = give(&house, ("key-1", oma, MemberId::new()), 5, "").await.unwrap_err();
    assert_eq!(nobody.code, Code::NotFound);
    let too_much = give(&house, ("key-1", oma, mia), 21, "").await.unwrap_err();
    assert_eq!(too_much.code, Code::NotEnoughBeans);
    assert_eq!(too_much.message, "There are only 20 beans left to give.");
    assert_eq!(too_much.details["left"], "20");
    // What was refused does not use its key up.
    give(&house, ("key-1", oma, mia), 20, "").await.unwrap();
    let nothing = give(&house, ("key-2", oma, mia), 1, "").await.unwrap_err();
    assert_eq!(nothing.message, "There are no beans left to give.");
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_correction_may_pass_the_floor_and_its_reason_stands_in_the_statement() {
    let house = House::start(Setup::default()).await;
    let (ada, mia) = (house.member("Ada", 0, ADMIN).await, house.member("Mia", 3, FAMILY).await);
    let key = ("key-1", ada, mia);
    let at_once = join_all((0..6).map(|_| correct(&house, key, -10, "counted the jar"))).await;
    let answers: Vec<_> = at_once.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.repeated_request).count(), 1);
    assert_eq!(house.balance(mia).await, -7);
    let entries = statement(&house, mia).await;
    assert_eq!((entries[0].kind.as_str(), entries[0].beans), ("correction", -10));
    assert_eq!(entries[0].other_member_id, ada.to_string());
    assert_eq!(entries[0].words, "counted the jar");

    let other = correct(&house, key, 10, "counted the jar").await.unwrap_err();
    assert_eq!(other.code, Code::IdempotencyKeyReused);
    for (beans, reason, field) in
        [(0, "why", "beans"), (5, " ", "reason"), (i64::MIN, "x", "beans")]
    {
        let error = correct(&house, ("key-2", ada, mia), beans, reason).await.unwrap_err();
        assert_eq!((error.code, error.fields[0].path.as_str()), (Code::InvalidRequest, field));
    }
    // An admin may put their own right too.
    let own = correct(&house, ("key-3", ada, ada), 4, "my own jar").await.unwrap();
    assert_eq!(own.balance_beans, 4);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn messages_and_reasons_are_rows_and_never_events() {
    let house = House::start(Setup::default()).await;
    let (ada, mia) = (house.member("Ada", 9, ADMIN).await, house.member("Mia", 3, FAMILY).await);
    give(&house, ("key-1", ada, mia), 5, "because the cat slept").await.unwrap();
    correct(&house, ("key-1", ada, mia), 5, "because the cat woke").await.unwrap();
    let events: i64 = sqlx::query_scalar(
        "select count(*) from event_log where position('cat'::bytea in payload) > 0
            or position('Mia'::bytea in payload) > 0",
    )
    .fetch_one(house.pool())
    .await
    .unwrap();
    assert_eq!(events, 0);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn an_order_is_charged_by_its_hint_after_gifts_moved_the_account() {
    let house = House::start(Setup::default()).await;
    let (oma, mia) = (house.member("Oma", 20, FAMILY).await, house.member("Mia", 3, FAMILY).await);
    give(&house, ("key-1", oma, mia), 15, "").await.unwrap();
    assert_eq!(house.settle(OrderId::new(), mia, 1, 18).await.unwrap(), (Settlement::Settled, 0));
    assert_eq!(house.settle(OrderId::new(), oma, 1, 6).await.unwrap(), (Settlement::Refused, 5));
    house.assert_ledger_adds_up().await;
    house.stop().await;
}
