//! Forms in bad times: what was sent is not lost, and never done twice.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::Method;
use runtime::{AppError, Code};
use types::{OrderId, Role};
use wire::order::v1 as pb;

use crate::{
    http_client::{Answer, raw},
    samples,
    world::{AWAY, Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const BARISTA: &[Role] = &[Role::Member, Role::Barista];
const RELOADS: &str = "http-equiv=\"refresh\"";

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn of<'a>(fields: &'a [(String, String)], wanted: &str) -> &'a str {
    fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).unwrap()
}

/// Without the token, which `send_form` adds.
fn without_token(fields: Vec<(String, String)>) -> Vec<(String, String)> {
    fields.into_iter().filter(|(name, _)| name != "csrf").collect()
}

/// order-service with one drink, which can go away: then it does what it is asked,
/// but nobody hears of it.
struct Bar {
    away: Arc<AtomicBool>,
    placed: Arc<Mutex<BTreeMap<String, String>>>,
}

fn bar(world: &World) -> Bar {
    let bar = Bar { away: Arc::default(), placed: Arc::default() };
    let answers = |away: &Arc<AtomicBool>| {
        let away = away.clone();
        move || {
            if away.load(Ordering::SeqCst) {
                Err(tonic::Status::unavailable("away"))
            } else {
                Ok(())
            }
        }
    };
    let desk = &world.orders.desk;
    let there = answers(&bar.away);
    desk.on("get_menu", move |_: pb::GetMenuRequest, _| there().map(|()| samples::menu()));
    let there = answers(&bar.away);
    desk.on("get_bar", move |_: pb::GetBarRequest, _| there().map(|()| samples::open_bar()));
    let (there, placed) = (answers(&bar.away), bar.placed.clone());
    desk.on("place_order", move |request: pb::PlaceOrderRequest, _| {
        let mut placed = placed.lock().unwrap();
        let id =
            placed.entry(request.idempotency_key).or_insert_with(|| OrderId::new().to_string());
        let order = Some(samples::order(id, ""));
        there().map(|()| pb::PlaceOrderResponse { order, repeated_request: false })
    });
    bar
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_sent_again_by_its_page_and_placed_once() {
    let world = World::new().await;
    let bar = bar(&world);
    let me = world.someone(MEMBER);
    let page = world.get("/menu/flat-white").browsing(&me).send().await;
    let mut fields = without_token(page.hidden_fields("/menu/flat-white"));
    let chosen = [("extras", "vanilla"), ("extras", "shot"), ("note", "the \"blue\" cup & <hot>")];
    fields.extend(chosen.map(|(name, value)| (name.to_owned(), value.to_owned())));

    bar.away.store(true, Ordering::SeqCst);
    let send = async |fields: &[(String, String)]| {
        world.post("/menu/flat-white").send_form(&me, &pairs(fields)).send().await
    };
    let lost = send(&fields).await;
    assert_eq!((lost.status.as_u16(), lost.header("retry-after")), (503, "1"), "{lost:?}");
    assert!(!lost.text().contains(RELOADS), "a GET of this address is no answer to a POST");
    let kept = without_token(lost.hidden_fields("/menu/flat-white"));
    assert_eq!(kept, fields);
    // Still away: the form is not lost by trying.
    let kept = without_token(send(&kept).await.hidden_fields("/menu/flat-white"));
    assert_eq!(kept, fields);

    bar.away.store(false, Ordering::SeqCst);
    let placed = send(&kept).await;
    let orders = bar.placed.lock().unwrap().clone();
    assert_eq!(orders.keys().collect::<Vec<_>>(), [of(&fields, "key")], "one key, one order");
    let id = orders.values().next().unwrap();
    assert_eq!(placed.header("location"), format!("/orders/{id}"));
    assert_eq!(world.orders.desk.asked("place_order").len(), 3);
}

#[tokio::test]
async fn a_form_whose_time_is_over_comes_back_too() {
    let world = World::with(|config| config.request_deadline = Duration::from_secs(1)).await;
    bar(&world);
    world.orders.desk.delay("place_order", Duration::from_secs(60));
    let me = world.someone(MEMBER);
    let key = [("key", "the-key-of-this-order")];
    let late = world.post("/menu/flat-white").send_form(&me, &key).send().await;
    assert_eq!(late.status, 504, "{late:?}");
    assert_eq!(of(&late.hidden_fields("/menu/flat-white"), "key"), "the-key-of-this-order");
}

#[tokio::test]
async fn no_answer_to_a_form_loads_itself_again_and_each_outage_keeps_the_form() {
    let world = World::with(|config| config.order_service_url = AWAY.to_owned()).await;
    let me = world.someone(BARISTA);
    let pages = server::pages::pages();
    let mut kept = 0;
    for endpoint in pages.table().iter().filter(|endpoint| endpoint.method == Method::POST) {
        let path = endpoint.path.replace("{id}", &OrderId::new().to_string());
        let path = path.replace("{act}", "cancel").replace("{slug}", "oat");
        let fields = [("key", "a-key-of-mine"), ("line", "1"), ("ticked", "true")];
        let more = [("available", "true"), ("open", "1")];
        let call = world.post(&path).send_form(&me, &[&fields[..], &more[..]].concat());
        let answer = call.send().await;
        assert!(!answer.text().contains(RELOADS), "{path}");
        if answer.status.is_server_error() {
            assert_eq!(of(&answer.hidden_fields(&path), "key"), "a-key-of-mine", "{path}");
            kept += 1;
        }
    }
    assert!(kept >= 6, "{kept} forms were sent to somebody who is away");
}

/// The cart's cookie, as an answer sets it.
fn cart(answer: &Answer) -> String {
    format!("everything_cart={}", answer.cookie("everything_cart").unwrap())
}

async fn add(world: &World, by: &Someone, cart_before: &str) -> String {
    let call = world.post("/cart").send_form(by, &[("drink", "flat-white")]);
    let answer = call.header("cookie", cart_before).send().await;
    assert_eq!(answer.header("location"), "/cart", "{answer:?}");
    cart(&answer)
}

#[tokio::test]
async fn what_is_ordered_is_the_cart_that_the_page_showed() {
    let world = World::new().await;
    bar(&world);
    let me = world.someone(MEMBER);
    let show =
        async |cart: &str| world.get("/cart").browsing(&me).header("cookie", cart).send().await;
    let order = async |page: &Answer, cart: &str| {
        let fields = without_token(page.hidden_fields("/orders"));
        world.post("/orders").send_form(&me, &pairs(&fields)).header("cookie", cart).send().await
    };
    let one = add(&world, &me, "").await;
    let page = show(&one).await;
    // Another tab puts a second drink into the cart of this browser.
    let two = add(&world, &me, &one).await;
    let refused = order(&page, &two).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.text().contains("Order 2 drinks"), "{}", refused.text());
    assert!(world.orders.desk.asked("place_order").is_empty());

    let placed = order(&refused, &two).await;
    assert!(placed.header("location").starts_with("/orders/ord_"), "{placed:?}");
    assert_eq!(placed.cookie("everything_cart"), Some(""));
    let asked = world.orders.desk.asked("place_order");
    assert_eq!(asked[0].message.matches("menu_item: \"flat-white\"").count(), 2);
    // The first page knows nothing of that, and the cart is another one by now.
    let three = add(&world, &me, "").await;
    assert_eq!(order(&page, &three).await.status, 409);
    assert_eq!(world.orders.desk.asked("place_order").len(), 1);
}

