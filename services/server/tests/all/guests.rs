//! Guest passes: a host shows a code, visitors come in by it, order and leave.

use std::collections::BTreeSet;

use chrono::Timelike;
use chrono_tz::Europe::Berlin;
use runtime::{AppError, Code};
use serde_json::json;
use types::{GuestPassId, MemberId, OrderId, Role, Scope};
use wire::{
    access::{ENDPOINTS, METHODS, PAGES},
    customer::v1 as pb,
    order::v1 as order,
};

use crate::{
    http_client::{Answer, HTML},
    samples::{self, now},
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];
/// The coming four in the morning, by the family's clock.
fn four() -> i64 {
    let now = chrono::Utc::now().with_timezone(&Berlin);
    let days = u64::from(now.hour() >= 4);
    let day = now.date_naive().checked_add_days(chrono::Days::new(days)).unwrap();
    let four = day.and_hms_opt(4, 0, 0).unwrap().and_local_timezone(Berlin).unwrap();
    four.timestamp()
}

fn at(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

fn member(id: MemberId, name: &str, kind: pb::MemberKind) -> pb::Member {
    pb::Member {
        id: id.to_string(),
        name: name.to_owned(),
        roles: vec![pb::Role::Member.into()],
        kind: kind.into(),
        ..pb::Member::default()
    }
}

fn guest(id: MemberId, name: &str, host: MemberId) -> pb::Member {
    pb::Member { host_id: host.to_string(), ..member(id, name, pb::MemberKind::Guest) }
}

fn pass(id: GuestPassId, guests: Vec<pb::Member>) -> pb::GuestPass {
    pb::GuestPass { id: id.to_string(), created_at: now(), ends_at: Some(at(four())), guests }
}

/// customer-service with these members.
fn family(world: &World, members: Vec<pb::Member>) {
    world.customers.desk.on("list_members", move |_: pb::ListMembersRequest, _| {
        Ok(pb::ListMembersResponse { members: members.clone(), left_member_ids: vec![] })
    });
}

/// order-service with a menu and an open bar.
fn bar(world: &World) {
    world.orders.desk.on("get_menu", |_: order::GetMenuRequest, _| Ok(samples::menu()));
    world.orders.desk.on("get_bar", |_: order::GetBarRequest, _| Ok(samples::open_bar()));
}

/// Kim, who is Mia's guest; Ben is of the family.
fn kim_and_mia(world: &World) -> (Someone, Someone) {
    let (kim, mia) = (world.someone_within(MEMBER, Scope::Guest), world.someone(MEMBER));
    let adult = |id, name| member(id, name, pb::MemberKind::Adult);
    let kims = guest(kim.member, "Kim", mia.member);
    family(world, vec![adult(mia.member, "Mia"), adult(MemberId::new(), "Ben"), kims]);
    bar(world);
    (kim, mia)
}

/// A host's passes: none, until one is made.
fn passes(world: &World, id: GuestPassId, guests: Vec<pb::Member>) {
    world.customers.desk.on("create_guest_pass", move |_: pb::CreateGuestPassRequest, _| {
        let pass = Some(pass(id, Vec::new()));
        Ok(pb::CreateGuestPassResponse { secret: "the-secret".to_owned(), pass })
    });
    world.customers.desk.on("list_guest_passes", move |_: pb::ListGuestPassesRequest, _| {
        Ok(pb::ListGuestPassesResponse { passes: vec![pass(id, guests.clone())] })
    });
}

#[tokio::test]
async fn a_host_makes_a_code_sees_who_came_in_and_ends_it() {
    let world = World::new().await;
    let mia = world.someone(MEMBER);
    let none = world.get("/guests").browsing(&mia).send().await.text();
    assert!(none.contains("Invite guests for this evening"), "{none}");
    assert!(!none.contains("/guests/list"), "nobody can come in");

    let id = GuestPassId::new();
    passes(&world, id, Vec::new());
    let made = world.post("/guests").send_form(&mia, &[]).send().await;
    assert_eq!((made.status.as_u16(), made.header("cache-control")), (200, "no-store"));
    let text = made.text();
    assert!(text.contains("http://localhost/guest/the-secret"), "{text}");
    assert!(text.contains("class=\"qr\"") && text.contains("Point a camera here"), "{text}");
    assert!(text.contains("until 04:00") && text.contains("Nobody has come in yet."), "{text}");

    passes(&world, id, vec![guest(MemberId::new(), "Kim <3", mia.member)]);
    let later = world.get("/guests").browsing(&mia).send().await.text();
    assert!(later.contains("Kim &#60;3") && later.contains("Show a new code"), "{later}");
    assert!(!later.contains("the-secret") && !later.contains("class=\"qr\""), "{later}");
    let here = world.get("/guests/list").browsing(&mia).send().await.text();
    assert!(here.contains("Kim &#60;3") && here.contains("data-until=\""), "{here}");

    let end = format!("/guests/{id}/end");
    let ended = world.post(&end).send_form(&mia, &[]).send().await;
    assert_eq!((ended.status.as_u16(), ended.header("location")), (303, "/guests"));
    assert!(world.customers.desk.asked("end_guest_pass")[0].message.contains(&id.to_string()));
    let nonsense = world.post("/guests/x/end").send_form(&mia, &[]).send().await;
    assert_eq!(nonsense.status, 400);
}

#[tokio::test]
async fn who_may_not_host_or_hosts_enough_reads_it_beside_the_button() {
    let world = World::new().await;
    let mia = world.someone(MEMBER);
    for (code, status, says) in [
        (Code::Forbidden, 403, "only a grown-up member hosts"),
        (Code::TooManyRequests, 429, "five codes are open already"),
        (Code::Conflict, 409, "five codes are open already"),
    ] {
        world.customers.desk.on("create_guest_pass", move |_: pb::CreateGuestPassRequest, _| {
            Err::<pb::CreateGuestPassResponse, _>(AppError::new(code, says).into())
        });
        let refused = world.post("/guests").send_form(&mia, &[]).send().await;
        assert_eq!(refused.status, status, "{refused:?}");
        let text = refused.text();
        assert!(text.contains(&says[1..]) && text.contains("Invite guests"), "{text}");
    }
}

#[tokio::test]
async fn only_a_grown_up_is_led_to_the_guests() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    for (kind, led) in [(pb::MemberKind::Adult, true), (pb::MemberKind::Child, false)] {
        let member = member(me.member, "Ada", kind);
        world.customers.desk.on("get_me", move |_: pb::GetMeRequest, _| Ok(member.clone()));
        let page = world.get("/me").browsing(&me).send().await.text();
        assert_eq!(page.contains("href=\"/guests\""), led, "{page}");
    }
}

