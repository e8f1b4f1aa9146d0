//! Children order within their limits, whatever happens at once and whoever is
//! away; a guardian says yes or no to more.

use runtime::AppError;
use types::MemberId;
use wire::{
    customer::v1 as customer_pb,
    order::v1::{self as pb, OrderCommand, OrderState},
};

use crate::house::{House, Person, WAITS, a, asking, because, code, in_seconds, named, on};

const NO_LIMITS: customer_pb::Limits =
    customer_pb::Limits { drinks: None, caffeine_mg: None, decaf_after: None, only: None };

struct Kids {
    house: House,
    dan: Person,
    mia: Person,
}

impl Kids {
    /// Dan, whom Mia looks after, with these limits. He has had a tea.
    async fn with(limits: customer_pb::Limits) -> Self {
        let house = House::open().await;
        let (dan, mia) = (house.member(), house.member());
        house.customer.limits(dan.id, &[mia.id], limits);
        house.hear_of_everybody().await;
        dan.orders(vec![a("peppermint-tea")]).await.unwrap();
        Self { house, dan, mia }
    }
}

pub(crate) fn drinks(most: i32) -> customer_pb::Limits {
    customer_pb::Limits { drinks: Some(most), ..NO_LIMITS }
}

fn for_member(slug: &str, member: MemberId) -> pb::ItemRequest {
    let recipient = Some(pb::item_request::Recipient::MemberId(member.to_string()));
    pb::ItemRequest { recipient, ..a(slug) }
}

fn ask_for(items: Vec<pb::ItemRequest>) -> pb::PlaceOrderRequest {
    pb::PlaceOrderRequest { ask_guardian: true, ..asking(items) }
}

