//! Lists, pages, the counter's screen.

use types::{Role, Scope};
use wire::order::v1::{self as pb, item_request::Recipient};

use crate::house::{House, a, code, named, on};

fn page(limit: i32, cursor: &str) -> pb::ListOrdersRequest {
    pb::ListOrdersRequest { limit, cursor: cursor.to_owned(), ..pb::ListOrdersRequest::default() }
}

#[tokio::test]
async fn orders_are_listed_newest_first_page_by_page() {
    let house = House::open().await;
    let (anna, bert) = (house.member(), house.member());
    let mut placed = Vec::new();
    for _ in 0..7 {
        placed.push(anna.orders(vec![a("espresso")]).await.unwrap().id);
    }
    bert.orders_a_flat_white().await;
    placed.reverse();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    let mut pages = 0;
    loop {
        let page = anna.ask_list(page(3, &cursor)).await.unwrap();
        seen.extend(page.orders.into_iter().map(|order| order.id));
        pages += 1;
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!((seen, pages), (placed.clone(), 3));
    let all = anna.ask_list(page(7, "")).await.unwrap();
    assert_eq!((all.orders.len(), all.next_cursor.as_str()), (7, ""));
    assert!(!all.position.is_empty());

    anna.cancel(pb::CommandRequest { id: placed[0].clone(), ..Default::default() }).await.unwrap();
    let open = pb::ListOrdersRequest { open_only: true, ..page(0, "") };
    assert_eq!(anna.ask_list(open).await.unwrap().orders.len(), 6);
}

#[tokio::test]
async fn broken_cursors_limits_and_other_peoples_lists_are_refused() {
    let house = House::open().await;
    let (anna, bert, barista) = (house.member(), house.member(), house.barista());
    for cursor in ["x", "AAAA", "%%%", &"A".repeat(500), "AZ-_"] {
        let refused = anna.ask_list(page(3, cursor)).await;
        assert_eq!(named(refused), ("invalid-cursor".into(), "cursor".into()), "{cursor}");
    }
    for limit in [-1, 101, i32::MAX, i32::MIN] {
        let refused = anna.ask_list(page(limit, "")).await;
        assert_eq!(named(refused), ("invalid-request".into(), "limit".into()), "{limit}");
    }
    let of = |id: String| pb::ListOrdersRequest { member_id: id, ..page(0, "") };
    assert_eq!(named(anna.ask_list(of("me".to_owned())).await).1, "member_id");
    assert_eq!(code(bert.ask_list(of(anna.id.to_string())).await), "forbidden");
    assert!(barista.ask_list(of(anna.id.to_string())).await.is_ok());
    assert!(bert.ask_list(of(bert.id.to_string())).await.is_ok());
}

#[tokio::test]
async fn the_counter_sees_who_waits_longest_first_and_what_it_may_do() {
    let house = House::open().await;
    let (anna, barista) = (house.member(), house.barista());
    let first = anna.orders_a_flat_white().await;
    let second = anna.orders(vec![a("mocha")]).await.unwrap();
    let third = anna.orders(vec![a("mocha")]).await.unwrap();
    barista.accept(on(&first)).await.unwrap();
    barista.ready(on(&second)).await.unwrap();
    let queue = barista.queue().await;
    let ids: Vec<_> = queue.orders.iter().map(|order| &order.id).collect();
    assert_eq!(ids, [&first.id, &second.id, &third.id]);
    let bar = queue.bar.unwrap();
    assert_eq!((bar.queued, bar.preparing, bar.state()), (1, 1, pb::BarState::Open));
    let allowed: Vec<_> = queue.orders[2].allowed().collect();
    for command in [pb::OrderCommand::Accept, pb::OrderCommand::Ready, pb::OrderCommand::Decline] {
        assert!(allowed.contains(&command), "{allowed:?}");
    }
    anna.pick_up(on(&second)).await.unwrap();
    assert_eq!(barista.queue().await.orders.len(), 2);
}

#[tokio::test]
async fn a_token_that_reads_orders_reads_its_owners_alone_whatever_else_they_are() {
    let house = House::open().await;
    let anna = house.member();
    let theirs = anna.orders_a_flat_white().await;
    let roles = [Role::Member, Role::Barista, Role::Admin];
    let token = house.person_within(roles.into(), Scope::ReadOrders);
    assert_eq!(token.ask_list(page(3, "")).await.unwrap().orders, []);
    let of_anna = pb::ListOrdersRequest { member_id: anna.id.to_string(), ..page(3, "") };
    assert_eq!(code(token.ask_list(of_anna).await), "forbidden");
    assert_eq!(code(token.ask_get(pb::GetOrderRequest { id: theirs.id }).await), "not-found");
    assert_eq!(code(token.orders(vec![a("espresso")]).await), "forbidden");
    assert_eq!(code(token.ask_queue(pb::GetQueueRequest {}).await), "forbidden");
}

#[tokio::test]
async fn a_counter_at_which_nobody_acts_shows_the_queue_and_does_nothing() {
    let house = House::open().await;
    let (anna, tablet) = (house.member(), house.device(Scope::Counter));
    let order = anna.orders_a_flat_white().await;
    let queue = tablet.queue().await;
    assert_eq!(queue.orders[0].id, order.id);
    assert_eq!(queue.orders[0].allowed, [0; 0], "nobody may do nothing");
    assert_eq!(code(tablet.accept(on(&order)).await), "unauthenticated");
    assert_eq!(code(tablet.get(&order.id).await), "unauthenticated");
    let kiosk = house.device(Scope::Kiosk);
    assert_eq!(code(kiosk.ask_queue(pb::GetQueueRequest {}).await), "unauthenticated");
    assert!(kiosk.ask_bar(pb::GetBarRequest {}).await.is_ok());
}

#[tokio::test]
async fn a_display_shows_numbers_and_for_whom_and_nothing_else() {
    let house = House::open().await;
    let (anna, bert, barista) = (house.member(), house.member(), house.barista());
    let display = house.device(Scope::Display);
    let for_whom = |recipient| pb::ItemRequest {
        note: "a secret wish".to_owned(),
        recipient: Some(recipient),
        ..a("espresso")
    };
    let items = vec![
        for_whom(Recipient::MemberId(bert.id.to_string())),
        for_whom(Recipient::Guest("Leo".to_owned())),
        for_whom(Recipient::MemberId(bert.id.to_string())),
    ];
    let first = anna.orders(items).await.unwrap();
    let second = anna.orders_a_flat_white().await;
    barista.ready(on(&second)).await.unwrap();
    let shown = display.ask_display(pb::GetDisplayRequest {}).await.unwrap();
    assert_eq!(shown.orders.len(), 2);
    assert_eq!(
        (shown.orders[0].number, shown.orders[0].state()),
        (first.number, pb::OrderState::Queued)
    );
    assert_eq!(shown.orders[0].member_ids, [bert.id.to_string()]);
    assert_eq!(shown.orders[0].guests, ["Leo"]);
    assert_eq!(shown.orders[1].state(), pb::OrderState::Ready);
    assert_eq!(shown.orders[1].member_ids, [anna.id.to_string()]);
    assert!(!format!("{shown:?}").contains("secret"));
    assert!(!shown.position.is_empty());
    assert_eq!(code(display.ask_queue(pb::GetQueueRequest {}).await), "unauthenticated");
    assert_eq!(code(display.menu().await), "unauthenticated");
    assert_eq!(code(barista.ask_display(pb::GetDisplayRequest {}).await), "forbidden");
}
