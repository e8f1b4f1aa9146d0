//! What people may do with an order, and what they may not.

use types::MemberId;
use wire::order::v1 as pb;

use crate::{
    house::{House, a, because, code, named, on, until},
    settling::until_closed,
};

#[tokio::test]
async fn an_order_is_accepted_made_called_ready_and_picked_up() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders(vec![a("latte"), a("mocha")]).await.unwrap();

    let done = barista.accept(on(&order)).await.unwrap();
    let order = done.order.unwrap();
    assert!(!done.already_so);
    assert_eq!(
        (order.state(), order.barista.as_str()),
        (pb::OrderState::Preparing, &*barista.id.to_string())
    );
    assert!(barista.accept(on(&order)).await.unwrap().already_so);

    let tick = pb::TickItemRequest { id: order.id.clone(), version: 0, line: 2, ticked: true };
    let ticked = barista.tick(tick.clone()).await.unwrap().order.unwrap();
    assert!(ticked.items[1].ticked && !ticked.items[0].ticked);
    assert!(barista.tick(tick).await.unwrap().already_so);

    let order = barista.ready(on(&order)).await.unwrap().order.unwrap();
    assert_eq!(order.state(), pb::OrderState::Ready);
    let recalled = barista.recall(on(&order)).await.unwrap().order.unwrap();
    assert_eq!(recalled.state(), pb::OrderState::Preparing);
    let order = barista.ready(on(&order)).await.unwrap().order.unwrap();

    let done = anna.pick_up(on(&order)).await.unwrap();
    let order = done.order.unwrap();
    assert_eq!((order.state(), order.owed_beans), (pb::OrderState::Completed, 7));
    assert!(anna.pick_up(on(&order)).await.unwrap().already_so);
    until_closed(&house, &order.id).await;
    assert_eq!(house.customer.charged(&order.id), Some(7));

    // One event per version, in order.
    let kinds: Vec<String> =
        sqlx::query_scalar("select kind from event_log where stream_key = $1 order by version")
            .bind(&order.id)
            .fetch_all(&house.pool)
            .await
            .unwrap();
    assert_eq!(
        kinds,
        ["placed", "queued", "accepted", "item_ticked", "ready", "recalled", "ready", "completed"]
    );
    assert_eq!(order.version, 8);
}

#[tokio::test]
async fn an_order_goes_back_over_to_another_and_is_forgiven() {
    let house = House::open().await;
    let (anna, barista, second, admin) =
        (house.member(), house.barista(), house.barista(), house.admin());
    let order = anna.orders_a_flat_white().await;
    barista.accept(on(&order)).await.unwrap();
    let released = barista.release(on(&order)).await.unwrap().order.unwrap();
    assert_eq!(released.state(), pb::OrderState::Queued);
    barista.accept(on(&order)).await.unwrap();

    let to =
        |barista: String| pb::HandOverOrderRequest { id: order.id.clone(), version: 0, barista };
    let nobody = barista.hand_over(to(anna.id.to_string())).await;
    assert_eq!(named(nobody), ("invalid-request".into(), "barista".into()));
    assert_eq!(named(barista.hand_over(to("me".to_owned())).await).1, "barista");
    let handed = barista.hand_over(to(second.id.to_string())).await.unwrap().order.unwrap();
    assert_eq!(handed.barista, second.id.to_string());
    assert_eq!(code(barista.ready(on(&order)).await), "taken-by-another");
    second.ready(on(&order)).await.unwrap();

    assert_eq!(code(admin.forgive(on(&order)).await), "wrong-state");
    barista.pick_up(on(&order)).await.unwrap();
    assert_eq!(code(barista.forgive(on(&order)).await), "forbidden");
    let forgiven = admin.forgive(on(&order)).await.unwrap().order.unwrap();
    assert_eq!((forgiven.owed_beans, forgiven.forgiven_by), (0, admin.id.to_string()));
    until_closed(&house, &order.id).await;
    assert_eq!(house.customer.charged(&order.id), Some(0));
}

