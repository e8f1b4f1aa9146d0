use customer_service::app::allowances::{self, Granted};
use futures::future::join_all;
use runtime::{AppError, Code};
use types::{MemberId, OrderId, Role, Timestamp};
use wire::customer::v1::{self as pb, Settlement, customer_service_server::CustomerService};

use crate::{
    heard::Heard,
    house::{House, Setup, by_person, unwrapped},
};

const FAMILY: [Role; 1] = [Role::Member];

fn code<T: std::fmt::Debug>(answer: Result<T, AppError>) -> Code {
    answer.unwrap_err().code
}

#[tokio::test]
async fn an_order_is_charged_once_however_often_it_is_settled() {
    let heard = Heard::begin();
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 20, FAMILY).await;
    let order = OrderId::new();
    assert_eq!(house.settle(order, mia, 1, 7).await.unwrap(), (Settlement::Settled, 13));
    // One statement was enough.
    let said = heard.text();
    assert!(said.contains(r#""beans.settle-first""#) && !said.contains(r#""beans.settle""#));
    for _ in 0..2 {
        assert_eq!(house.settle(order, mia, 1, 7).await.unwrap(), (Settlement::Settled, 13));
    }
    assert_eq!((house.sum_of(order).await, house.balance(mia).await), (-7, 13));
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn a_newer_revision_changes_the_sum_and_an_older_one_is_superseded() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 20, FAMILY).await;
    let order = OrderId::new();
    assert_eq!(house.settle(order, mia, 2, 5).await.unwrap(), (Settlement::Settled, 15));
    assert_eq!(house.settle(order, mia, 3, 0).await.unwrap(), (Settlement::Settled, 20));
    // The late charge, and a later repeat of the refund.
    assert_eq!(house.settle(order, mia, 2, 5).await.unwrap(), (Settlement::Superseded, 20));
    assert_eq!(house.settle(order, mia, 1, 9).await.unwrap(), (Settlement::Superseded, 20));
    assert_eq!(house.settle(order, mia, 3, 0).await.unwrap(), (Settlement::Settled, 20));
    assert_eq!(house.sum_of(order).await, 0);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn wrong_claims_are_named_errors_and_change_nothing() {
    let house = House::start(Setup::default()).await;
    let (mia, ben) = (house.member("Mia", 20, FAMILY).await, house.member("Ben", 20, FAMILY).await);
    let order = OrderId::new();
    house.settle(order, mia, 1, 7).await.unwrap();
    assert_eq!(code(house.settle(order, mia, 1, 8).await), Code::SettlementConflict);
    assert_eq!(code(house.settle(order, ben, 2, 8).await), Code::SettlementConflict);
    assert_eq!(code(house.settle(order, ben, 1, 7).await), Code::SettlementConflict);
    assert_eq!(code(house.settle(OrderId::new(), mia, 1, -1).await), Code::InvalidRequest);
    assert_eq!(code(house.settle(OrderId::new(), mia, -1, 1).await), Code::InvalidRequest);
    assert_eq!(code(house.settle(OrderId::new(), mia, 1, i64::MAX).await), Code::InvalidRequest);
    let nobody = MemberId::new();
    assert_eq!(code(house.settle(OrderId::new(), nobody, 1, 1).await), Code::NotFound);
    assert_eq!((house.balance(mia).await, house.balance(ben).await), (13, 20));
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_orders_never_pass_the_floor() {
    let house = House::start(Setup { floor: -5, ..Setup::default() }).await;
    let mia = house.member("Mia", 10, FAMILY).await;
    let answers = join_all((0..24).map(|_| house.settle(OrderId::new(), mia, 1, 4))).await;
    let count =
        |wanted| answers.iter().filter(|answer| answer.as_ref().unwrap().0 == wanted).count();
    // 15 beans down to the floor: three orders of 4.
    assert_eq!((count(Settlement::Settled), count(Settlement::Refused)), (3, 21));
    assert_eq!(house.balance(mia).await, -2);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_order_settled_from_everywhere_at_once_is_charged_once() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 100, FAMILY).await;
    for _ in 0..10 {
        let order = OrderId::new();
        let answers = join_all((0..8).map(|_| house.settle(order, mia, 1, 3))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().0 == Settlement::Settled));
        assert_eq!(house.sum_of(order).await, -3);
    }
    assert_eq!(house.balance(mia).await, 70);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revisions_in_any_order_and_at_once_end_at_the_newest() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 10_000, FAMILY).await;
    let ben = house.member("Ben", 10_000, FAMILY).await;
    let orders: Vec<(OrderId, MemberId)> =
        (0..12).map(|at| (OrderId::new(), if at % 2 == 0 { mia } else { ben })).collect();
    // Every revision of every order three times, thrown together.
    let mut claims: Vec<(OrderId, MemberId, i64)> = orders
        .iter()
        .flat_map(|(order, payer)| (1..=5).map(move |revision| (*order, *payer, revision)))
        .flat_map(|claim| [claim; 3])
        .collect();
    for at in (1..claims.len()).rev() {
        claims.swap(at, rand::random_range(0..=at));
    }
    let settle = |(order, payer, revision)| house.settle(order, payer, revision, 2 * revision);
    for answer in join_all(claims.into_iter().map(settle)).await {
        answer.unwrap();
    }
    for (order, _) in orders {
        assert_eq!(house.sum_of(order).await, -10);
    }
    assert_eq!((house.balance(mia).await, house.balance(ben).await), (9_940, 9_940));
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn a_stale_view_of_an_account_never_books() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 10, FAMILY).await;
    // Another replica books: this process's view is stale now.
    let other = customer_service::store::ledger::Account {
        member: mia,
        version: 2,
        entries: 1,
        balance: types::Beans::new(10),
    };
    house.settle(OrderId::new(), mia, 1, 8).await.unwrap();
    house.service.app.accounts.take(mia);
    house.service.app.accounts.put(other);
    assert_eq!(
        house.settle(OrderId::new(), mia, 1, 8).await.unwrap(),
        (Settlement::Refused, 2),
        "the stale view would have allowed it"
    );
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn a_refusal_stays_until_a_newer_revision_fits() {
    let house = House::start(Setup { allowance: 50, ..Setup::default() }).await;
    let mia = house.member("Mia", 5, FAMILY).await;
    let order = OrderId::new();
    assert_eq!(house.settle(order, mia, 1, 60).await.unwrap(), (Settlement::Refused, 55));
    let next = customer_service::clock::now() + chrono::TimeDelta::weeks(1);
    allowances::grant_due(&house.service.app, None, next).await.unwrap();
    // Rich now, but the same question has the same answer.
    assert_eq!(house.settle(order, mia, 1, 60).await.unwrap(), (Settlement::Refused, 105));
    assert_eq!(house.settle(order, mia, 2, 60).await.unwrap(), (Settlement::Settled, 45));
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn at_a_free_bar_nothing_costs_beans() {
    let house = House::start(Setup { free_bar: true, ..Setup::default() }).await;
    let mia = house.member("Mia", 0, FAMILY).await;
    let order = OrderId::new();
    for revision in [1, 2, 2] {
        let owed = 3 + revision;
        let answer = house.settle(order, mia, revision, owed).await.unwrap();
        assert_eq!(answer, (Settlement::Settled, 0));
    }
    let request = pb::GetBalanceRequest::default();
    let answer = house.handlers.get_balance(by_person(mia, FAMILY, request)).await;
    assert!(unwrapped(answer).unwrap().free_bar);
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_allowance_is_granted_once_per_member_and_week() {
    let house = House::start(Setup { allowance: 50, ..Setup::default() }).await;
    let mia = house.member("Mia", 7, FAMILY).await;
    house.member("Ben", 0, FAMILY).await;
    let app = &house.service.app;
    let now = customer_service::clock::now();
    // This week's came with joining.
    assert_eq!(house.balance(mia).await, 57);
    let same_week = allowances::grant_due(app, None, now).await.unwrap();
    assert_eq!(same_week, Granted { granted: 0, already: 2 });
    let next = now + chrono::TimeDelta::weeks(1);
    let at_once = join_all((0..6).map(|_| allowances::grant_due(app, None, next))).await;
    let granted: i32 = at_once.iter().map(|granted| granted.as_ref().unwrap().granted).sum();
    assert_eq!(granted, 2);
    let again = allowances::grant_due(app, None, next).await.unwrap();
    assert_eq!(again, Granted { granted: 0, already: 2 });
    assert_eq!(house.balance(mia).await, 107);
    let future = allowances::grant_due(app, Some("2099-W01".parse().unwrap()), now).await;
    assert_eq!(code(future), Code::InvalidRequest);
    // Before they joined, nothing was due.
    let past = allowances::grant_due(app, Some("2020-W01".parse().unwrap()), now).await.unwrap();
    assert_eq!(past, Granted::default());
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn a_week_begins_on_monday_in_the_familys_time_zone() {
    let house = House::start(Setup { allowance: 50, ..Setup::default() }).await;
    let mia = house.member("Mia", 0, FAMILY).await;
    sqlx::query("update members set joined_at = '2020-01-01'").execute(house.pool()).await.unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    // Sunday 23:30 in Berlin, and an hour later, when UTC is still on Sunday.
    for now in ["2020-11-22T22:30:00Z", "2020-11-22T23:30:00Z", "2020-11-23T08:00:00Z"] {
        allowances::grant_due(&house.service.app, None, at(now)).await.unwrap();
    }
    let causes: Vec<String> =
        sqlx::query_scalar("select cause from ledger_entries where member_id = $1 order by number")
            .bind(mia.uuid())
            .fetch_all(house.pool())
            .await
            .unwrap();
    // After the one that came with joining, which is today.
    assert_eq!(causes[1..], ["2020-W47", "2020-W48"]);
    house.stop().await;
}

#[tokio::test]
async fn a_statement_adds_up_over_all_its_pages() {
    let house = House::start(Setup { allowance: 50, ..Setup::default() }).await;
    let mia = house.member("Mia", 100, FAMILY).await;
    let struck = OrderId::new();
    house.settle(struck, mia, 1, 9).await.unwrap();
    house.settle(struck, mia, 2, 4).await.unwrap();
    for price in 1..=6 {
        house.settle(OrderId::new(), mia, 1, price).await.unwrap();
    }
    let mut entries: Vec<pb::LedgerEntry> = vec![];
    let mut cursor = String::new();
    loop {
        let request = pb::GetStatementRequest { member_id: String::new(), cursor, limit: 3 };
        let page = house.handlers.get_statement(by_person(mia, FAMILY, request)).await;
        let page = unwrapped(page).unwrap();
        assert!(page.entries.len() <= 3);
        entries.extend(page.entries);
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(entries.len(), 10);
    entries.reverse();
    let mut balance = 0;
    for entry in &entries {
        balance += entry.beans;
        assert_eq!(entry.balance_beans, balance, "{entry:?}");
    }
    assert_eq!(balance, house.balance(mia).await);
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds[..4], ["opening", "allowance", "order", "order"]);
    assert_eq!((entries[2].beans, entries[3].beans), (-9, 5));
    assert_eq!(entries[2].cause, struck.to_string());
    house.stop().await;
}

#[tokio::test]
async fn broken_cursors_and_limits_are_refused() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 1, FAMILY).await;
    for (cursor, limit, expected) in [
        ("nonsense", 0, Code::InvalidCursor),
        ("", -1, Code::InvalidRequest),
        ("", 9999, Code::InvalidRequest),
    ] {
        let request =
            pb::GetStatementRequest { member_id: String::new(), cursor: cursor.to_owned(), limit };
        let answer = house.handlers.get_statement(by_person(mia, FAMILY, request)).await;
        assert_eq!(code(unwrapped(answer)), expected);
        let request = pb::ListNotificationsRequest { cursor: cursor.to_owned(), limit };
        let answer = house.handlers.list_notifications(by_person(mia, FAMILY, request)).await;
        assert_eq!(code(unwrapped(answer)), expected);
    }
    house.stop().await;
}

#[tokio::test]
async fn a_member_joins_once_with_their_opening_beans() {
    let house = House::start(Setup::default()).await;
    let id = MemberId::new();
    let first = house.create(id, "Mia", 30, FAMILY.into()).await.unwrap();
    let again = house.create(id, "Somebody else", 99, FAMILY.into()).await.unwrap();
    assert_eq!(first, again);
    assert_eq!((again.name.as_str(), again.balance_beans), ("Mia", 30));
    for (name, beans) in [("", 0), ("Mia", -1), ("Mia", i64::MAX)] {
        let wrong = house.create(MemberId::new(), name, beans, FAMILY.into()).await;
        assert_eq!(code(wrong), Code::InvalidRequest);
    }
    house.assert_ledger_adds_up().await;
    house.stop().await;
}

#[tokio::test]
async fn the_ledger_is_append_only_even_for_its_owner() {
    let house = House::start(Setup::default()).await;
    house.member("Mia", 30, FAMILY).await;
    for statement in [
        "update ledger_entries set beans = 1",
        "delete from ledger_entries",
        "truncate ledger_entries",
    ] {
        let refused = sqlx::raw_sql(statement).execute(house.pool()).await.unwrap_err();
        assert!(refused.to_string().contains("never changed"), "{statement}: {refused}");
    }
    house.assert_ledger_adds_up().await;
    house.stop().await;
}
