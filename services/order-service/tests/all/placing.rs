//! Placing an order.

use chrono::{TimeDelta, Utc};
use wire::order::v1::{self as pb, item_request::Recipient};

use crate::house::{House, a, asking, code, in_seconds, named};

#[tokio::test]
async fn an_order_is_placed_charged_and_queued() {
    let house = House::open().await;
    let anna = house.member();
    let order = anna
        .orders(vec![
            pb::ItemRequest {
                size: "large".to_owned(),
                milk: "almond".to_owned(),
                extras: vec!["vanilla-syrup".to_owned(), "extra-shot".to_owned()],
                note: "very hot".to_owned(),
                ..a("flat-white")
            },
            pb::ItemRequest { recipient: Some(Recipient::Guest("Oma".to_owned())), ..a("cookie") },
        ])
        .await
        .unwrap();
    assert_eq!(order.state(), pb::OrderState::Queued);
    assert_eq!((order.number, order.version, order.revision), (1, 2, 1));
    assert_eq!(order.placed_by, anna.id.to_string());
    // 3, large 1, almond 1, syrup 1, shot 1; cookie 1.
    assert_eq!((order.price_beans, order.owed_beans), (8, 8));
    let [coffee, cookie] = &order.items[..] else { panic!("{order:?}") };
    assert_eq!(coffee.summary, "large, almond milk, extra shot, vanilla syrup");
    assert_eq!((coffee.caffeine_mg, coffee.note.as_str()), (126 + 63, "very hot"));
    assert_eq!(coffee.member_id, anna.id.to_string());
    assert_eq!(coffee.allergens, ["nuts"]);
    assert_eq!((cookie.guest.as_str(), cookie.member_id.as_str()), ("Oma", ""));
    assert_eq!(house.customer.charged(&order.id), Some(8));
    assert!(order.deadline.is_some() && order.estimated_ready_at.is_none());
    let allowed: Vec<_> = order.allowed().collect();
    assert_eq!(allowed, [pb::OrderCommand::Cancel, pb::OrderCommand::Amend]);
}

#[tokio::test]
async fn a_decaf_has_no_caffeine() {
    let house = House::open().await;
    let decaf = pb::ItemRequest { extras: vec!["decaf".to_owned()], ..a("doppio") };
    let order = house.member().orders(vec![decaf]).await.unwrap();
    assert_eq!(order.items[0].caffeine_mg, 0);
}

#[tokio::test]
async fn numbers_count_the_day() {
    let house = House::open().await;
    let anna = house.member();
    for number in 1..=3 {
        assert_eq!(anna.orders_a_flat_white().await.number, number);
    }
}

#[tokio::test]
async fn the_event_of_a_new_order_has_the_number_that_was_drawn_with_it() {
    use prost::Message as _;
    let house = House::open().await;
    let anna = house.member();
    anna.orders_a_flat_white().await;
    // Far enough that the number needs two bytes on the wire.
    sqlx::query("select setval('order_numbers', 299)").execute(&house.pool).await.unwrap();
    let order = anna.orders_a_flat_white().await;
    assert_eq!(order.number, 300);
    let (payload, version): (Vec<u8>, i64) = sqlx::query_as(
        "select payload, version from event_log where stream_key = $1 and kind = 'placed'",
    )
    .bind(&order.id)
    .fetch_one(&house.pool)
    .await
    .unwrap();
    let event = wire::events::v1::OrderEvent::decode(payload.as_slice()).unwrap();
    assert_eq!((event.version, version), (1, 1));
    assert_eq!((event.revision, event.owed_beans), (1, 3));
    let Some(wire::events::v1::order_event::What::Placed(placed)) = event.what else {
        panic!("{event:?}")
    };
    assert_eq!(placed.number, 300);
    assert_eq!(placed.items.len(), 1);
    assert_eq!(placed.items[0].slug, "flat-white");
}