/// customer-service, which lets Kim in.
fn door(world: &World, kim: &Someone) {
    let pair =
        pb::TokenPair { refresh_expires_at: Some(at(four())), ..world.pair(kim, "kims-refresh") };
    world.customers.desk.on("enter_as_guest", move |request: pb::EnterAsGuestRequest, caller| {
        assert!(caller.person.is_none());
        match (request.secret.as_str(), request.name.as_str()) {
            ("full", _) => {
                let says = "twelve guests are here already";
                Err(AppError::new(Code::TooManyRequests, says).into())
            }
            ("the-secret", "") => {
                Err(AppError::invalid("name", "malformed", "a name has something to see").into())
            }
            ("the-secret", _) => Ok(pair.clone()),
            _ => Err(AppError::new(Code::InvalidCredential, "that evening is over").into()),
        }
    });
}

/// Types a name into the page of a code, and sends it.
async fn type_name(world: &World, secret: &str, name: &str) -> Answer {
    let call = world.post(&format!("/guest/{secret}")).header("user-agent", "A phone");
    call.header("origin", "null").send_form_of_nobody(&[("name", name)]).send().await
}

#[tokio::test]
async fn a_visitor_scans_types_a_name_and_is_in_and_looking_alone_lets_nobody_in() {
    let world = World::new().await;
    let kim = world.someone_within(MEMBER, Scope::Guest);
    door(&world, &kim);
    let page = world.get("/guest/the-secret").header("accept", HTML).send().await;
    assert_eq!((page.status.as_u16(), page.header("referrer-policy")), (200, "no-referrer"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.text().contains("name=\"name\"") && !page.text().contains("the-secret"));
    assert!(world.customers.desk.asked("enter_as_guest").is_empty(), "messengers look, too");

    let nameless = type_name(&world, "the-secret", " ").await;
    assert_eq!(nameless.status, 400);
    assert!(nameless.text().contains("A name has something to see."), "{}", nameless.text());
    let full = type_name(&world, "full", "Kim <3").await;
    assert_eq!(full.status, 429);
    let text = full.text();
    assert!(text.contains("Twelve guests are here already."), "{text}");
    assert!(text.contains("value=\"Kim &#60;3\""), "what was typed stays: {text}");
    let over = type_name(&world, "another", "Kim").await;
    assert_eq!((over.status.as_u16(), over.cookie("everything_access")), (410, None));
    assert_eq!(over.header("referrer-policy"), "no-referrer");
    assert!(over.text().contains("That evening is over."), "{}", over.text());

    let entered = type_name(&world, "the-secret", " Kim ").await;
    assert_eq!((entered.status.as_u16(), entered.header("location")), (303, "/"), "{entered:?}");
    assert_eq!(entered.cookie("everything_access"), Some(&*kim.token));
    assert_eq!(entered.cookie("everything_refresh"), Some("kims-refresh"));
    assert_eq!(entered.cookie("everything_guest_until"), Some(four().to_string().as_str()));
    assert_eq!(entered.cookie("everything_cart"), Some(""));
    let asked = &world.customers.desk.asked("enter_as_guest")[3].message;
    assert!(asked.contains("\"Kim\"") && asked.contains("A phone"), "{asked}");
}

#[tokio::test]
async fn whoever_is_signed_in_stays_who_they_are() {
    let world = World::new().await;
    let kim = world.someone_within(MEMBER, Scope::Guest);
    door(&world, &kim);
    for someone in [world.someone(MEMBER), kim] {
        let page = world.get("/guest/the-secret").browsing(&someone).send().await.text();
        assert!(page.contains("signed in on this phone already"), "{page}");
        let call = world.post("/guest/the-secret").send_form(&someone, &[("name", "Kim")]);
        let answer = call.send().await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"));
        assert_eq!(answer.cookie("everything_access"), None);
    }
    assert!(world.customers.desk.asked("enter_as_guest").is_empty());
}

#[tokio::test]
async fn a_guest_orders_for_themselves_hears_whose_treat_it_is_and_leaves() {
    let world = World::new().await;
    let (kim, _) = kim_and_mia(&world);
    let until = format!("everything_guest_until={}", four());
    let menu = world.get("/").browsing(&kim).header("cookie", &until).send().await;
    assert_eq!(menu.status, 200, "{menu:?}");
    let text = menu.text();
    assert!(text.contains("You are Mia’s guest until 04:00."), "{text}");
    assert!(text.contains(", Kim</h1>") && text.contains("href=\"/orders\""), "{text}");
    for not in ["class=\"beans\"", "href=\"/me\"", "/notifications", "/favourites", "/menu/wallet"]
    {
        assert!(!text.contains(not), "{not}: {text}");
    }
    for method in ["get_balance", "list_favourites"] {
        assert!(world.customers.desk.asked(method).is_empty(), "{method}");
    }
    assert!(world.orders.desk.asked("get_day").is_empty());
    let list = world.get("/menu/list").browsing(&kim).send().await.text();
    assert!(list.contains("Flat white") && !list.contains("class=\"beans\""), "{list}");

    let drink = world.get("/menu/flat-white?for=mem_other").browsing(&kim).send().await.text();
    assert!(!drink.contains("For whom?") && !drink.contains("Keep as favourite"), "{drink}");
    assert!(!drink.contains("Ben") && drink.contains("formaction=\"/cart\""), "{drink}");
    let asked = world.orders.desk.asked("get_menu");
    assert!(asked.iter().all(|asked| !asked.message.contains("mem_other")), "nobody else's menu");

    let placed_by = kim.member.to_string();
    world.orders.desk.on("place_order", move |request: order::PlaceOrderRequest, caller| {
        let by = caller.person()?.member.to_string();
        assert!(by == placed_by && request.items[0].recipient.is_none());
        let order = Some(samples::order(&OrderId::new().to_string(), &by));
        Ok(order::PlaceOrderResponse { order, repeated_request: false })
    });
    let form = [("key", "a-key-for-it"), ("size", "small")];
    let ordered = world.post("/menu/flat-white").send_form(&kim, &form).send().await;
    let path = ordered.header("location").to_owned();
    assert!(ordered.status == 303 && path.starts_with("/orders/ord_"), "{ordered:?}");
    let by = kim.member.to_string();
    world.orders.desk.on("get_order", move |request: order::GetOrderRequest, _| {
        Ok(samples::order(&request.id, &by))
    });
    let shown = world.get(&path).browsing(&kim).send().await.text();
    assert!(shown.contains("#12") && shown.contains("/cancel\""), "{shown}");
    assert!(!shown.contains("class=\"beans\"") && !shown.contains("beans come back"), "{shown}");

    let leaving = world.get("/sign-out").browsing(&kim).send().await.text();
    assert!(leaving.contains(">Leave</button>") && !leaving.contains("passkey"), "{leaving}");
    let leave = world.post("/sign-out").header("cookie", "everything_refresh=kims-refresh");
    let left = leave.send_form(&kim, &[]).send().await;
    assert_eq!((left.status.as_u16(), left.cookie("everything_access")), (303, Some("")));
    assert!(world.customers.desk.asked("sign_out")[0].message.contains("kims-refresh"));
}

#[tokio::test]
async fn a_guest_whose_evening_is_over_is_out_at_once() {
    let world = World::new().await;
    let (kim, _) = kim_and_mia(&world);
    let until = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    let session = kim.session.to_string();
    world.customers.revocations.send_modify(|list| list.push((session, until)));
    world.until("it is over", |world| world.app.verifier().is_revoked(kim.session)).await;
    let out = world.get("/").browsing(&kim).send().await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/sign-in"));
    let until = format!("everything_guest_until={}", four());
    let bye = world.get("/sign-in").header("accept", HTML).header("cookie", &until).send().await;
    assert!(bye.text().contains("Thank you for coming"), "{bye:?}");
    let nobody = world.get("/sign-in").header("accept", HTML).send().await;
    assert!(!nobody.text().contains("Thank you for coming"), "{nobody:?}");
}

#[tokio::test]
async fn a_guest_is_nobodys_choice_and_has_a_name_where_they_order() {
    let world = World::new().await;
    let (kim, mia) = kim_and_mia(&world);
    let id = kim.member.to_string();
    let drink = world.get("/menu/flat-white").browsing(&mia).send().await.text();
    assert!(
        drink.contains("For whom?") && drink.contains("Ben") && !drink.contains(&id),
        "{drink}"
    );
    let beans = world.get("/beans").browsing(&mia).send().await.text();
    assert!(beans.contains("Ben") && !beans.contains("Kim"), "{beans}");
    let admin = world.someone(ADMIN);
    for path in ["/family", "/beans"] {
        let page = world.get(path).browsing(&admin).send().await.text();
        assert!(page.contains("Ben") && !page.contains("Kim"), "{path}: {page}");
    }
    let page = world.get(&format!("/family/{id}")).browsing(&admin).send().await;
    assert_eq!(page.status, 404, "a guest is no member to run");

    let placed_by = id.clone();
    world.orders.desk.on("get_queue", move |_: order::GetQueueRequest, _| {
        let order = samples::order(&OrderId::new().to_string(), &placed_by);
        let bar = Some(samples::open_bar());
        Ok(order::Queue { orders: vec![order], bar, position: "e1-0".to_owned() })
    });
    let board = world.get("/counter/board").browsing(&admin).send().await.text();
    assert!(board.contains("Kim"), "{board}");
}

#[tokio::test]
async fn rest_makes_lists_and_ends_passes_and_lets_a_guest_in() {
    let world = World::new().await;
    let mia = world.someone(MEMBER);
    let kim = world.someone_within(MEMBER, Scope::Guest);
    let id = GuestPassId::new();
    passes(&world, id, vec![guest(kim.member, "Kim", mia.member)]);
    door(&world, &kim);
    let made = world.post("/v1/me/guest-passes").by(&mia).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    let value = made.value();
    assert_eq!((&value["secret"], &value["pass"]["guests"]), (&json!("the-secret"), &json!([])));
    assert_eq!(value["link"], "http://localhost/guest/the-secret");
    let listed = world.get("/v1/me/guest-passes").by(&mia).send().await.value();
    let came = &listed["passes"][0]["guests"][0];
    assert_eq!((&came["name"], &came["kind"]), (&json!("Kim"), &json!("guest")));
    assert_eq!(came["host_id"], mia.member.to_string());
    assert!(!listed.to_string().contains("the-secret"));

    let enter = |secret: &str, name: &str| {
        world.post("/v1/guest-sessions").json(&json!({"secret": secret, "name": name}))
    };
    let entered = enter("the-secret", "Kim").send().await;
    assert_eq!(entered.status, 201, "{entered:?}");
    assert_eq!(entered.value()["member"], kim.member.to_string());
    enter("another", "Kim").refused(401, "invalid-credential").await;
    let nameless = enter("the-secret", "").refused(400, "invalid-request").await;
    assert_eq!(nameless["errors"][0]["path"], "/name");

    let gone = world.call("DELETE", &format!("/v1/me/guest-passes/{id}")).by(&mia).send().await;
    assert_eq!(gone.status, 204);
    world.call("DELETE", "/v1/me/guest-passes/x").by(&mia).refused(400, "invalid-request").await;
    let king = json!({"name": "Kim", "kind": "guest"});
    let king = world.post("/v1/members").by(&world.someone(ADMIN)).json(&king);
    assert_eq!(king.refused(400, "invalid-request").await["errors"][0]["path"], "/kind");
}

/// Once more by hand: the table says it, this is what it should say.
#[test]
fn a_guest_may_order_and_look_at_their_own_and_nothing_else() {
    let routes = |table: &'static [(&str, &str, wire::access::Rule)]| -> BTreeSet<String> {
        let may = table.iter().filter(|(.., rule)| rule.admits(Scope::Guest));
        may.map(|(method, path, _)| format!("{method} {path}")).collect()
    };
    let expected =
        |all: &[&str]| -> BTreeSet<String> { all.iter().map(|&route| route.to_owned()).collect() };
    let endpoints = expected(&[
        "GET /v1/menu",
        "GET /v1/menu/search",
        "GET /v1/bar",
        "POST /v1/orders",
        "GET /v1/orders",
        "GET /v1/orders/{id}",
        "POST /v1/orders/{id}/again",
        "POST /v1/orders/{id}/amend",
        "POST /v1/orders/{id}/cancel",
        "POST /v1/orders/{id}/pick-up",
        "GET /v1/events",
        "GET /v1/me",
    ]);
    assert_eq!(routes(ENDPOINTS), endpoints);
    let pages = expected(&[
        "GET /",
        "GET /menu/list",
        "GET /menu/bar",
        "GET /menu/{slug}",
        "POST /menu/{slug}",
        "GET /cart",
        "POST /cart",
        "POST /cart/remove",
        "GET /orders",
        "POST /orders",
        "GET /orders/list",
        "GET /orders/open",
        "GET /orders/{id}",
        "GET /orders/{id}/card",
        "GET /orders/{id}/again",
        "POST /orders/{id}/again",
        "POST /orders/{id}/{act}",
        "GET /sign-out",
        "POST /sign-out",
    ]);
    assert_eq!(routes(PAGES), pages);
    let methods = METHODS.iter().filter(|(_, rule)| rule.admits(Scope::Guest));
    let methods: BTreeSet<_> =
        methods.filter_map(|(path, _)| path.rsplit('/').next()).map(str::to_owned).collect();
    let expected = expected(&[
        "GetMenu",
        "SearchMenu",
        "PriceItems",
        "CheckItems",
        "GetBar",
        "PlaceOrder",
        "OrderAgain",
        "GetOrder",
        "ListOrders",
        "PickUpOrder",
        "CancelOrder",
        "AmendOrder",
        "GetMe",
        "ListMembers",
    ]);
    assert_eq!(methods, expected);
}
