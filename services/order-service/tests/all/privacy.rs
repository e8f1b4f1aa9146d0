//! What orders remember of people: told to them, forgotten when they left.

use types::MemberId;
use wire::order::v1::{self as pb, OrderState, item_request::Recipient};

use crate::{
    house::{House, Person, a, because, code, in_seconds, on},
    settling::until_closed,
};

fn noted(slug: &str, note: &str, recipient: Option<Recipient>) -> pb::ItemRequest {
    pb::ItemRequest { note: note.to_owned(), recipient, ..a(slug) }
}

async fn picked_up(by: &Person, barista: &Person, items: Vec<pb::ItemRequest>) -> pb::Order {
    let order = by.orders(items).await.unwrap();
    barista.ready(on(&order)).await.unwrap();
    by.pick_up(on(&order)).await.unwrap().order.unwrap()
}

async fn forget(house: &House, member: MemberId) -> bool {
    let request = pb::ForgetMemberRequest { member_id: member.to_string() };
    house.as_customer_service().forget_member(request).await.unwrap().into_inner().forgotten
}

#[tokio::test]
async fn somebody_is_told_what_they_ordered_and_what_is_for_them_and_nothing_else() {
    let house = House::open().await;
    let (anna, bert) = (house.member(), house.barista());
    let for_bert = || Some(Recipient::MemberId(bert.id.to_string()));
    let both = vec![noted("flat-white", "mine", None), noted("cortado", "his", for_bert())];
    let first = picked_up(&anna, &bert, both).await;
    picked_up(&anna, &bert, vec![a("espresso")]).await;
    let annas = anna.is_told().await;
    assert_eq!(annas.len(), 2);
    assert_eq!((annas[0].id.as_str(), annas[0].items.len()), (first.id.as_str(), 2));
    let berts = bert.is_told().await;
    assert_eq!(berts.len(), 1);
    let notes: Vec<&str> = berts[0].items.iter().map(|item| item.note.as_str()).collect();
    assert_eq!(notes, ["his"]);
}

#[tokio::test]
async fn of_who_left_nothing_is_remembered_but_choices_and_numbers() {
    let house = House::open().await;
    let (anna, bert) = (house.member(), house.barista());
    let guest = Some(Recipient::Guest("Zoe".to_owned()));
    let items = vec![noted("flat-white", "in my cup", None), noted("cortado", "", guest)];
    let hers = picked_up(&anna, &bert, items).await;
    let declined = anna.orders(vec![a("espresso")]).await.unwrap();
    bert.decline(because(&declined, "Anna had enough")).await.unwrap();
    let for_anna = Some(Recipient::MemberId(anna.id.to_string()));
    let berts = picked_up(&bert, &bert, vec![noted("flat-white", "Anna’s", for_anna)]).await;
    // One lies in wait, one is being made.
    let held = pb::PlaceOrderRequest {
        idempotency_key: "tomorrow-morning".to_owned(),
        items: vec![a("espresso")],
        not_before: Some(in_seconds(3_600)),
        wait_ms: 0,
        ask_guardian: false,
    };
    let held = anna.ask_place(held).await.unwrap().order.unwrap();
    let making = anna.orders(vec![noted("cortado", "hurry", None)]).await.unwrap();
    bert.accept(on(&making)).await.unwrap();
    for order in [&hers, &declined, &berts] {
        until_closed(&house, &order.id).await;
    }

    assert!(!forget(&house, anna.id).await, "one is being made still");
    assert_eq!(bert.get(&held.id).await.unwrap().state(), OrderState::Cancelled);
    assert_eq!(bert.get(&making.id).await.unwrap().items[0].note, "hurry");
    bert.ready(on(&making)).await.unwrap();
    bert.pick_up(on(&making)).await.unwrap();
    for order in [&held, &making] {
        until_closed(&house, &order.id).await;
    }
    assert!(forget(&house, anna.id).await);
    assert!(forget(&house, anna.id).await, "again is harmless");

    let all: String = sqlx::query_scalar("select string_agg(detail::text, ' ') from orders")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    for said in ["my cup", "Zoe", "enough", "Anna’s", "hurry"] {
        assert!(!all.contains(said), "{said} in {all}");
    }
    let now = bert.get(&hers.id).await.unwrap();
    assert_eq!((now.version, now.price_beans), (hers.version, hers.price_beans));
    assert_eq!(now.placed_by, anna.id.to_string());
    let keys: i64 = sqlx::query_scalar(
        "select count(*) from orders where placed_by = $1 and idempotency_key is not null",
    )
    .bind(anna.id.uuid())
    .fetch_one(&house.pool)
    .await
    .unwrap();
    assert_eq!(keys, 0);
    // An order that was forgotten in goes on as any other.
    house.admin().forgive(on(&hers)).await.unwrap();
    until_closed(&house, &hers.id).await;
}

#[tokio::test]
async fn only_customer_service_has_somebody_forgotten() {
    let house = House::open().await;
    let anna = house.member();
    let request = pb::ForgetMemberRequest { member_id: anna.id.to_string() };
    let refused = house.as_gateway().forget_member(request).await;
    assert_eq!(code(refused.map_err(runtime::AppError::from_status)), "forbidden");
    let wrong = pb::ForgetMemberRequest { member_id: "Anna".to_owned() };
    let refused = house.as_customer_service().forget_member(wrong).await;
    assert_eq!(code(refused.map_err(runtime::AppError::from_status)), "invalid-request");
}