#[tokio::test]
async fn while_the_bar_is_shut_a_form_still_says_what_else_is_wrong() {
    let world = World::new().await;
    bar(&world);
    world.orders.desk.on("get_bar", |_: pb::GetBarRequest, _| {
        Ok(pb::Bar { state: pb::BarState::Closed.into(), ..pb::Bar::default() })
    });
    let me = world.someone(MEMBER);
    let mut cart = String::new();
    for _ in 0..12 {
        cart = add(&world, &me, &cart).await;
    }
    let thirteenth = world.post("/cart").send_form(&me, &[("drink", "flat-white")]);
    let full = thirteenth.header("cookie", cart).send().await;
    assert_eq!(full.status, 422);
    assert!(full.text().contains("The cart holds 12 drinks at most."), "{}", full.text());
    assert!(full.text().contains("The bar is closed. It takes no new orders for now."));

    world.orders.desk.on("place_order", |_: pb::PlaceOrderRequest, _| {
        let says = "The bar is shut, as order-service says it.";
        Err::<pb::PlaceOrderResponse, _>(AppError::new(Code::BarClosed, says).into())
    });
    let call = world.post("/menu/flat-white").send_form(&me, &[("key", "the-key-of-this-order")]);
    let refused = call.send().await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.text().matches("role=\"alert\"").count(), 2, "that and the empty toast");
    assert!(!refused.text().contains("as order-service says it"), "it is said once");
}

#[tokio::test]
async fn who_sends_a_body_too_slowly_hears_so() {
    let world = World::with(|config| config.request_deadline = Duration::from_secs(1)).await;
    let me = world.someone(MEMBER);
    let head = |path: &str, kind: &str, more: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n\
             Content-Length: 100\r\n{more}\r\nitems="
        )
    };
    let bearer =
        format!("Authorization: Bearer {}\r\nIdempotency-Key: a-key-of-mine\r\n", me.token);
    let api = head("/v1/orders", "application/json", &bearer);
    let answer = raw(world.address, api.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request-timeout"), "{answer}");
    let page = head("/sign-in/x", "application/x-www-form-urlencoded", "Accept: text/html\r\n");
    let answer = raw(world.address, page.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("<h1>"), "{answer}");
}
