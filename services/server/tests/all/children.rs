//! The pages and endpoints about children, limits, diets and approval.

use runtime::{AppError, Code};
use serde_json::json;
use types::{MemberId, OrderId, Role};
use wire::{customer::v1 as customer, order::v1 as pb};

use crate::{samples, world::World};

const MEMBER: &[Role] = &[Role::Member];
const BARISTA: &[Role] = &[Role::Member, Role::Barista];

const WHY: &str = "2 drinks a day are allowed, and there were 2 today";

fn limited() -> AppError {
    AppError::new(Code::LimitReached, "2 drinks a day are allowed. Possible is: cookie.")
        .field("items[0]", "too-many-drinks", WHY)
        .detail("offers", "cookie")
        .detail("may_ask", true)
        .detail("may_decide", false)
}

fn held(id: &str, child: &str, guardian: &str) -> pb::Order {
    pb::Order {
        id: id.to_owned(),
        number: 7,
        placed_by: child.to_owned(),
        state: pb::OrderState::Held.into(),
        version: 1,
        approval: Some(pb::Approval {
            child_ids: vec![child.to_owned()],
            guardian_ids: vec![guardian.to_owned()],
            why: WHY.to_owned(),
            then_at: None,
        }),
        allowed: vec![pb::OrderCommand::Approve.into(), pb::OrderCommand::Refuse.into()],
        ..pb::Order::default()
    }
}

#[tokio::test]
async fn a_limit_is_explained_and_one_tap_asks() {
    let world = World::new().await;
    let dan = world.someone(MEMBER);
    let orders = &world.orders.desk;
    orders.on("get_menu", |_: pb::GetMenuRequest, _| Ok(samples::menu()));
    orders.on("place_order", |request: pb::PlaceOrderRequest, _| {
        if !request.ask_guardian {
            return Err(limited().into());
        }
        let order = samples::order(&OrderId::new().to_string(), &MemberId::new().to_string());
        Ok(pb::PlaceOrderResponse { order: Some(order), repeated_request: false })
    });
    let slug = samples::menu().items[0].slug.clone();
    let path = format!("/menu/{slug}");
    let form = [("key", "a-key-of-mine-1"), ("drink", slug.as_str())];
    let refused = world.post(&path).send_form(&dan, &form).send().await;
    assert_eq!(refused.status, 409);
    let text = refused.text();
    assert!(text.contains("Possible is: cookie."), "{text}");
    assert!(text.contains("Ask for it"), "{text}");
    let asked = [form.as_slice(), &[("ask", "yes")]].concat();
    let asked = world.post(&path).send_form(&dan, &asked).send().await;
    assert_eq!(asked.status, 303);
    // The same over REST.
    let body = json!({"items": [{"menu_item": slug}]});
    let refused = world.post("/v1/orders").by(&dan).header("idempotency-key", "a-key-of-mine-2");
    let refused = refused.json(&body).refused(409, "limit-reached").await;
    assert_eq!(refused["errors"][0]["path"], "/items/0");
    assert_eq!(refused["details"]["may_ask"], "true");
    let body = json!({"items": [{"menu_item": slug}], "ask_guardian": true});
    let asked = world.post("/v1/orders").by(&dan).header("idempotency-key", "a-key-of-mine-3");
    assert_eq!(asked.json(&body).send().await.status, 201);
}

