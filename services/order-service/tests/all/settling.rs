//! Beans: charged before the counter sees an order, given back when it ends otherwise.

use std::time::Duration;

use order_service::app::{CommandError, NoticeKind};
use wire::order::v1 as pb;

use crate::house::{House, Person, WAITS, a, asking, because, on, until};

/// Waits until nobody has anything to do about an order any more.
pub(crate) async fn until_closed(house: &House, id: &str) {
    let order: types::OrderId = id.parse().unwrap();
    until("closed", async || {
        let row: (bool, Option<chrono::DateTime<chrono::Utc>>) =
            sqlx::query_as("select closed, due_at from orders where id = $1")
                .bind(order.uuid())
                .fetch_one(&house.pool)
                .await
                .unwrap();
        assert_eq!(row.0, row.1.is_none(), "closed orders are due nothing, others are");
        row.0.then_some(())
    })
    .await;
}

/// Waits until an order is in a state.
pub(crate) async fn until_state(person: &Person, id: &str, state: pb::OrderState) -> pb::Order {
    until(state.as_str_name(), async || {
        let order = person.get(id).await.unwrap();
        (order.state() == state).then_some(order)
    })
    .await
}

#[tokio::test]
async fn a_cancelled_order_gets_its_beans_back() {
    let house = House::open().await;
    let anna = house.member();
    let order = anna.orders_a_flat_white().await;
    assert_eq!(house.customer.books().balances[&anna.id.to_string()], 997);
    let cancelled = anna.cancel(on(&order)).await.unwrap().order.unwrap();
    assert_eq!((cancelled.state(), cancelled.owed_beans), (pb::OrderState::Cancelled, 0));
    until_closed(&house, &order.id).await;
    assert_eq!(house.customer.books().balances[&anna.id.to_string()], 1_000);
    assert_eq!(house.customer.charged(&order.id), Some(0));
}

#[tokio::test]
async fn with_customer_service_down_orders_wait_and_go_on_when_it_is_back() {
    let house = House::open().await;
    let anna = house.member();
    house.lose_customer_service().await;
    let mut orders = Vec::new();
    for _ in 0..12 {
        let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("cortado")]) };
        let order = anna.ask_place(request).await.unwrap().order.unwrap();
        assert_eq!(order.state(), pb::OrderState::Placed);
        orders.push(order.id);
    }
    let waited = pb::PlaceOrderRequest { wait_ms: 300, ..asking(vec![a("cortado")]) };
    let waited = anna.ask_place(waited).await.unwrap().order.unwrap();
    assert_eq!(waited.state(), pb::OrderState::Placed);
    orders.push(waited.id);
    house.customer.books().away = false;
    for order in &orders {
        until_state(&anna, order, pb::OrderState::Queued).await;
        assert_eq!(house.customer.charged(order), Some(2));
    }
    assert_eq!(house.customer.books().balances[&anna.id.to_string()], 1_000 - 2 * 13);
}

#[tokio::test]
async fn what_cannot_be_settled_in_time_is_rejected_with_an_apology_and_costs_nothing() {
    let waits = order_service::WaitSeconds { wait_placed: 1, ..WAITS };
    let house = House::with_waits(waits).await;
    let anna = house.member();
    house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("cortado")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    let rejected = until_state(&anna, &order.id, pb::OrderState::Rejected).await;
    assert!(rejected.reason.starts_with("Sorry"), "{}", rejected.reason);
    assert_eq!(rejected.owed_beans, 0);
    house.customer.books().away = false;
    until_closed(&house, &order.id).await;
    assert_eq!(house.customer.charged(&order.id), Some(0));
}

#[tokio::test]
async fn a_silent_customer_service_costs_its_deadline_and_no_more() {
    let house = House::open().await;
    let anna = house.known_member().await;
    house.customer.books().silent = true;
    let request = pb::PlaceOrderRequest { wait_ms: 200, ..asking(vec![a("cortado")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    assert_eq!(order.state(), pb::OrderState::Placed);
    let asked = until("asked", async || house.customer.calls_of("Settle").pop()).await;
    let deadline = asked.deadline.unwrap();
    assert!(deadline <= Duration::from_secs(3), "{deadline:?}");
    // Given up, it is asked for again: nobody has answered yet.
    until("asked again", async || house.customer.calls_of("Settle").get(1).cloned()).await;
    // Cancelling does not wait for it.
    anna.cancel(on(&order)).await.unwrap();
    assert_eq!(house.customer.charged(&order.id), None);
    house.customer.books().silent = false;
    until_closed(&house, &order.id).await;
    assert_eq!(house.customer.charged(&order.id).unwrap_or(0), 0);
}

#[tokio::test]
async fn a_ledger_with_another_history_is_a_failure_and_not_asked_for_ever() {
    let house = House::open().await;
    let anna = house.member();
    house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("cortado")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    // As after the orders' database was restored from a backup.
    house.customer.books().settled.insert(order.id.clone(), (7, 2));
    house.customer.books().away = false;
    let settled = house.service.app.settle(order.id.parse().unwrap()).await;
    let Err(CommandError::Failed(error)) = settled else { panic!("{settled:?}") };
    assert!(!error.is_transient(), "{error:?}");
    anna.orders_a_flat_white().await;
    assert_eq!(anna.get(&order.id).await.unwrap().state(), pb::OrderState::Placed);
}

#[tokio::test]
async fn one_order_that_cannot_be_settled_holds_up_nobody() {
    let house = House::open().await;
    let anna = house.member();
    // The ledger knows this order at another amount already: a defect of somebody's.
    house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("cortado")]) };
    let broken = anna.ask_place(request).await.unwrap().order.unwrap();
    house.customer.books().settled.insert(broken.id.clone(), (1, 99));
    house.customer.books().away = false;
    for _ in 0..3 {
        anna.orders_a_flat_white().await;
    }
    assert_eq!(anna.get(&broken.id).await.unwrap().state(), pb::OrderState::Placed);
}

