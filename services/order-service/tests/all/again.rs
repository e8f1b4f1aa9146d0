//! Ordering again: favourites as customer-service keeps them, the usual, and
//! earlier orders.

use runtime::AppError;
use types::{FavouriteId, Role, Scope};
use wire::{
    customer::v1 as customer,
    order::v1::{self as pb, item_request::Recipient},
};

use crate::house::{House, Person, a, asking, code};

fn favourite(price: i64) -> customer::Favourite {
    customer::Favourite {
        id: FavouriteId::new().to_string(),
        menu_item_id: "flat-white".to_owned(),
        size: "large".to_owned(),
        milk: "oat".to_owned(),
        extras: vec!["extra-shot".to_owned()],
        note: "very hot".to_owned(),
        price_beans: price,
        usual: true,
        ..customer::Favourite::default()
    }
}

/// A large flat white with oat milk and a shot.
const PRICE: i64 = 5;

async fn keeps(house: &House, who: &Person, kept: customer::Favourite) -> String {
    let id = kept.id.clone();
    house.customer.books().favourites.insert(who.id.to_string(), vec![kept]);
    id
}

fn wanting(key: &str, favourite: &str) -> pb::OrderFavouriteRequest {
    pb::OrderFavouriteRequest {
        idempotency_key: key.to_owned(),
        favourite_id: favourite.to_owned(),
        price_beans: None,
        wait_ms: 9_000,
        ask_guardian: false,
    }
}

fn detail<'a, T>(answer: &'a Result<T, AppError>, name: &str) -> &'a str {
    answer.as_ref().err().unwrap().details.get(name).map_or("", String::as_str)
}

#[tokio::test]
async fn a_favourite_is_placed_charged_and_queued_in_one_call() {
    let house = House::open().await;
    let anna = house.member();
    let id = keeps(&house, &anna, favourite(PRICE)).await;
    for (key, wanted) in [("by-its-id", id.as_str()), ("the-usual", "")] {
        let placed = anna.order_favourite(wanting(key, wanted)).await.unwrap();
        let order = placed.order.unwrap();
        assert_eq!(order.state(), pb::OrderState::Queued);
        let [item] = &order.items[..] else { panic!("{order:?}") };
        assert_eq!(item.summary, "large, oat milk, extra shot");
        assert_eq!((item.note.as_str(), item.member_id.clone()), ("very hot", anna.id.to_string()));
        assert_eq!(house.customer.charged(&order.id), Some(PRICE));
    }
    let calls = house.customer.calls_of("GetFavourite");
    assert!(calls.iter().all(|call| call.deadline.is_some()), "{calls:?}");
    // Nobody else has it, and who has none has no usual.
    let bert = house.member();
    assert_eq!(code(bert.order_favourite(wanting("not-mine", &id)).await), "not-found");
    assert_eq!(code(bert.order_favourite(wanting("no-usual", "")).await), "no-usual");
    assert_eq!(code(bert.order_favourite(wanting("nonsense", "latte")).await), "not-found");
}

#[tokio::test]
async fn a_token_for_the_usual_orders_the_usual_and_no_other_favourite() {
    let house = House::open().await;
    let anna = house.person_within([Role::Member, Role::Admin].into(), Scope::Usual);
    let id = keeps(&house, &anna, favourite(PRICE)).await;
    let other = anna.order_favourite(wanting("its-own-id", &id)).await;
    assert_eq!(code(other), "forbidden", "also not by the id of what is the usual");
    assert_eq!(house.customer.calls_of("GetFavourite").len(), 0);
    let placed = anna.order_favourite(wanting("the-usual", "")).await.unwrap().order.unwrap();
    assert_eq!(code(anna.orders(vec![a("espresso")]).await), "forbidden");
    assert_eq!(code(anna.ask_get(pb::GetOrderRequest { id: placed.id }).await), "forbidden");
}

#[tokio::test]
async fn another_price_is_said_before_and_ordered_when_it_is_agreed_to() {
    let house = House::open().await;
    let anna = house.member();
    keeps(&house, &anna, favourite(PRICE - 1)).await;
    let refused = anna.order_favourite(wanting("dearer", "")).await;
    let facts = (detail(&refused, "was_beans"), detail(&refused, "now_beans"));
    assert_eq!(facts, ("4", "5"));
    assert_eq!(code(refused), "price-changed");
    // Another price than the one it is now is no consent either.
    let guess = pb::OrderFavouriteRequest { price_beans: Some(3), ..wanting("dearer", "") };
    assert_eq!(code(anna.order_favourite(guess).await), "price-changed");
    let agreed = pb::OrderFavouriteRequest { price_beans: Some(PRICE), ..wanting("dearer", "") };
    let placed = anna.order_favourite(agreed).await.unwrap();
    assert_eq!(placed.order.unwrap().price_beans, PRICE);
}

#[tokio::test]
async fn what_is_sold_out_or_gone_is_refused_by_name() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    keeps(&house, &anna, favourite(PRICE)).await;
    let off =
        |available| pb::SetAvailabilityRequest { slug: "oat".to_owned(), available, until: None };
    barista.set_availability(off(false)).await.unwrap();
    let agreed = pb::OrderFavouriteRequest { price_beans: Some(PRICE), ..wanting("key-off", "") };
    assert_eq!(code(anna.order_favourite(agreed.clone()).await), "sold-out");
    barista.set_availability(off(true)).await.unwrap();
    anna.order_favourite(agreed).await.unwrap();

    type Spoil = fn(&mut customer::Favourite);
    let cases: [(&str, Spoil); 3] = [
        ("not-on-the-menu", |kept| "unicorn-milk".clone_into(&mut kept.menu_item_id)),
        ("choices-changed", |kept| "bucket".clone_into(&mut kept.size)),
        // It took no milk when it was kept.
        ("choices-changed", |kept| kept.milk.clear()),
    ];
    for (expected, change) in cases {
        let mut kept = favourite(PRICE);
        change(&mut kept);
        keeps(&house, &anna, kept).await;
        assert_eq!(code(anna.order_favourite(wanting("another-key", "")).await), expected);
    }
}