#[tokio::test]
async fn what_was_kept_or_had_before_is_asked_for_where_it_is_ordered() {
    let world = World::new().await;
    let dan = world.someone(MEMBER);
    let orders = &world.orders.desk;
    orders.on("get_menu", |_: pb::GetMenuRequest, _| Ok(samples::menu()));
    orders.on("get_bar", |_: pb::GetBarRequest, _| Ok(samples::open_bar()));
    orders.on("order_favourite", |request: pb::OrderFavouriteRequest, _| {
        if !request.ask_guardian {
            return Err(limited().into());
        }
        let order = samples::order(&OrderId::new().to_string(), &MemberId::new().to_string());
        Ok(pb::PlaceOrderResponse { order: Some(order), repeated_request: false })
    });
    world.customers.desk.on("list_favourites", |_: customer::ListFavouritesRequest, _| {
        Ok(customer::ListFavouritesResponse { favourites: vec![samples::usual()] })
    });
    let form = [("key", "a-key-of-mine-1"), ("id", &samples::usual().id), ("price", "5")];
    let refused = world.post("/favourites/order").send_form(&dan, &form).send().await;
    assert_eq!(refused.status, 409);
    let text = refused.text();
    assert!(text.contains("Possible is: cookie.") && text.contains("Ask for it"), "{text}");
    let asked = [form.as_slice(), &[("ask", "yes")]].concat();
    let asked = world.post("/favourites/order").send_form(&dan, &asked).send().await;
    assert_eq!(asked.status, 303);
    // The same over REST, for the usual.
    let usual = || world.post("/v1/me/usual/order").by(&dan);
    usual().json(&json!({})).refused(409, "limit-reached").await;
    assert_eq!(usual().json(&json!({"ask_guardian": true})).send().await.status, 201);
}

#[tokio::test]
async fn a_guardian_sees_what_is_asked_and_answers_with_one_tap() {
    let world = World::new().await;
    let (mia, dan) = (world.someone(MEMBER), MemberId::new().to_string());
    let id = OrderId::new().to_string();
    let order = held(&id, &dan, &mia.member.to_string());
    world.orders.desk.on("list_approvals", move |_: pb::ListApprovalsRequest, _| {
        Ok(pb::ListApprovalsResponse { orders: vec![order.clone()], position: "e-1".to_owned() })
    });
    let page = world.get("/approvals").browsing(&mia).send().await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains(&format!("/orders/{id}/approve")) && text.contains(WHY), "{text}");
    let yes = world.post(&format!("/orders/{id}/approve")).send_form(&mia, &[("version", "1")]);
    assert_eq!(yes.send().await.status, 303);
    let asked = &world.orders.desk.asked("approve_order")[0].message;
    assert!(asked.contains(&id) && asked.contains("version: 1"), "{asked}");
    let no = [("version", "1"), ("reason", "dinner is soon")];
    world.post(&format!("/orders/{id}/refuse")).send_form(&mia, &no).send().await;
    assert!(world.orders.desk.asked("refuse_order")[0].message.contains("dinner is soon"));
    let listed = world.get("/v1/approvals").by(&mia).send().await.value();
    assert_eq!(listed["orders"][0]["approval"]["why"], WHY);
    assert_eq!(listed["orders"][0]["allowed"], json!(["approve", "refuse"]));
}

#[tokio::test]
async fn limits_are_set_in_a_form_and_over_rest_and_nonsense_stays_in_the_form() {
    let world = World::new().await;
    let mia = world.someone(MEMBER);
    world.orders.desk.on("get_menu", |_: pb::GetMenuRequest, _| Ok(samples::menu()));
    let dan = MemberId::new().to_string();
    let path = format!("/children/{dan}/limits");
    let typed = [("drinks", "2"), ("caffeine", ""), ("decaf", "15:00"), ("only", "no")];
    let set = world.post(&path).send_form(&mia, &typed).send().await;
    assert_eq!(set.header("location"), format!("/children/{dan}"));
    let asked = &world.customers.desk.asked("set_limits")[0].message;
    assert!(asked.contains("drinks: Some(2)") && asked.contains("decaf_after: Some(900)"));
    assert!(asked.contains("caffeine_mg: None") && asked.contains("only: None"), "{asked}");

    let wrong = world.post(&path).send_form(&mia, &[("drinks", "two <b>")]).send().await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("A whole number, or nothing."));
    assert!(wrong.text().contains("two &#60;b&#62;"), "{}", wrong.text());
    assert_eq!(world.customers.desk.asked("set_limits").len(), 1);

    let path = format!("/v1/members/{dan}/limits");
    let body = json!({"limits": {"drinks": 1, "decaf_after": "15:30", "only": ["cocoa"]}});
    let call = world.call("PUT", &path).by(&mia).json(&body);
    assert_eq!(call.send().await.status, 200);
    assert!(world.customers.desk.asked("set_limits")[1].message.contains("Some(930)"));
    let wrong = world.call("PUT", &path).by(&mia).json(&json!({"limits": {"decaf_after": "tea"}}));
    let wrong = wrong.refused(400, "invalid-request").await;
    assert_eq!(wrong["errors"][0]["path"], "/limits/decaf_after");
    let wrong = world.call("PUT", &path).by(&mia).json(&json!({"limits": {"dirnks": 1}}));
    wrong.refused(400, "invalid-request").await;
}