#[tokio::test]
async fn the_same_key_again_is_the_same_order() {
    let house = House::open().await;
    let anna = house.member();
    let request = asking(vec![a("latte")]);
    let first = anna.ask_place(request.clone()).await.unwrap();
    assert!(!first.repeated_request);
    let again = pb::PlaceOrderRequest { wait_ms: 0, ..request.clone() };
    let again = anna.ask_place(again).await.unwrap();
    assert!(again.repeated_request);
    assert_eq!(again.order.unwrap().id, first.order.as_ref().unwrap().id);

    // Whatever became of it, and whatever the bar says today.
    let barista = house.barista();
    let closed = pb::SetBarRequest { state: pb::BarState::Closed.into(), until: None };
    barista.set_bar(closed).await.unwrap();
    let again = anna.ask_place(request.clone()).await.unwrap();
    assert!(again.repeated_request);

    // Another body is another matter; another member's key is their own.
    let other = pb::PlaceOrderRequest { items: vec![a("mocha")], ..request.clone() };
    assert_eq!(code(anna.ask_place(other.clone()).await), "idempotency-key-reused");
    let open = pb::SetBarRequest { state: pb::BarState::Open.into(), until: None };
    barista.set_bar(open).await.unwrap();
    assert_eq!(code(anna.ask_place(other.clone()).await), "idempotency-key-reused");
    let bert = house.member();
    assert!(!bert.ask_place(request).await.unwrap().repeated_request);
    let (orders,): (i64,) =
        sqlx::query_as("select count(*) from orders").fetch_one(&house.pool).await.unwrap();
    assert_eq!(orders, 2);
}

#[tokio::test]
async fn many_at_once_with_one_key_place_one_order() {
    let house = House::open().await;
    let anna = house.member();
    let request = asking(vec![a("latte")]);
    let all = futures::future::join_all((0..16).map(|_| anna.ask_place(request.clone()))).await;
    let placed: Vec<_> = all.into_iter().map(|one| one.unwrap()).collect();
    assert_eq!(placed.iter().filter(|placed| !placed.repeated_request).count(), 1);
    let first = &placed[0].order.as_ref().unwrap().id;
    assert!(placed.iter().all(|placed| placed.order.as_ref().unwrap().id == *first));
}