#[tokio::test]
async fn a_struck_item_is_not_paid_and_an_amended_order_pays_what_it_is_now() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders(vec![a("latte"), a("cookie")]).await.unwrap();
    assert_eq!(house.customer.charged(&order.id), Some(4));
    let strike = pb::StrikeItemRequest {
        id: order.id.clone(),
        version: 0,
        line: 2,
        reason: "the last one fell".to_owned(),
    };
    let struck = barista.strike(strike.clone()).await.unwrap().order.unwrap();
    assert_eq!((struck.owed_beans, struck.revision), (3, 2));
    assert_eq!(struck.items[1].struck_reason, "the last one fell");
    assert!(barista.strike(strike).await.unwrap().already_so);
    until("3 beans", async || (house.customer.charged(&order.id) == Some(3)).then_some(())).await;

    let amend =
        pb::AmendOrderRequest { id: order.id.clone(), version: 0, items: vec![a("espresso")] };
    let amended = anna.amend(amend.clone()).await.unwrap().order.unwrap();
    assert_eq!((amended.state(), amended.number), (pb::OrderState::Placed, order.number));
    let queued = until_state(&anna, &order.id, pb::OrderState::Queued).await;
    assert_eq!((queued.owed_beans, house.customer.charged(&order.id)), (1, Some(1)));
    assert!(anna.amend(amend).await.unwrap().already_so);
}

#[tokio::test]
async fn a_second_settler_changes_nothing() {
    let house = House::open().await;
    let anna = house.member();
    let order = anna.orders_a_flat_white().await;
    let id = order.id.parse().unwrap();
    for _ in 0..3 {
        let settling = house.service.app.settle(id).await.unwrap();
        assert!(matches!(settling, order_service::app::Settling::Nothing), "{settling:?}");
    }
    // Two that both read it before: the second finds it done.
    anna.cancel(on(&order)).await.unwrap();
    let app = &house.service.app;
    let both = tokio::join!(app.settle(id), app.settle(id));
    assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
    until_closed(&house, &order.id).await;
    assert_eq!(house.customer.charged(&order.id), Some(0));
}

#[tokio::test]
async fn a_declined_order_says_why_and_gives_the_beans_back() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders_a_flat_white().await;
    barista.decline(because(&order, "the machine is being descaled")).await.unwrap();
    let order = anna.get(&order.id).await.unwrap();
    assert_eq!(order.state(), pb::OrderState::Declined);
    assert_eq!(order.reason, "the machine is being descaled");
    until_closed(&house, &order.id).await;
    assert_eq!(house.customer.charged(&order.id), Some(0));
}

#[tokio::test]
async fn orders_go_on_after_a_restart_wherever_they_were() {
    let house = House::open().await;
    let anna = house.member();
    house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("cortado")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    let house = house.restart().await;
    house.customer.books().away = false;
    let admin = house.admin();
    until_state(&admin, &order.id, pb::OrderState::Queued).await;
    assert_eq!(house.customer.charged(&order.id), Some(2));
}

#[tokio::test]
async fn people_are_told_once_under_our_own_credential() {
    let house = House::open().await;
    let (anna, bert, barista) = (house.member(), house.member(), house.barista());
    let item = pb::ItemRequest {
        recipient: Some(pb::item_request::Recipient::MemberId(bert.id.to_string())),
        ..a("latte")
    };
    let order = anna.orders(vec![item]).await.unwrap();
    barista.ready(on(&order)).await.unwrap();
    let id = order.id.parse().unwrap();
    let app = &house.service.app;
    assert!(app.notify(id, NoticeKind::Ready).await.unwrap());
    assert!(!app.notify(id, NoticeKind::Queued).await.unwrap(), "nothing is queued any more");
    let told = house.customer.books().told.clone();
    let [ready] = &told[..] else { panic!("{told:?}") };
    assert_eq!((ready.kind.as_str(), &ready.order_id), ("ready", &order.id));
    assert_eq!(ready.member_ids, [anna.id.to_string(), bert.id.to_string()]);
    assert_eq!(ready.order_number, order.number);
    // Said again, it is the same to whoever records it once.
    assert!(app.notify(id, NoticeKind::Ready).await.unwrap());
    assert_eq!(&house.customer.books().told[1], ready);
    for method in ["Settle", "Notify"] {
        for call in house.customer.calls_of(method) {
            assert_eq!(call.caller, Some(runtime::Peer::OrderService), "{call:?}");
        }
    }
}
