use runtime::{Code, Peer};
use types::{MemberId, OrderId, Role};
use wire::customer::v1::{self as pb, customer_service_server::CustomerService};

use crate::house::{House, Setup, by, by_person, unwrapped, wire_role};

async fn notify(house: &House, request: pb::NotifyRequest) -> i32 {
    unwrapped(house.handlers.notify(by(Peer::OrderService, request)).await).unwrap().recorded
}

async fn told(house: &House, member: MemberId) -> Vec<pb::Notification> {
    let request = pb::ListNotificationsRequest::default();
    let answer = house.handlers.list_notifications(by_person(member, [Role::Member], request));
    unwrapped(answer.await).unwrap().notifications
}

fn news(order: OrderId, kind: &str, version: u64) -> pb::NotifyRequest {
    pb::NotifyRequest {
        order_id: order.to_string(),
        order_version: version,
        order_number: 12,
        kind: kind.to_owned(),
        ..pb::NotifyRequest::default()
    }
}

#[tokio::test]
async fn everybody_concerned_is_told_once_by_name_and_by_role() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let ben = house.member("Ben", 0, [Role::Member, Role::Barista]).await;
    let eve = house.member("Eve", 0, [Role::Member, Role::Barista, Role::Admin]).await;
    let order = OrderId::new();
    let request = pb::NotifyRequest {
        // Ben twice: by name and by role; and somebody who is gone.
        member_ids: vec![ben.to_string(), MemberId::new().to_string()],
        roles: vec![wire_role(Role::Barista)],
        ..news(order, "queued", 2)
    };
    assert_eq!(notify(&house, request.clone()).await, 2);
    assert_eq!(notify(&house, request).await, 0, "nothing new");
    assert_eq!(told(&house, mia).await, []);
    for barista in [ben, eve] {
        let told = told(&house, barista).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].title, "#12 · New order");
        assert_eq!(told[0].order_id, order.to_string());
    }
    house.stop().await;
}

#[tokio::test]
async fn the_newer_replaces_the_older_whichever_comes_first() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let order = OrderId::new();
    let reason = |version, reason: &str| pb::NotifyRequest {
        member_ids: vec![mia.to_string()],
        reason: reason.to_owned(),
        ..news(order, "item-struck", version)
    };
    assert_eq!(notify(&house, reason(5, "no oat milk")).await, 1);
    assert_eq!(notify(&house, reason(7, "no milk at all")).await, 1);
    assert_eq!(notify(&house, reason(6, "late news")).await, 0);
    let told = told(&house, mia).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].body.ends_with("“no milk at all”"), "{}", told[0].body);
    house.stop().await;
}

#[tokio::test]
async fn a_list_pages_newest_first_without_gap_or_repeat() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let orders: Vec<OrderId> = (0..7).map(|_| OrderId::new()).collect();
    for order in &orders {
        let member_ids = vec![mia.to_string()];
        notify(&house, pb::NotifyRequest { member_ids, ..news(*order, "ready", 4) }).await;
    }
    let mut seen = vec![];
    let mut cursor = String::new();
    loop {
        let request = pb::ListNotificationsRequest { cursor, limit: 3 };
        let page = house.handlers.list_notifications(by_person(mia, [Role::Member], request)).await;
        let page = unwrapped(page).unwrap();
        seen.extend(page.notifications.into_iter().map(|notification| notification.order_id));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    let newest_first: Vec<String> = orders.iter().rev().map(OrderId::to_string).collect();
    assert_eq!(seen, newest_first);
    house.stop().await;
}

#[tokio::test]
async fn reasons_are_rows_and_never_events() {
    let house = House::start(Setup::default()).await;
    let mia = house.member("Mia", 0, [Role::Member]).await;
    let reason = "because the cat slept on the machine".to_owned();
    let member_ids = vec![mia.to_string()];
    notify(&house, pb::NotifyRequest { member_ids, reason, ..news(OrderId::new(), "declined", 3) })
        .await;
    let events: i64 = sqlx::query_scalar(
        "select count(*) from event_log where position('cat'::bytea in payload) > 0
            or position('Mia'::bytea in payload) > 0",
    )
    .fetch_one(house.pool())
    .await
    .unwrap();
    assert_eq!(events, 0);
    house.stop().await;
}

#[tokio::test]
async fn wrong_notifications_are_named_errors() {
    let house = House::start(Setup::default()).await;
    let good = news(OrderId::new(), "ready", 1);
    for wrong in [
        pb::NotifyRequest { order_id: "7".to_owned(), ..good.clone() },
        pb::NotifyRequest { kind: "Not a kind".to_owned(), ..good.clone() },
        pb::NotifyRequest { order_version: u64::MAX, ..good.clone() },
        pb::NotifyRequest { member_ids: vec!["Mia".to_owned()], ..good.clone() },
        pb::NotifyRequest { roles: vec![42], ..good.clone() },
        pb::NotifyRequest { reason: "x".repeat(301), ..good.clone() },
    ] {
        let answer = house.handlers.notify(by(Peer::OrderService, wrong.clone())).await;
        let error = unwrapped(answer).unwrap_err();
        assert_eq!(error.code, Code::InvalidRequest, "{wrong:?}");
        assert_eq!(error.fields.len(), 1);
    }
    house.stop().await;
}