#[tokio::test]
async fn many_at_once_get_numbers_of_their_own() {
    let house = House::open().await;
    let people: Vec<_> = (0..40).map(|_| house.member()).collect();
    let all = people.iter().map(|person| person.orders(vec![a("espresso")]));
    let mut numbers: Vec<i32> = futures::future::join_all(all)
        .await
        .into_iter()
        .map(|order| order.unwrap())
        .inspect(|order| assert_eq!(order.state(), pb::OrderState::Queued))
        .map(|order| order.number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_ordered_is_refused_by_name_and_field() {
    let house = House::open().await;
    let anna = house.member();
    let with = |change: &dyn Fn(&mut pb::ItemRequest)| {
        let mut item = a("flat-white");
        change(&mut item);
        asking(vec![a("espresso"), item])
    };
    let long = "x".repeat(201);
    let cases: Vec<(&str, pb::PlaceOrderRequest, &str, &str)> = vec![
        ("nothing", asking(vec![]), "invalid-request", "items"),
        ("too much", asking(vec![a("latte"); 13]), "invalid-request", "items"),
        (
            "no key",
            pb::PlaceOrderRequest { idempotency_key: String::new(), ..asking(vec![a("latte")]) },
            "idempotency-key-missing",
            "idempotency_key",
        ),
        (
            "long key",
            pb::PlaceOrderRequest { idempotency_key: long.clone(), ..asking(vec![a("latte")]) },
            "invalid-request",
            "idempotency_key",
        ),
        (
            "odd key",
            pb::PlaceOrderRequest {
                idempotency_key: "a\0b".to_owned(),
                ..asking(vec![a("latte")])
            },
            "invalid-request",
            "idempotency_key",
        ),
        (
            "long wait",
            pb::PlaceOrderRequest { wait_ms: 3_600_000, ..asking(vec![a("latte")]) },
            "invalid-request",
            "wait_ms",
        ),
        (
            "negative wait",
            pb::PlaceOrderRequest { wait_ms: -1, ..asking(vec![a("latte")]) },
            "invalid-request",
            "wait_ms",
        ),
        (
            "nonsense time",
            pb::PlaceOrderRequest {
                not_before: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }),
                ..asking(vec![a("latte")])
            },
            "invalid-request",
            "not_before",
        ),
        ("unknown item", asking(vec![a("unicorn")]), "not-on-the-menu", "items[0].menu_item"),
        ("no item", with(&|item| item.menu_item.clear()), "invalid-request", "items[1].menu_item"),
        (
            "unknown size",
            with(&|item| item.size = "vast".into()),
            "invalid-request",
            "items[1].size",
        ),
        (
            "unknown milk",
            with(&|item| item.milk = "yak".into()),
            "invalid-request",
            "items[1].milk",
        ),
        (
            "unknown extra",
            with(&|item| item.extras = vec!["gold".into()]),
            "invalid-request",
            "items[1].extras[0]",
        ),
        (
            "twice",
            with(&|item| item.extras = vec!["cinnamon".into(); 2]),
            "invalid-request",
            "items[1].extras[1]",
        ),
        (
            "seven extras",
            with(&|item| item.extras = vec!["cinnamon".into(); 7]),
            "invalid-request",
            "items[1].extras",
        ),
        (
            "long note",
            with(&|item| item.note.clone_from(&long)),
            "invalid-request",
            "items[1].note",
        ),
        ("NUL in note", with(&|item| item.note = "a\0".into()), "invalid-request", "items[1].note"),
        ("NUL in slug", with(&|item| item.size = "a\0".into()), "invalid-request", "items[1].size"),
        (
            "nameless guest",
            with(&|item| item.recipient = Some(Recipient::Guest(" ".into()))),
            "invalid-request",
            "items[1].guest",
        ),
        (
            "no member id",
            with(&|item| item.recipient = Some(Recipient::MemberId("ord_1".into()))),
            "invalid-request",
            "items[1].member_id",
        ),
        (
            "nobody",
            with(&|item| {
                let nobody = types::MemberId::new().to_string();
                item.recipient = Some(Recipient::MemberId(nobody));
            }),
            "invalid-request",
            "items[1].member_id",
        ),
    ];
    for (what, request, code, field) in cases {
        assert_eq!(named(anna.ask_place(request).await), (code.into(), field.into()), "{what}");
    }
    let (rows,): (i64,) =
        sqlx::query_as("select (select count(*) from orders) + (select count(*) from event_log)")
            .fetch_one(&house.pool)
            .await
            .unwrap();
    assert_eq!(rows, 0, "a refusal wrote something");
}

#[tokio::test]
async fn who_is_too_poor_is_rejected_and_charged_nothing() {
    let house = House::open().await;
    let anna = house.member();
    house.customer.books().balances.insert(anna.id.to_string(), 2);
    let order = anna.orders(vec![a("mocha")]).await.unwrap();
    assert_eq!(order.state(), pb::OrderState::Rejected);
    assert_eq!(order.reason, "There are not enough beans in your account.");
    assert_eq!(order.owed_beans, 0);
    assert!(order.allowed.is_empty());
    crate::settling::until_closed(&house, &order.id).await;
    assert_eq!(house.customer.charged(&order.id).unwrap_or(0), 0);
    assert_eq!(house.customer.books().balances[&anna.id.to_string()], 2);
}

