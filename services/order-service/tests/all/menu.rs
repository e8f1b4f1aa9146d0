//! The menu: what there is, what is off, and finding it.

use wire::order::v1 as pb;

use crate::house::{House, a, asking, code, named};

fn off(slug: &str) -> pb::SetAvailabilityRequest {
    pb::SetAvailabilityRequest { slug: slug.to_owned(), available: false, until: None }
}

fn back(slug: &str) -> pb::SetAvailabilityRequest {
    pb::SetAvailabilityRequest { slug: slug.to_owned(), available: true, until: None }
}

#[tokio::test]
async fn a_new_house_has_a_menu_worth_having_and_keeps_it() {
    let house = House::open().await;
    let menu = house.member().menu().await.unwrap();
    assert!(menu.items.len() >= 16, "{}", menu.items.len());
    for item in &menu.items {
        assert!((1..=6).contains(&item.price_beans), "{}", item.slug);
        assert!(!item.sizes.is_empty() && !item.emoji.is_empty(), "{}", item.slug);
    }
    let latte = menu.items.iter().find(|item| item.slug == "latte").unwrap();
    let milks: Vec<_> = latte.milks.iter().map(|milk| milk.slug.as_str()).collect();
    assert_eq!(milks, ["whole", "skimmed", "oat", "soy", "almond"]);
    assert_eq!(latte.sizes[1].caffeine_percent, 200);
    let house = house.restart().await;
    let again = house.member().menu().await.unwrap();
    assert_eq!(again, menu, "the seed was loaded twice, or the etag is no digest");
}

#[tokio::test]
async fn what_is_off_is_refused_by_name_until_it_is_back() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let before = anna.menu().await.unwrap();
    let after = barista.set_availability(off("oat")).await.unwrap();
    assert_ne!(before.etag, after.etag);
    assert_eq!(after.sold_out.len(), 1);
    assert_eq!(
        (after.sold_out[0].slug.as_str(), after.sold_out[0].name.as_str()),
        ("oat", "oat milk")
    );
    assert!(after.sold_out[0].until.unwrap().seconds > chrono::Utc::now().timestamp());
    let oat = pb::ItemRequest { milk: "oat".to_owned(), ..a("latte") };
    let refused = anna.ask_place(asking(vec![a("mocha"), oat.clone()])).await;
    assert_eq!(named(refused), ("sold-out".into(), "items[1].milk".into()));
    barista.set_availability(off("croissant")).await.unwrap();
    let refused = anna.ask_place(asking(vec![a("croissant")])).await;
    assert_eq!(named(refused), ("sold-out".into(), "items[0].menu_item".into()));
    anna.orders_a_flat_white().await;

    let menu = barista.set_availability(back("oat")).await.unwrap();
    assert_eq!(menu.sold_out.len(), 1);
    barista.set_availability(back("croissant")).await.unwrap();
    anna.orders(vec![oat, a("croissant")]).await.unwrap();
    assert_eq!(anna.menu().await.unwrap().etag, before.etag);
}

#[tokio::test]
async fn a_replica_that_has_not_heard_still_refuses_what_is_off() {
    let house = House::open().await;
    let anna = house.member();
    anna.menu().await.unwrap();
    // As another replica would: this one's memory says that there is some.
    sqlx::query("update menu_items set off_until = now() + interval '1 hour' where slug = 'mocha'")
        .execute(&house.pool)
        .await
        .unwrap();
    sqlx::query("update bar set generation = generation + 1").execute(&house.pool).await.unwrap();
    let refused = anna.ask_place(asking(vec![a("mocha")])).await;
    assert_eq!(named(refused), ("sold-out".into(), "items[0].menu_item".into()));
    // And the other way round: what is back can be had at once.
    sqlx::query("update menu_items set off_until = null where slug = 'mocha'")
        .execute(&house.pool)
        .await
        .unwrap();
    sqlx::query("update bar set generation = generation + 1").execute(&house.pool).await.unwrap();
    anna.orders(vec![a("mocha")]).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_taken_off_is_named() {
    let house = House::open().await;
    let barista = house.barista();
    assert_eq!(
        named(barista.set_availability(off("unicorn")).await),
        ("not-found".into(), "slug".into())
    );
    let long = "x".repeat(65);
    assert_eq!(code(barista.set_availability(off(&long)).await), "invalid-request");
    let past = pb::SetAvailabilityRequest {
        until: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ..off("oat")
    };
    assert_eq!(
        named(barista.set_availability(past).await),
        ("invalid-request".into(), "until".into())
    );
    assert_eq!(code(house.member().set_availability(off("oat")).await), "forbidden");
}

#[tokio::test]
async fn the_search_forgives_typing_errors() {
    let house = House::open().await;
    let anna = house.member();
    for (typed, meant) in [
        ("cappuccino", "cappuccino"),
        ("capucino", "cappuccino"),
        ("kapuccino", "cappuccino"),
        ("flatt wite", "flat-white"),
        ("expresso", "espresso"),
        ("caffe latte", "latte"),
        ("choclate", "hot-chocolate"),
        ("croisant", "croissant"),
        ("amercano", "americano"),
        ("babychino", "babyccino"),
        ("mint", "peppermint-tea"),
        ("cold", "cold-brew"),
    ] {
        let found = anna.search(typed).await;
        assert_eq!(found.first().map(String::as_str), Some(meant), "{typed}: {found:?}");
    }
    assert!(anna.search("vanilla").await.contains(&"latte".to_owned()));
    for nothing in ["", "   ", "xyzzy", "';--", "\\", "%"] {
        assert!(anna.search(nothing).await.is_empty(), "{nothing}");
    }
    let long = pb::SearchMenuRequest { query: "x".repeat(101) };
    assert_eq!(named(anna.ask_search(long).await), ("invalid-request".into(), "query".into()));
    let odd = pb::SearchMenuRequest { query: "a\0b".to_owned() };
    assert_eq!(named(anna.ask_search(odd).await), ("invalid-request".into(), "query".into()));
}

#[tokio::test]
async fn customer_service_prices_a_favourite_as_the_menu_stands_now() {
    let house = House::open().await;
    let mut client = house.as_customer_service();
    let request = pb::PriceItemsRequest { items: vec![a("latte"), a("cookie")] };
    let prices = client.price_items(request).await.unwrap().into_inner();
    assert_eq!((prices.total_beans, prices.items[0].slug.as_str()), (4, "latte"));
    let request = pb::PriceItemsRequest { items: vec![a("latte"), a("unicorn")] };
    let refused = client.price_items(request).await.map_err(runtime::AppError::from_status);
    assert_eq!(named(refused), ("not-on-the-menu".into(), "items[1].menu_item".into()));
    let empty = pb::PriceItemsRequest { items: vec![] };
    assert_eq!(client.price_items(empty).await.unwrap().into_inner().total_beans, 0);
}