async fn asks(person: &Person, items: Vec<pb::ItemRequest>) -> Result<pb::Order, AppError> {
    Ok(person.ask_place(ask_for(items)).await?.order.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_explained_with_what_is_possible_and_counts_for_whom_it_is() {
    let it = Kids::with(customer_pb::Limits { caffeine_mg: Some(70), ..NO_LIMITS }).await;
    it.dan.orders(vec![a("espresso")]).await.unwrap();
    let refused = it.dan.orders(vec![a("peppermint-tea"), a("espresso")]).await.unwrap_err();
    assert_eq!(refused.code.name(), "limit-reached");
    assert_eq!(refused.fields[0].path, "items[1]");
    assert_eq!(refused.fields[0].code, "too-much-caffeine");
    let says = "70 mg of caffeine a day are allowed; 7 mg are left today, and this has 63 mg";
    assert_eq!(refused.fields[0].message, says);
    assert!(refused.details["offers"].contains("espresso (decaf)"), "{refused:?}");
    assert_eq!(refused.details["may_ask"], "true");
    // It is his, whoever orders it; and what Mia drinks is nobody's business.
    let for_dan = vec![for_member("espresso", it.dan.id)];
    assert_eq!(code(it.mia.orders(for_dan).await), "limit-reached");
    it.mia.orders(vec![a("doppio"), a("doppio")]).await.unwrap();
    it.dan.orders(vec![for_member("espresso", it.mia.id)]).await.unwrap();
    // What is offered can be had.
    let decaf = pb::ItemRequest { extras: vec!["decaf".to_owned()], ..a("espresso") };
    it.dan.orders(vec![decaf]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_passes_no_limit_by_ordering_for_a_guest() {
    let it = Kids::with(drinks(2)).await;
    let recipient = Some(pb::item_request::Recipient::Guest("Nobody".to_owned()));
    let for_a_guest = || vec![pb::ItemRequest { recipient: recipient.clone(), ..a("doppio") }];
    let refused = it.dan.orders(for_a_guest()).await.unwrap_err();
    assert_eq!((&*refused.fields[0].path, &*refused.fields[0].code), ("items[0].guest", "child"));
    assert_eq!(code(asks(&it.dan, for_a_guest()).await), "invalid-request");
    let order = it.dan.orders(vec![a("peppermint-tea")]).await.unwrap();
    let amend = pb::AmendOrderRequest { id: order.id.clone(), version: 0, items: for_a_guest() };
    assert_eq!(code(it.dan.amend(amend).await), "invalid-request");
    it.mia.orders(for_a_guest()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_may_be_had_again_and_what_is_eaten_is_no_drink() {
    let it = Kids::with(drinks(2)).await;
    let cocoa = it.dan.orders(vec![a("hot-chocolate")]).await.unwrap();
    assert_eq!(code(it.dan.orders(vec![a("hot-chocolate")]).await), "limit-reached");
    it.dan.orders(vec![a("cookie")]).await.unwrap();
    it.dan.cancel(on(&cocoa)).await.unwrap();
    it.dan.orders(vec![a("hot-chocolate")]).await.unwrap();
    let day = it.dan.ask_day(pb::GetDayRequest::default()).await.unwrap();
    assert_eq!((day.drinks, day.most_drinks, day.child), (2, Some(2), true));
    let his = pb::GetDayRequest { member_id: it.dan.id.to_string() };
    assert_eq!(it.mia.ask_day(his.clone()).await.unwrap(), day);
    assert_eq!(code(it.house.member().ask_day(his).await), "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_devices_at_once_no_more_than_the_limit_gets_through() {
    let it = Kids::with(drinks(3)).await;
    let replica = it.house.second_replica().await;
    let there = it.dan.at(&it.house, &replica);
    // One he has already.
    let mut orders = tokio::task::JoinSet::new();
    for at in 0..12 {
        let dan = if at % 2 == 0 { it.dan.clone() } else { there.clone() };
        orders.spawn(async move { dan.orders(vec![a("hot-chocolate")]).await });
    }
    let results = orders.join_all().await;
    let placed = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(placed, 2, "{results:?}");
    let refused = results.into_iter().filter_map(Result::err);
    assert!(refused.into_iter().all(|error| error.code.name() == "limit-reached"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_the_same_order_also_at_the_limit() {
    let it = Kids::with(drinks(2)).await;
    let request = asking(vec![a("hot-chocolate")]);
    let first = it.dan.ask_place(request.clone()).await.unwrap();
    let again = it.dan.ask_place(request).await.unwrap();
    assert!(again.repeated_request);
    assert_eq!(again.order.unwrap().id, first.order.unwrap().id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_says_yes_with_one_tap() {
    let it = Kids::with(drinks(1)).await;
    let order = asks(&it.dan, vec![a("hot-chocolate")]).await.unwrap();
    assert_eq!((order.state(), order.owed_beans), (OrderState::Held, 0));
    let approval = order.approval.clone().unwrap();
    assert_eq!(approval.child_ids, [it.dan.id.to_string()]);
    assert_eq!(approval.guardian_ids, [it.mia.id.to_string()]);
    assert_eq!(approval.why, "1 drink a day is allowed, and there was 1 today");
    assert!(!order.allowed().any(|command| command == OrderCommand::Approve));
    // He does not say yes to himself, nor does anybody else.
    let stranger = it.house.member();
    assert_eq!(code(it.dan.approve(on(&order)).await), "not-guardian");
    assert_eq!(code(stranger.approve(on(&order)).await), "not-found");
    assert_eq!(code(it.house.barista().approve(on(&order)).await), "not-guardian");

    let waiting = it.mia.ask_approvals(pb::ListApprovalsRequest {}).await.unwrap().orders;
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].allowed().any(|command| command == OrderCommand::Approve));
    assert_eq!(stranger.ask_approvals(pb::ListApprovalsRequest {}).await.unwrap().orders, []);
    let yes = it.mia.approve(on(&order)).await.unwrap().order.unwrap();
    assert_ne!(yes.state(), OrderState::Held);
    assert_eq!(yes.approved_by, it.mia.id.to_string());
    assert!(it.mia.approve(on(&order)).await.unwrap().already_so);
    crate::house::until("queued", async || {
        let now = it.dan.get(&order.id).await.unwrap();
        (now.state() == OrderState::Queued).then_some(())
    })
    .await;
    // It counts like any other.
    assert_eq!(code(it.dan.orders(vec![a("hot-chocolate")]).await), "limit-reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_says_no_and_the_child_reads_why() {
    let it = Kids::with(drinks(1)).await;
    let order = asks(&it.dan, vec![a("hot-chocolate")]).await.unwrap();
    assert_eq!(code(it.dan.refuse(on(&order)).await), "not-guardian");
    it.mia.refuse(because(&order, "dinner is soon")).await.unwrap();
    let now = it.dan.get(&order.id).await.unwrap();
    assert_eq!((now.state(), &*now.reason), (OrderState::Declined, "dinner is soon"));
    assert_eq!(code(it.mia.approve(on(&order)).await), "order-closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_who_orders_it_says_yes_by_that() {
    let it = Kids::with(drinks(1)).await;
    let refused = it.mia.orders(vec![for_member("hot-chocolate", it.dan.id)]).await.unwrap_err();
    assert_eq!(refused.details["may_decide"], "true");
    let order = asks(&it.mia, vec![for_member("hot-chocolate", it.dan.id)]).await.unwrap();
    assert_eq!(order.state(), OrderState::Queued);
    assert_eq!(order.approved_by, it.mia.id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_guardian_any_more_has_nothing_to_say() {
    let it = Kids::with(drinks(1)).await;
    let papa = it.house.known_member().await;
    let order = asks(&it.dan, vec![a("hot-chocolate")]).await.unwrap();
    it.house.customer.limits(it.dan.id, &[papa.id], drinks(1));
    // Whatever he asks next, it is known by then.
    it.dan.orders(vec![a("espresso")]).await.unwrap_err();
    assert_eq!(code(it.mia.approve(on(&order)).await), "not-found");
    papa.approve(on(&order)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_yes_stands_in_nobodys_way_and_what_cannot_be_had_goes_on_waiting() {
    let it = Kids::with(customer_pb::Limits { caffeine_mg: Some(70), ..NO_LIMITS }).await;
    let order = asks(&it.dan, vec![a("doppio")]).await.unwrap();
    assert_eq!(order.state(), OrderState::Held);
    it.dan.orders(vec![a("espresso")]).await.unwrap();
    let off = |available| pb::SetAvailabilityRequest {
        slug: "doppio".to_owned(),
        available,
        until: None,
    };
    it.house.barista().set_availability(off(false)).await.unwrap();
    assert_eq!(code(it.mia.approve(on(&order)).await), "sold-out");
    assert_eq!(it.dan.get(&order.id).await.unwrap().state(), OrderState::Held);
    it.house.barista().set_availability(off(true)).await.unwrap();
    it.mia.approve(on(&order)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_customer_service_away_limits_hold_as_they_were_known_last() {
    let it = Kids::with(drinks(2)).await;
    it.house.customer.books().away = true;
    let order =
        it.dan.ask_place(pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("hot-chocolate")]) });
    order.await.unwrap();
    let more = asking(vec![a("hot-chocolate")]);
    assert_eq!(code(it.dan.ask_place(more).await), "limit-reached");
    // Also after a start without customer-service: what was known is kept.
    let Kids { house, dan, mia: _ } = it;
    let house = house.restart().await;
    let dan = dan.at(&house, &house.service);
    let more = asking(vec![a("hot-chocolate")]);
    assert_eq!(code(dan.ask_place(more).await), "limit-reached");
    // Of whom it never heard it cannot know that they are no child, and asks each time.
    let nobody_knows = house.member();
    let order = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("cortado")]) };
    assert_eq!(code(nobody_knows.ask_place(order.clone()).await), "unavailable");
    house.customer.books().away = false;
    nobody_knows.ask_place(order).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_had_before_is_asked_for_like_anything_else() {
    let it = Kids::with(drinks(2)).await;
    let cocoa = it.dan.orders(vec![a("hot-chocolate")]).await.unwrap();
    let again = |key: &str, ask_guardian| pb::OrderAgainRequest {
        idempotency_key: key.to_owned(),
        order_id: cocoa.id.clone(),
        ask_guardian,
        ..pb::OrderAgainRequest::default()
    };
    assert_eq!(code(it.dan.order_again(again("again-1", false)).await), "limit-reached");
    // The same key: nothing was placed by it.
    let asked = it.dan.order_again(again("again-1", true)).await.unwrap().order.unwrap();
    assert_eq!(asked.state(), OrderState::Held);
    it.mia.approve(on(&asked)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adults_order_asks_nobody() {
    let house = House::open().await;
    let anna = house.known_member().await;
    house.customer.books().silent = true;
    let before = std::time::Instant::now();
    let order = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("doppio"), a("doppio")]) };
    anna.ask_place(order).await.unwrap();
    assert!(before.elapsed() < std::time::Duration::from_millis(900), "it waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn amending_and_replacing_keep_within_the_limits() {
    let it = Kids::with(customer_pb::Limits { caffeine_mg: Some(100), ..NO_LIMITS }).await;
    let order = it.dan.orders(vec![a("espresso")]).await.unwrap();
    let amend = |items: Vec<pb::ItemRequest>| pb::AmendOrderRequest {
        id: order.id.clone(),
        version: 0,
        items,
    };
    // Its own items do not count twice.
    it.dan.amend(amend(vec![a("espresso"), a("peppermint-tea")])).await.unwrap();
    let more = it.dan.amend(amend(vec![a("doppio")])).await;
    assert_eq!(named(more), ("limit-reached".to_owned(), "items[0]".to_owned()));
    let queued = crate::house::until("queued", async || {
        let now = it.dan.get(&order.id).await.unwrap();
        (now.state() == OrderState::Queued).then_some(now)
    })
    .await;
    let replace = |slug: &str| pb::ReplaceItemRequest {
        id: order.id.clone(),
        version: 0,
        line: queued.items[0].line,
        item: Some(a(slug)),
        reason: "the machine is moody".to_owned(),
    };
    assert_eq!(code(it.house.barista().replace(replace("doppio")).await), "limit-reached");
    it.house.barista().replace(replace("black-tea")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_later_is_looked_at_again_when_its_time_has_come() {
    let it = Kids::with(drinks(2)).await;
    let later = pb::PlaceOrderRequest {
        not_before: Some(in_seconds(60)),
        ..asking(vec![a("hot-chocolate")])
    };
    let order = it.dan.ask_place(later).await.unwrap().order.unwrap();
    assert_eq!(order.state(), OrderState::Held);
    // It is reserved.
    assert_eq!(code(it.dan.orders(vec![a("hot-chocolate")]).await), "limit-reached");
    it.house.customer.limits(it.dan.id, &[it.mia.id], drinks(1));
    let id = order.id.parse().unwrap();
    it.house.service.app.come_due(id, 0).await.unwrap();
    let now = it.dan.get(&order.id).await.unwrap();
    assert_eq!(now.state(), OrderState::Declined);
    assert_eq!(now.reason, "Sorry, 1 drink a day is allowed, and there was 1 today.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_in_a_cup_is_neither_offered_nor_taken_and_whoever_makes_it_is_warned() {
    let house = House::with_waits(WAITS).await;
    let anna = house.member();
    house.customer.avoids(anna.id, &["milk"]);
    let refused = anna.orders(vec![a("espresso"), a("flat-white")]).await.unwrap_err();
    assert_eq!(refused.code.name(), "holds-allergen");
    assert_eq!(refused.fields[0].path, "items[1].milk");
    let menu = pb::GetMenuRequest { member_id: anna.id.to_string() };
    let menu = anna.ask_menu(menu).await.unwrap();
    let flat_white = menu.items.iter().find(|item| item.slug == "flat-white").unwrap();
    assert!(flat_white.milks.iter().all(|milk| milk.slug != "whole"), "{flat_white:?}");
    assert!(menu.items.iter().all(|item| item.slug != "croissant"));
    // Whoever orders it for her.
    let bert = house.barista();
    let for_anna = vec![for_member("flat-white", anna.id)];
    assert_eq!(code(bert.orders(for_anna).await), "holds-allergen");

    let oat = pb::ItemRequest { milk: "oat".to_owned(), ..a("flat-white") };
    let order = anna.orders(vec![oat]).await.unwrap();
    assert_eq!(order.items[0].warnings, ["no milk"]);
    assert_eq!(code(bert.accept(on(&order)).await), "warnings-unread");
    assert_eq!(code(bert.ready(on(&order)).await), "warnings-unread");
    assert_eq!(code(anna.acknowledge(on(&order)).await), "forbidden");
    let read = bert.acknowledge(on(&order)).await.unwrap().order.unwrap();
    assert_eq!(read.acknowledged.unwrap().by, bert.id.to_string());
    bert.accept(on(&order)).await.unwrap();
    let replace = pb::ReplaceItemRequest {
        id: order.id.clone(),
        version: 0,
        line: 1,
        item: Some(a("latte")),
        reason: "out of flat".to_owned(),
    };
    assert_eq!(named(bert.replace(replace).await).1, "item.milk");
    bert.ready(on(&order)).await.unwrap();
}
