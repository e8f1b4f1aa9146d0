//! Favourites and the usual over REST and by forms.

use runtime::{AppError, Code};
use serde_json::json;
use types::{FavouriteId, OrderId, Role, Scope};
use wire::{customer::v1 as customer, order::v1 as pb};

use crate::{
    samples,
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];

fn bar(world: &World) {
    let desk = &world.orders.desk;
    desk.on("get_menu", |_: pb::GetMenuRequest, _| Ok(samples::menu()));
    desk.on("get_bar", |_: pb::GetBarRequest, _| Ok(samples::open_bar()));
    world.customers.desk.on("list_favourites", |_: customer::ListFavouritesRequest, _| {
        Ok(customer::ListFavouritesResponse { favourites: vec![samples::usual()] })
    });
}

/// Places favourites for 5 beans, and refuses any other price.
fn placing(world: &World, order: &str) {
    let placed = samples::order(order, "");
    world.orders.desk.on("order_favourite", move |asked: pb::OrderFavouriteRequest, _| {
        if asked.price_beans == Some(5) {
            let order = Some(placed.clone());
            return Ok(pb::PlaceOrderResponse { order, repeated_request: false });
        }
        let says = "It costs 5 now, and not 4.";
        Err(AppError::new(Code::PriceChanged, says).detail("now_beans", 5).into())
    });
}

async fn menu(world: &World, me: &Someone) -> crate::http_client::Answer {
    world.get("/").browsing(me).send().await
}

#[tokio::test]
async fn the_usual_is_one_tap_on_the_menu_at_the_price_that_the_card_shows() {
    let world = World::new().await;
    bar(&world);
    let order = OrderId::new().to_string();
    placing(&world, &order);
    let me = world.someone(MEMBER);
    let page = menu(&world, &me).await;
    assert!(page.text().contains("It costs 5 now, and not 4."), "said before ordering");
    let fields = page.hidden_fields("/favourites/order");
    let key = fields.iter().find(|(name, _)| name == "key").unwrap().1.clone();
    // The button and the id stand in the part that stays up to date.
    let (id, text) = (samples::usual().id, page.text());
    assert!(text.contains(&format!("form=\"usual-form\" name=\"id\" value=\"{id}\"")), "{text}");
    assert!(text.contains("form=\"usual-form\" name=\"price\" value=\"5\""), "{text}");
    let tap = async |price: &str| {
        let fields = [("key", key.as_str()), ("id", &id), ("price", price)];
        world.post("/favourites/order").send_form(&me, &fields).send().await
    };
    let refused = tap("4").await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("It costs 5 now, and not 4."), "{}", refused.text());
    assert!(refused.text().contains("name=\"price\" value=\"5\""), "it can be agreed to");
    assert_eq!(tap("5").await.header("location"), format!("/orders/{order}"));
    let asked = world.orders.desk.asked("order_favourite");
    assert!(asked.iter().all(|asked| asked.message.contains(&key)), "the form's key");

    // Whose sign-in is not for favourites has no such card, and asks nobody.
    let before = world.customers.desk.asked("list_favourites").len();
    let tablet = world.someone_within(MEMBER, Scope::Counter);
    assert!(!menu(&world, &tablet).await.text().contains("Your usual"));
    assert_eq!(world.customers.desk.asked("list_favourites").len(), before);
    // Without customer-service the menu is there all the same.
    world.customers.desk.on("list_favourites", |_: customer::ListFavouritesRequest, _| {
        Err::<customer::ListFavouritesResponse, _>(tonic::Status::unavailable("away"))
    });
    assert_eq!(menu(&world, &me).await.status, 200);
}

#[tokio::test]
async fn a_drink_is_kept_from_its_page_and_a_name_that_is_taken_is_said_there() {
    let world = World::new().await;
    bar(&world);
    world.customers.desk.on("keep_favourite", |asked: customer::KeepFavouriteRequest, _| {
        if asked.name == "Taken" {
            let says = "You keep another drink as “Taken”.";
            return Err(AppError::new(Code::AlreadyExists, says)
                .field("name", "taken", says)
                .into());
        }
        Ok(customer::Favourite::default())
    });
    let me = world.someone(MEMBER);
    let page = world.get("/menu/flat-white").browsing(&me).send().await;
    assert!(page.text().contains("formaction=\"/favourites\""), "{}", page.text());
    let keep = async |name: &str| {
        let fields = [
            ("drink", "flat-white"),
            ("milk", "oat"),
            ("extras", "vanilla"),
            ("extras", "shot"),
            ("note", "hot"),
            ("usual", "yes"),
            ("name", name),
        ];
        world.post("/favourites").send_form(&me, &fields).send().await
    };
    assert_eq!(keep("Morning").await.header("location"), "/favourites");
    let asked = world.customers.desk.asked("keep_favourite")[0].message.clone();
    assert!(asked.contains("extras: [\"vanilla\", \"shot\"]") && asked.contains("usual: true"));
    let taken = keep("Taken").await;
    assert_eq!(taken.status, 409);
    assert!(taken.text().contains("You keep another drink as “Taken”."), "{}", taken.text());
    assert!(taken.text().contains("value=\"Taken\""));
}

