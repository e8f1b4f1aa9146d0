//! Parts of pages: what a live update swaps in is what the whole page shows, and
//! no part waits for somebody it can do without.

use std::time::{Duration, Instant};

use types::{OrderId, Role};
use wire::{customer::v1 as customer, order::v1 as pb};

use crate::{
    samples,
    world::{Someone, World},
};

const BARISTA: &[Role] = &[Role::Member, Role::Barista];

/// What the page's element with this attribute contains; with `whole`, the element too.
fn part<'a>(page: &'a str, attribute: &str, whole: bool) -> &'a str {
    let at = page.find(attribute).unwrap_or_else(|| panic!("no {attribute}"));
    let begin = page[..at].rfind('<').unwrap();
    let name = page[begin + 1..].split(' ').next().unwrap();
    let inner = begin + page[begin..].find('>').unwrap() + 1;
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let (mut depth, mut end) = (1, inner);
    while depth > 0 {
        let rest = &page[end..];
        let next_close = rest.find(&close).unwrap_or_else(|| panic!("{attribute} does not end"));
        match rest.find(&open) {
            Some(next_open) if next_open < next_close => {
                depth += 1;
                end += next_open + open.len();
            }
            _ => {
                depth -= 1;
                end += next_close + close.len();
            }
        }
    }
    if whole { &page[begin..end] } else { &page[inner..end - close.len()] }
}

fn lively(world: &World, me: &Someone, order: &str) {
    let (orders, customers) = (&world.orders.desk, &world.customers.desk);
    let mine = samples::order(order, &me.member.to_string());
    orders.on("get_menu", |_: pb::GetMenuRequest, _| Ok(samples::menu()));
    let until = prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 };
    let state = pb::BarState::Paused.into();
    let bar = pb::Bar { state, until: Some(until), ..pb::Bar::default() };
    orders.on("get_bar", move |_: pb::GetBarRequest, _| Ok(bar));
    let (one, listed, queued) = (mine.clone(), mine.clone(), mine);
    orders.on("get_order", move |_: pb::GetOrderRequest, _| Ok(one.clone()));
    orders.on("list_orders", move |_: pb::ListOrdersRequest, _| {
        let next_cursor = "older".to_owned();
        Ok(pb::ListOrdersResponse {
            orders: vec![listed.clone()],
            next_cursor,
            ..Default::default()
        })
    });
    orders.on("get_queue", move |_: pb::GetQueueRequest, _| {
        let position = "e1-0".to_owned();
        Ok(pb::Queue { orders: vec![queued.clone()], bar: Some(bar), position })
    });
    customers.on("list_favourites", |_: customer::ListFavouritesRequest, _| {
        Ok(customer::ListFavouritesResponse { favourites: vec![samples::usual()] })
    });
    customers.on("list_notifications", |_: customer::ListNotificationsRequest, _| {
        let news =
            customer::Notification { title: "#12 is ready".to_owned(), ..Default::default() };
        Ok(customer::ListNotificationsResponse { notifications: vec![news], ..Default::default() })
    });
}

#[tokio::test]
async fn a_fragment_is_what_its_part_of_the_page_shows() {
    let world = World::new().await;
    let me = world.someone(BARISTA);
    let order = OrderId::new().to_string();
    lively(&world, &me, &order);
    let get = async |path: &str| {
        let answer = world.get(path).browsing(&me).send().await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.text()
    };
    let way = format!("/orders/{order}");
    let pages = [("/", 5), ("/orders", 1), (&way, 1), ("/counter", 3), ("/counter/menu", 1)];
    for (path, parts) in pages.into_iter().chain([("/notifications", 1)]) {
        let page = get(path).await;
        let mut seen = 0;
        for name in ["data-fragment", "data-board"] {
            for fragment in page.split(&format!("{name}=\"")).skip(1) {
                let fragment = fragment.split('"').next().unwrap();
                let attribute = format!("{name}=\"{fragment}\"");
                let fresh = get(fragment).await;
                let whole = fresh.contains("data-whole");
                assert!(!fresh.trim().is_empty(), "{fragment}");
                assert_eq!(part(&page, &attribute, whole).trim(), fresh.trim(), "{fragment}");
                seen += 1;
            }
        }
        assert_eq!(seen, parts, "{path}");
    }
    // What is older than the first page stays where it is.
    let older = get("/orders?cursor=older").await;
    assert!(!older.contains("data-fragment"), "{older}");
}

#[tokio::test]
async fn pages_stay_quick_while_customer_service_is_frozen() {
    let world = World::new().await;
    let me = world.someone(BARISTA);
    let order = OrderId::new().to_string();
    lively(&world, &me, &order);
    for method in ["list_members", "get_balance"] {
        world.customers.desk.delay(method, Duration::from_secs(60));
    }
    let start = Instant::now();
    let card = format!("/orders/{order}/card");
    let paths = ["/counter", "/counter/board", &card, "/orders", "/counter/menu"];
    for path in paths.into_iter().cycle().take(20) {
        assert_eq!(world.get(path).browsing(&me).send().await.status, 200, "{path}");
    }
    assert_eq!(world.get("/").browsing(&me).send().await.status, 200);
    // One call's usual patience is 5 s: not even that was spent on all of them.
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let asked = world.customers.desk.asked("list_members");
    assert!(asked.len() as u64 <= 1 + took.as_secs(), "asked {} times in {took:?}", asked.len());
    for asked in asked.iter().chain(&world.customers.desk.asked("get_balance")) {
        let budget: u64 = asked.timeout.as_ref().unwrap().trim_end_matches('u').parse().unwrap();
        assert!(budget <= 500_000, "a page waits {budget} µs");
    }
    // Those who find nobody there together wait for one answer.
    let together = (0..20).map(|_| world.get("/counter/board").browsing(&me).send());
    for answer in futures::future::join_all(together).await {
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn names_come_when_customer_service_is_there_again() {
    let world = World::new().await;
    let me = world.someone(BARISTA);
    let order = OrderId::new().to_string();
    lively(&world, &me, &order);
    world.customers.desk.on("list_members", |_: customer::ListMembersRequest, _| {
        Err::<customer::ListMembersResponse, _>(tonic::Status::unavailable("away"))
    });
    let page = async || world.get("/counter").browsing(&me).send().await.text();
    assert!(page().await.contains("Somebody"));
    let member = customer::Member {
        id: me.member.to_string(),
        name: "Ada".to_owned(),
        ..customer::Member::default()
    };
    world.customers.desk.on("list_members", move |_: customer::ListMembersRequest, _| {
        Ok(customer::ListMembersResponse {
            members: vec![member.clone()],
            ..customer::ListMembersResponse::default()
        })
    });
    let named = async {
        while !page().await.contains("Ada") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), named).await.unwrap();
}
