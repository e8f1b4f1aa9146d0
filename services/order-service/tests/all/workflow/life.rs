//! Every way through an order's life, with its workflow.

use chrono::Utc;
use order_service::{WaitSeconds, workflow};
use wire::order::v1::{self as pb, OrderState};

use super::{Managed, WAITS};
use crate::{
    house::{a, asking, because, in_seconds, on, until},
    workflow::replay::record,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_plain_way_is_told_at_each_step_and_ends() {
    let it = Managed::open(WAITS).await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    it.until_told(&order.id, &["queued"]).await;
    bert.accept(on(&order)).await.unwrap();
    bert.ready(on(&order)).await.unwrap();
    it.until_told(&order.id, &["queued", "ready"]).await;
    anna.pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 3).await;
    assert_eq!(it.told(&order.id), ["queued", "ready"]);
    {
        let books = it.house.customer.books();
        let ready = books.told.iter().find(|notice| notice.kind == "ready").unwrap();
        assert_eq!(ready.member_ids, [anna.id.to_string()]);
        assert_eq!(ready.order_number, order.number);
    }
    record(&it, "completed", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_fast_path_the_workflow_settles_and_queues() {
    let it = Managed::open(WAITS).await;
    it.house.service.app.leave_settling_to_the_workflow();
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    assert_eq!(it.house.customer.charged(&order.id), Some(3));
    bert.decline(because(&order, "the machine is broken")).await.unwrap();
    it.until_over(&order.id, OrderState::Declined, 0).await;
    assert_eq!(it.told(&order.id).last().unwrap(), "declined");
    record(&it, "settled_by_the_workflow_and_declined", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_accepts_expires_and_costs_nothing() {
    let it = Managed::open(WaitSeconds { wait_queued: 6, ..WAITS }).await;
    let order = it.house.member().orders_a_flat_white().await;
    it.until_over(&order.id, OrderState::Expired, 0).await;
    assert_eq!(it.told(&order.id), ["queued", "expired"]);
    record(&it, "expired", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_finishes_is_reminded_of_then_cancelled() {
    let waits = WaitSeconds { wait_preparing_remind: 3, wait_preparing: 9, ..WAITS };
    let it = Managed::open(waits).await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    it.until_told(&order.id, &["queued"]).await;
    bert.accept(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Cancelled, 0).await;
    assert_eq!(it.told(&order.id), ["queued", "remind", "cancelled"]);
    {
        let books = it.house.customer.books();
        let remind = books.told.iter().find(|notice| notice.kind == "remind").unwrap();
        assert_eq!(remind.member_ids, [bert.id.to_string()]);
        assert_eq!(remind.roles, [i32::from(wire::customer::v1::Role::Admin)]);
    }
    record(&it, "reminded_and_cancelled", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_fetches_is_paid_and_may_still_be_fetched_or_forgiven() {
    let it = Managed::open(WaitSeconds { wait_ready: 6, ..WAITS }).await;
    let (anna, bert, cora) = (it.house.member(), it.house.barista(), it.house.admin());
    let order = anna.orders_a_flat_white().await;
    it.until_told(&order.id, &["queued"]).await;
    bert.ready(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Uncollected, 3).await;
    assert_eq!(it.told(&order.id), ["queued", "ready", "uncollected"]);
    anna.pick_up(on(&order)).await.unwrap();
    it.until_signalled().await;
    it.until_over(&order.id, OrderState::Completed, 3).await;
    // Forgiving opens it again, for as long as it takes to give the beans back.
    cora.forgive(on(&order)).await.unwrap();
    it.until_signalled().await;
    it.until_over(&order.id, OrderState::Completed, 0).await;
    assert_eq!(record(&it, "uncollected_then_forgiven", &order.id).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn recalled_and_ready_again_is_told_again() {
    let it = Managed::open(WAITS).await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    it.until_told(&order.id, &["queued"]).await;
    bert.accept(on(&order)).await.unwrap();
    bert.release(on(&order)).await.unwrap();
    it.until_told(&order.id, &["queued", "queued"]).await;
    bert.ready(on(&order)).await.unwrap();
    it.until_told(&order.id, &["queued", "queued", "ready"]).await;
    bert.recall(on(&order)).await.unwrap();
    bert.ready(on(&order)).await.unwrap();
    it.until_told(&order.id, &["queued", "queued", "ready", "ready"]).await;
    bert.pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 3).await;
    record(&it, "recalled", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amended_and_cancelled_gives_back_what_was_paid() {
    let it = Managed::open(WAITS).await;
    let anna = it.house.member();
    let order = anna.orders_a_flat_white().await;
    it.until_told(&order.id, &["queued"]).await;
    let amend = pb::AmendOrderRequest {
        id: order.id.clone(),
        version: 0,
        items: vec![a("flat-white"), a("cortado")],
    };
    anna.amend(amend).await.unwrap();
    it.until_told(&order.id, &["queued", "queued"]).await;
    assert_eq!(it.house.customer.charged(&order.id), Some(5));
    anna.cancel(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Cancelled, 0).await;
    record(&it, "amended_and_cancelled", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_order_waits_for_its_time_and_is_made_then() {
    let it = Managed::open(WAITS).await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let due = in_seconds(6);
    let request = pb::PlaceOrderRequest { not_before: Some(due), ..asking(vec![a("cortado")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    assert_eq!((order.state(), order.owed_beans), (OrderState::Held, 0));
    it.until_managed(&order.id).await;
    it.until_told(&order.id, &["queued"]).await;
    assert!(Utc::now().timestamp() >= due.seconds);
    bert.ready(on(&order)).await.unwrap();
    bert.pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 2).await;
    record(&it, "held", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_child_asks_for_is_told_to_the_guardian_and_made_once_they_agree() {
    let it = Managed::open(WAITS).await;
    let (dan, mia, bert) = (it.house.member(), it.house.member(), it.house.barista());
    it.house.customer.limits(dan.id, &[mia.id], crate::children::drinks(0));
    let request = pb::PlaceOrderRequest { ask_guardian: true, ..asking(vec![a("cortado")]) };
    let order = dan.ask_place(request).await.unwrap().order.unwrap();
    it.until_told(&order.id, &["approval"]).await;
    {
        let books = it.house.customer.books();
        let asked = books.told.iter().find(|notice| notice.kind == "approval").unwrap();
        assert_eq!(asked.member_ids, [mia.id.to_string()]);
        assert_eq!(asked.reason, "no drinks a day are allowed, and there was none today");
    }
    mia.approve(on(&order)).await.unwrap();
    it.until_told(&order.id, &["approval", "queued"]).await;
    bert.ready(on(&order)).await.unwrap();
    dan.pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 2).await;
    record(&it, "approved", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_a_childs_question_is_declined_kindly() {
    let it = Managed::open(WaitSeconds { wait_approval: 5, ..WAITS }).await;
    let (dan, mia) = (it.house.member(), it.house.member());
    it.house.customer.limits(dan.id, &[mia.id], crate::children::drinks(0));
    let request = pb::PlaceOrderRequest { ask_guardian: true, ..asking(vec![a("cortado")]) };
    let order = dan.ask_place(request).await.unwrap().order.unwrap();
    it.until_over(&order.id, OrderState::Declined, 0).await;
    assert_eq!(it.told(&order.id), ["approval", "declined"]);
    let says = dan.get(&order.id).await.unwrap().reason;
    assert_eq!(says, "Sorry, nobody could say yes in time. Nothing was charged.");
    record(&it, "not_approved", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_is_rejected_and_told() {
    let it = Managed::open(WAITS).await;
    it.house.service.app.leave_settling_to_the_workflow();
    let anna = it.house.member();
    it.house.customer.books().balances.insert(anna.id.to_string(), 1);
    let order = anna.orders(vec![a("flat-white")]).await.unwrap();
    assert_eq!(order.state(), OrderState::Rejected);
    it.until_over(&order.id, OrderState::Rejected, 0).await;
    assert_eq!(it.told(&order.id), ["rejected"]);
    record(&it, "rejected", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_once_a_week_is_done_by_schedules() {
    let it = Managed::open(WAITS).await;
    until("granted and summed up", async || {
        let books = it.house.customer.books();
        (books.granted > 0 && books.summed_up > 0).then_some(())
    })
    .await;
    for (weekly, when) in
        [(workflow::ALLOWANCES, "Mon 00:05"), (workflow::FAMILY_WEEK, "Mon 04:30")]
    {
        let schedule = it.client.get_schedule_handle(weekly.id);
        let description = schedule.describe(Default::default()).await.unwrap();
        let next = description.future_action_times();
        let next = chrono::DateTime::<Utc>::from(*next.first().unwrap());
        let local = next.with_timezone(&chrono_tz::Europe::Berlin);
        assert_eq!(local.format("%a %H:%M").to_string(), when, "{}", weekly.id);
    }
}