#[tokio::test]
async fn an_order_again_is_looked_at_first() {
    let world = World::new().await;
    bar(&world);
    let me = world.someone(MEMBER);
    let id = OrderId::new().to_string();
    let mut mine = samples::order(&id, &me.member.to_string());
    mine.state = pb::OrderState::Completed.into();
    world.orders.desk.on("get_order", move |_: pb::GetOrderRequest, _| Ok(mine.clone()));
    let checked = |item: Option<pb::Item>, code: &str, says: &str| {
        let one = pb::CheckedItem { item, code: code.to_owned(), says: says.to_owned() };
        world.orders.desk.on("check_items", move |_: pb::CheckItemsRequest, _| {
            Ok(pb::CheckItemsResponse { items: vec![one.clone()] })
        });
    };
    let path = format!("/orders/{id}/again");
    let card = world.get(&format!("/orders/{id}")).browsing(&me).send().await;
    assert!(card.text().contains(&format!("href=\"{path}\"")), "{}", card.text());

    checked(Some(pb::Item { price_beans: 5, ..samples::item() }), "", "");
    let page = world.get(&path).browsing(&me).send().await;
    assert!(page.text().contains("It costs 5 now, and not 4."), "{}", page.text());
    let fields = page.hidden_fields(&path);
    let fields: Vec<_> = fields
        .iter()
        .filter(|(name, _)| name != "csrf")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert!(fields.contains(&("price", "5")));
    let next = OrderId::new().to_string();
    let placed = samples::order(&next, "");
    world.orders.desk.on("order_again", move |_: pb::OrderAgainRequest, _| {
        let order = Some(placed.clone());
        Ok(pb::PlaceOrderResponse { order, repeated_request: false })
    });
    let done = world.post(&path).send_form(&me, &fields).send().await;
    assert_eq!(done.header("location"), format!("/orders/{next}"));

    checked(None, "sold-out", "Oat milk is sold out today.");
    let page = world.get(&path).browsing(&me).send().await;
    assert!(page.text().contains("Oat milk is sold out today."));
    assert!(!page.text().contains(&format!("action=\"{path}\"")), "nothing to press");
    // Somebody else's is not told from one that there is not.
    let other = world.someone(MEMBER);
    assert_eq!(world.get(&path).browsing(&other).send().await.status, 404);
}

#[tokio::test]
async fn one_url_and_nothing_else_orders_the_usual() {
    let world = World::new().await;
    let order = OrderId::new().to_string();
    let placed = samples::order(&order, "");
    world.orders.desk.on("order_favourite", move |_: pb::OrderFavouriteRequest, _| {
        let order = Some(placed.clone());
        Ok(pb::PlaceOrderResponse { order, repeated_request: false })
    });
    let shortcut = world.someone_within(MEMBER, Scope::Usual);
    // As `curl -X POST -H "Authorization: Bearer …" URL` sends it.
    let done = world.post("/v1/me/usual/order").by(&shortcut).send().await;
    assert_eq!((done.status.as_u16(), done.value()["id"].as_str()), (201, Some(&*order)));
    let asked = world.orders.desk.asked("order_favourite")[0].message.clone();
    assert!(asked.contains("idempotency_key: \"\"") && asked.contains("price_beans: None"));
    let call = world.post("/v1/me/usual/order").by(&shortcut).header("idempotency-key", "short");
    call.refused(400, "invalid-request").await;
    let agreed = world.post("/v1/me/usual/order").by(&shortcut).json(&json!({"price_beans": 5}));
    assert_eq!(agreed.header("idempotency-key", "a-key-of-mine").send().await.status, 201);
    // It is for that alone.
    let favourite = format!("/v1/me/favourites/{}/order", FavouriteId::new());
    for (method, path) in [("POST", favourite.as_str()), ("GET", "/v1/me"), ("GET", "/v1/orders")] {
        world.call(method, path).by(&shortcut).refused(403, "forbidden").await;
    }
    let key = world.post(&favourite).by(&world.someone(MEMBER));
    key.refused(400, "idempotency-key-missing").await;
}

#[tokio::test]
async fn favourites_are_kept_listed_and_removed_over_rest() {
    let world = World::new().await;
    bar(&world);
    let me = world.someone(MEMBER);
    let listed = world.get("/v1/me/favourites").by(&me).send().await.value();
    let first = &listed["favourites"][0];
    assert_eq!((&first["usual"], &first["price_beans"]), (&json!(true), &json!(4)));
    assert_eq!(
        first["now"],
        json!({"state": "price-changed", "says": "It costs 5 now, and not 4.", "price_beans": 5})
    );
    world
        .customers
        .desk
        .on("keep_favourite", |_: customer::KeepFavouriteRequest, _| Ok(samples::usual()));
    let keep = json!({"menu_item": "flat-white", "milk": "oat", "usual": true});
    let kept = world.post("/v1/me/favourites").by(&me).json(&keep).send().await;
    assert_eq!((kept.status.as_u16(), &kept.value()["name"]), (201, &json!("Morning")));
    let wrong = json!({"menu_item": "flat-white", "colour": "green"});
    world.post("/v1/me/favourites").by(&me).json(&wrong).refused(400, "invalid-request").await;
    let one = format!("/v1/me/favourites/{}", FavouriteId::new());
    assert_eq!(world.call("DELETE", &one).by(&me).send().await.status, 204);
    world.call("DELETE", "/v1/me/favourites/latte").by(&me).refused(400, "invalid-request").await;
    let usual = |id: serde_json::Value| {
        world.call("PUT", "/v1/me/usual").by(&me).json(&json!({"favourite": id}))
    };
    assert_eq!(usual(json!(FavouriteId::new())).send().await.status, 204);
    assert_eq!(usual(json!(null)).send().await.status, 204);
    let asked = world.customers.desk.asked("set_usual");
    assert!(asked[1].message.contains("favourite_id: \"\""), "{}", asked[1].message);
}