#[tokio::test]
async fn another_drink_instead_costs_no_more_and_says_why() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders(vec![a("flat-white"), a("cookie")]).await.unwrap();
    let replace = pb::ReplaceItemRequest {
        id: order.id.clone(),
        version: order.version,
        line: 2,
        item: Some(a("croissant")),
        reason: "cookies are out".to_owned(),
    };
    let replaced = barista.replace(replace.clone()).await.unwrap().order.unwrap();
    let item = &replaced.items[1];
    assert_eq!((item.slug.as_str(), item.price_beans), ("croissant", 1));
    assert_eq!(item.replaced_reason, "cookies are out");
    let wrong = |change: &dyn Fn(&mut pb::ReplaceItemRequest)| {
        let mut request = pb::ReplaceItemRequest { version: 0, ..replace.clone() };
        change(&mut request);
        request
    };
    for (request, expected) in [
        (wrong(&|request| request.line = 9), ("no-such-line", "line")),
        (wrong(&|request| request.line = -1), ("invalid-request", "line")),
        (wrong(&|request| request.item = None), ("invalid-request", "item")),
        (
            wrong(&|request| request.item = Some(a("unicorn"))),
            ("not-on-the-menu", "item.menu_item"),
        ),
        (
            wrong(&|request| {
                let nobody = pb::item_request::Recipient::MemberId(MemberId::new().to_string());
                request.item = Some(pb::ItemRequest { recipient: Some(nobody), ..a("latte") });
            }),
            ("invalid-request", "item.member_id"),
        ),
        (
            wrong(&|request| {
                request.item = Some(a("latte"));
                request.reason.clear()
            }),
            ("invalid-request", "reason"),
        ),
        (wrong(&|request| request.reason = "x".repeat(201)), ("invalid-request", "reason")),
        (wrong(&|request| request.reason = "\0".to_owned()), ("invalid-request", "reason")),
    ] {
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert_eq!(named(barista.replace(request.clone()).await), expected, "{request:?}");
    }
}

#[tokio::test]
async fn a_stale_version_is_named_with_the_present_one() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders_a_flat_white().await;
    let stale = pb::CommandRequest { version: 1, ..on(&order) };
    let error = barista.accept(stale).await.unwrap_err();
    assert_eq!(error.code.name(), "stale-version");
    assert_eq!(error.details["current"], "2");
    let absurd = pb::CommandRequest { version: u64::MAX, ..on(&order) };
    assert_eq!(code(barista.accept(absurd).await), "stale-version");
    let right = pb::CommandRequest { version: order.version, ..on(&order) };
    barista.accept(right).await.unwrap();
}

#[tokio::test]
async fn orders_that_are_not_there_or_nobodys_business_are_not_found() {
    let house = House::open().await;
    let (anna, bert, barista) = (house.member(), house.member(), house.barista());
    let order = anna.orders_a_flat_white().await;
    let unknown = types::OrderId::new().to_string();
    for id in [unknown.as_str(), "", "12", "ord_", "ord_01h455vb4pex5vsknk084sn02!", "\0"] {
        assert_eq!(code(anna.get(id).await), "not-found", "{id:?}");
        let command = pb::CommandRequest { id: id.to_owned(), ..on(&order) };
        assert_eq!(code(barista.accept(command.clone()).await), "not-found", "{id:?}");
        assert_eq!(code(anna.cancel(command).await), "not-found", "{id:?}");
    }
    assert_eq!(code(bert.get(&order.id).await), "not-found");
    assert_eq!(code(bert.cancel(on(&order)).await), "not-found");
    assert_eq!(code(bert.pick_up(on(&order)).await), "not-found");
    let amend = pb::AmendOrderRequest { id: order.id.clone(), version: 0, items: vec![a("mocha")] };
    assert_eq!(code(bert.amend(amend).await), "not-found");
    assert!(barista.get(&order.id).await.is_ok());
}

#[tokio::test]
async fn whom_an_item_is_for_may_read_the_order_and_do_nothing_with_it() {
    let house = House::open().await;
    let (anna, bert) = (house.member(), house.member());
    let item = pb::ItemRequest {
        recipient: Some(pb::item_request::Recipient::MemberId(bert.id.to_string())),
        ..a("chai-latte")
    };
    let order = anna.orders(vec![item]).await.unwrap();
    let seen = bert.get(&order.id).await.unwrap();
    assert!(seen.allowed.is_empty(), "{:?}", seen.allowed);
    assert_eq!(code(bert.cancel(on(&order)).await), "not-yours");
    assert_eq!(house.customer.books().asked.last().unwrap().member_id, anna.id.to_string());
}