#[tokio::test]
async fn an_order_for_later_is_held_owes_nothing_and_comes_due() {
    let house = House::open().await;
    let anna = house.member();
    let soon = Utc::now() + TimeDelta::hours(2);
    let at = prost_types::Timestamp { seconds: soon.timestamp(), nanos: 0 };
    let request = pb::PlaceOrderRequest { not_before: Some(at), ..asking(vec![a("latte")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    assert_eq!(order.state(), pb::OrderState::Held);
    assert_eq!((order.owed_beans, order.price_beans), (0, 3));
    assert_eq!(order.held_until, Some(at));
    assert_eq!(house.customer.charged(&order.id), None);

    // The workflow says that its time has come.
    let app = &house.service.app;
    let done = app.come_due(order.id.parse().unwrap(), order.version).await.unwrap();
    assert!(!done.already_so && done.order.number > 0);
    let id = order.id.as_str();
    let queued = crate::settling::until_state(&anna, id, pb::OrderState::Queued).await;
    assert_eq!((queued.owed_beans, queued.number), (3, i32::try_from(done.order.number).unwrap()));
    assert_eq!(house.customer.charged(id), Some(3));

    // Too far away is refused.
    let far = prost_types::Timestamp { seconds: at.seconds + 30 * 86_400, nanos: 0 };
    let request = pb::PlaceOrderRequest { not_before: Some(far), ..asking(vec![a("latte")]) };
    assert_eq!(
        named(anna.ask_place(request).await),
        ("invalid-request".into(), "not_before".into())
    );
}

#[tokio::test]
async fn a_held_order_is_amended_to_what_there_will_be_then() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let hours = |hours: i64| Some(in_seconds(hours * 3_600));
    let request = pb::PlaceOrderRequest { not_before: hours(48), ..asking(vec![a("latte")]) };
    let held = anna.ask_place(request).await.unwrap().order.unwrap();
    let off = |slug: &str, until| pb::SetAvailabilityRequest {
        slug: slug.to_owned(),
        available: false,
        until,
    };
    barista.set_availability(off("mocha", hours(47))).await.unwrap();
    barista.set_availability(off("croissant", hours(49))).await.unwrap();
    let amend = |slug: &str| pb::AmendOrderRequest {
        id: held.id.clone(),
        version: 0,
        items: vec![a(slug)],
    };
    let refused = anna.amend(amend("croissant")).await;
    assert_eq!(named(refused), ("sold-out".into(), "items[0].menu_item".into()));
    let amended = anna.amend(amend("mocha")).await.unwrap().order.unwrap();
    assert_eq!((amended.state(), &*amended.items[0].slug), (pb::OrderState::Held, "mocha"));
}

#[tokio::test]
async fn what_is_off_when_a_held_order_comes_due_declines_it() {
    let house = House::open().await;
    let anna = house.member();
    let soon = Utc::now() + TimeDelta::minutes(1);
    let at = prost_types::Timestamp { seconds: soon.timestamp(), nanos: 0 };
    let request = pb::PlaceOrderRequest { not_before: Some(at), ..asking(vec![a("croissant")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    let off =
        pb::SetAvailabilityRequest { slug: "croissant".into(), available: false, until: None };
    house.barista().set_availability(off).await.unwrap();
    house.service.app.come_due(order.id.parse().unwrap(), order.version).await.unwrap();
    let order = anna.get(&order.id).await.unwrap();
    assert_eq!(order.state(), pb::OrderState::Declined);
    assert_eq!(order.reason, "Sorry, Croissant is sold out today.");
}

#[tokio::test]
async fn keys_are_forgotten_after_thirty_days_and_the_order_stays() {
    let house = House::open().await;
    let anna = house.member();
    let request = asking(vec![a("latte")]);
    let first = anna.ask_place(request.clone()).await.unwrap().order.unwrap();
    let now = Utc::now();
    assert_eq!(house.service.app.forget_keys(now).await.unwrap(), 0);
    assert!(anna.ask_place(request.clone()).await.unwrap().repeated_request);
    let later = now + TimeDelta::days(30) + TimeDelta::minutes(1);
    assert_eq!(house.service.app.forget_keys(later).await.unwrap(), 1);
    let second = anna.ask_place(request).await.unwrap();
    assert!(!second.repeated_request && second.order.unwrap().id != first.id);
    assert!(anna.get(&first.id).await.is_ok());
}