#[tokio::test]
async fn the_same_key_is_the_same_order_though_the_favourite_is_gone_or_nobody_is_there_to_ask() {
    let house = House::open().await;
    let anna = house.member();
    let id = keeps(&house, &anna, favourite(PRICE)).await;
    let first = anna.order_favourite(wanting("key-of-it", &id)).await.unwrap();
    house.customer.books().favourites.clear();
    let again = anna.order_favourite(wanting("key-of-it", &id)).await.unwrap();
    assert!(again.repeated_request);
    assert_eq!(again.order.as_ref().unwrap().id, first.order.unwrap().id);
    house.customer.books().away = true;
    let again = anna.order_favourite(wanting("key-of-it", &id)).await.unwrap();
    assert!(again.repeated_request);
    assert_eq!(code(anna.order_favourite(wanting("another-key", &id)).await), "unavailable");
    // Plain orders wait for nobody.
    let plain = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("latte")]) };
    anna.ask_place(plain).await.unwrap();
    // Of several favourites a key is needed.
    assert_eq!(code(anna.order_favourite(wanting("", &id)).await), "idempotency-key-missing");
}

#[tokio::test]
async fn without_a_key_a_second_tap_within_the_minute_is_the_same_usual() {
    let house = House::open().await;
    let anna = house.member();
    keeps(&house, &anna, favourite(PRICE)).await;
    let first = anna.order_favourite(wanting("", "")).await.unwrap();
    assert!(!first.repeated_request);
    let again = anna.order_favourite(wanting("", "")).await.unwrap();
    assert!(again.repeated_request);
    let id = first.order.unwrap().id;
    assert_eq!(again.order.unwrap().id, id);
    // A minute later it is another one: as if that had been placed then.
    sqlx::query("update orders set idempotency_key = 'long ago' where id = $1")
        .bind(id.parse::<types::OrderId>().unwrap().uuid())
        .execute(&house.pool)
        .await
        .unwrap();
    let later = anna.order_favourite(wanting("", "")).await.unwrap();
    assert_ne!(later.order.unwrap().id, id);
}

fn once_more(key: &str, order: &pb::Order) -> pb::OrderAgainRequest {
    pb::OrderAgainRequest {
        idempotency_key: key.to_owned(),
        order_id: order.id.clone(),
        price_beans: None,
        wait_ms: 9_000,
        ask_guardian: false,
    }
}

#[tokio::test]
async fn an_earlier_order_is_ordered_again_for_the_same_people_unless_something_changed() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let cookie = pb::ItemRequest {
        recipient: Some(Recipient::Guest("Oma".to_owned())),
        note: "warm".to_owned(),
        ..a("cookie")
    };
    let order = anna.orders(vec![a("flat-white"), cookie]).await.unwrap();
    let again = anna.order_again(once_more("again-please", &order)).await.unwrap().order.unwrap();
    assert_ne!(again.id, order.id);
    let told = |order: &pb::Order| -> Vec<_> {
        let items = order.items.iter();
        items.map(|it| (it.slug.clone(), it.guest.clone(), it.note.clone())).collect()
    };
    assert_eq!(told(&again), told(&order));
    assert_eq!(again.price_beans, order.price_beans);

    let other = pb::OrderAgainRequest { price_beans: Some(1), ..once_more("other-price", &order) };
    assert_eq!(code(anna.order_again(other).await), "price-changed");
    let off =
        pb::SetAvailabilityRequest { slug: "cookie".to_owned(), available: false, until: None };
    barista.set_availability(off).await.unwrap();
    assert_eq!(code(anna.order_again(once_more("sold-out-1", &order)).await), "sold-out");
    // Somebody else's order is not told from one that there is not, not even at the counter.
    assert_eq!(code(barista.order_again(once_more("not-mine-1", &order)).await), "not-found");
}

#[tokio::test]
async fn each_drink_is_told_what_it_is_now() {
    let house = House::open().await;
    let mut client = house.as_customer_service();
    let barista = house.barista();
    let off =
        pb::SetAvailabilityRequest { slug: "latte".to_owned(), available: false, until: None };
    barista.set_availability(off).await.unwrap();
    let items = vec![
        pb::ItemRequest { milk: "oat".to_owned(), ..a("flat-white") },
        a("latte"),
        a("unicorn"),
        pb::ItemRequest { milk: "sand".to_owned(), ..a("flat-white") },
        a("flat-white"),
    ];
    let checked = client.check_items(pb::CheckItemsRequest { items }).await.unwrap().into_inner();
    let codes: Vec<&str> = checked.items.iter().map(|it| it.code.as_str()).collect();
    let expected = ["", "sold-out", "not-on-the-menu", "choices-changed", "choices-changed"];
    assert_eq!(codes, expected);
    let priced: Vec<bool> = checked.items.iter().map(|it| it.item.is_some()).collect();
    assert_eq!(priced, [true, false, false, false, true]);
    assert!(checked.items.iter().all(|it| it.code.is_empty() == it.says.is_empty()));
}