#[tokio::test]
async fn members_do_not_work_the_counter() {
    let house = House::open().await;
    let anna = house.member();
    let order = anna.orders_a_flat_white().await;
    assert_eq!(code(anna.accept(on(&order)).await), "forbidden");
    assert_eq!(code(anna.ready(on(&order)).await), "forbidden");
    assert_eq!(code(anna.decline(because(&order, "no")).await), "forbidden");
    assert_eq!(code(anna.ask_queue(pb::GetQueueRequest {}).await), "forbidden");
    let pause = pb::SetBarRequest { state: pb::BarState::Paused.into(), until: None };
    assert_eq!(code(anna.set_bar(pause).await), "forbidden");
    assert_eq!(
        code(
            house
                .as_gateway()
                .get_order(pb::GetOrderRequest { id: order.id.clone() })
                .await
                .map_err(runtime::AppError::from_status)
        ),
        "unauthenticated"
    );
}

#[tokio::test]
async fn wrong_states_and_missing_reasons_are_named() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders_a_flat_white().await;
    assert_eq!(code(anna.pick_up(on(&order)).await), "wrong-state");
    assert_eq!(code(barista.recall(on(&order)).await), "wrong-state");
    assert_eq!(
        named(barista.decline(on(&order)).await),
        ("invalid-request".into(), "reason".into())
    );
    let last = pb::StrikeItemRequest {
        id: order.id.clone(),
        line: 1,
        reason: "no".to_owned(),
        ..pb::StrikeItemRequest::default()
    };
    assert_eq!(named(barista.strike(last).await), ("wrong-state".into(), "line".into()));
    barista.accept(on(&order)).await.unwrap();
    assert_eq!(code(anna.cancel(on(&order)).await), "taken-by-another");
    barista.cancel(because(&order, "the milk boiled over")).await.unwrap();
    assert_eq!(code(barista.ready(on(&order)).await), "order-closed");
    assert!(barista.cancel(because(&order, "again")).await.unwrap().already_so);
}

#[tokio::test]
async fn an_order_that_somebody_keeps_locked_is_unavailable_for_a_while_and_no_defect() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let order = anna.orders_a_flat_white().await;
    let mut other = house.pool.begin().await.unwrap();
    sqlx::query("select 1 from orders for update").execute(&mut *other).await.unwrap();
    assert_eq!(code(barista.accept(on(&order)).await), "unavailable");
    other.rollback().await.unwrap();
    barista.accept(on(&order)).await.unwrap();
}

#[tokio::test]
async fn of_two_baristas_who_accept_at_once_one_gets_it() {
    let house = House::open().await;
    let anna = house.member();
    let baristas: Vec<_> = (0..6).map(|_| house.barista()).collect();
    for _ in 0..5 {
        let order = anna.orders_a_flat_white().await;
        let all =
            futures::future::join_all(baristas.iter().map(|barista| barista.accept(on(&order))));
        let results = all.await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for refused in results.into_iter().filter(Result::is_err) {
            assert_eq!(code(refused), "taken-by-another");
        }
    }
}

#[tokio::test]
async fn accepting_and_cancelling_at_once_end_in_one_of_the_two() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    for _ in 0..10 {
        let order = anna.orders_a_flat_white().await;
        let (accepted, cancelled) =
            tokio::join!(barista.accept(on(&order)), anna.cancel(on(&order)));
        let now = anna.get(&order.id).await.unwrap();
        match (accepted, cancelled) {
            (Ok(_), refused @ Err(_)) => {
                assert_eq!(now.state(), pb::OrderState::Preparing);
                assert_eq!(code(refused), "taken-by-another");
            }
            (refused @ Err(_), Ok(_)) => {
                assert_eq!(now.state(), pb::OrderState::Cancelled);
                assert_eq!(code(refused), "order-closed");
                until("refund", async || {
                    (house.customer.charged(&order.id) == Some(0)).then_some(())
                })
                .await;
            }
            both => panic!("{both:?}"),
        }
    }
}