#[tokio::test]
async fn who_must_not_have_something_is_not_offered_it() {
    let world = World::new().await;
    let mia = world.someone(MEMBER);
    let me = mia.member.to_string();
    world.orders.desk.on("get_menu", move |request: pb::GetMenuRequest, _| {
        let mut menu = samples::menu();
        if request.member_id == me {
            menu.items.clear();
        }
        Ok(menu)
    });
    let withheld = samples::menu().items[0].clone();
    let page = world.get("/").browsing(&mia).send().await.text();
    assert!(!page.contains(&format!("/menu/{}\"", withheld.slug)), "{page}");
    let drink = format!("/menu/{}", withheld.slug);
    let page = world.get(&drink).browsing(&mia).send().await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("This is not for them"));
    let other = MemberId::new();
    let page = world.get(&format!("{drink}?for={other}")).browsing(&mia).send().await;
    assert!(!page.text().contains("This is not for them"));

    world.customers.desk.on("get_diner", |_: customer::GetDinerRequest, _| {
        let diet = customer::Diet { avoids: vec!["nuts".to_owned()], vegan: false };
        Ok(customer::Diner { diet: Some(diet), ..customer::Diner::default() })
    });
    let page = world.get("/diet").browsing(&mia).send().await.text();
    assert!(page.contains("value=\"nuts\" checked"), "{page}");
    let form = [("avoids", "milk"), ("avoids", "nuts"), ("vegan", "yes")];
    let set = world.post("/diet").send_form(&mia, &form).send().await;
    assert_eq!(set.header("location"), "/me");
    let asked = &world.customers.desk.asked("set_diet")[0].message;
    assert!(asked.contains("\"milk\", \"nuts\"") && asked.contains("vegan: true"), "{asked}");
}

#[tokio::test]
async fn a_ticket_warns_and_its_warning_is_acknowledged() {
    let world = World::new().await;
    let bert = world.someone(BARISTA);
    let id = OrderId::new().to_string();
    let item = pb::Item {
        line: 1,
        name: "Flat white".to_owned(),
        guest: "Leo".to_owned(),
        warnings: vec!["no nuts".to_owned()],
        ..pb::Item::default()
    };
    let order = pb::Order {
        id: id.clone(),
        state: pb::OrderState::Queued.into(),
        items: vec![item],
        allowed: vec![pb::OrderCommand::Acknowledge.into()],
        ..pb::Order::default()
    };
    world.orders.desk.on("get_queue", move |_: pb::GetQueueRequest, _| {
        Ok(pb::Queue { orders: vec![order.clone()], ..pb::Queue::default() })
    });
    let board = world.get("/counter/board").browsing(&bert).send().await.text();
    assert!(board.contains("Leo: no nuts") && board.contains("I have read it"), "{board}");
    let read = world.post(&format!("/counter/orders/{id}/acknowledge"));
    assert_eq!(read.send_form(&bert, &[("version", "2")]).send().await.status, 303);
    assert_eq!(world.orders.desk.asked("acknowledge_order").len(), 1);
}
