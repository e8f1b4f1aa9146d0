//! Workflows that customer-service keeps waiting, that are told too often, and that
//! are interrupted.

use order_service::{
    WaitSeconds,
    workflow::{OrderWorkflow, TASK_QUEUE},
};
use temporalio_client::{UntypedWorkflow, WorkflowExecutionStatus, WorkflowStartOptions};
use temporalio_common::data_converters::RawValue;
use wire::order::v1::{self as pb, OrderState};

use super::{Managed, WAITS};
use crate::{
    house::{a, asking, on, until},
    workflow::replay::record,
};

#[tokio::test(flavor = "multi_thread")]
async fn each_step_waits_for_customer_service_and_goes_on() {
    let it = Managed::open(WAITS).await;
    it.house.service.app.leave_settling_to_the_workflow();
    let (anna, bert) = (it.house.member(), it.house.barista());
    let away = |away| it.house.customer.books().away = away;
    // Until it was tried, and tried again.
    let in_vain = async |method: &str| {
        let before = it.house.customer.calls_of(method).len();
        let tried = async || (it.house.customer.calls_of(method).len() > before + 1).then_some(());
        until("tried in vain", tried).await;
    };

    // Settling and queueing.
    it.house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("flat-white")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    in_vain("Settle").await;
    assert_eq!(it.state(&order.id).await, OrderState::Placed);
    away(false);
    it.until_told(&order.id, &["queued"]).await;
    // Telling.
    away(true);
    bert.accept(on(&order)).await.unwrap();
    bert.ready(on(&order)).await.unwrap();
    in_vain("Notify").await;
    away(false);
    it.until_told(&order.id, &["queued", "ready"]).await;
    bert.recall(on(&order)).await.unwrap();
    // Giving back.
    away(true);
    let cancel = crate::house::because(&order, "spilt");
    bert.cancel(cancel).await.unwrap();
    in_vain("Settle").await;
    away(false);
    it.until_over(&order.id, OrderState::Cancelled, 0).await;
    assert_eq!(it.told(&order.id), ["queued", "ready", "cancelled"]);
    record(&it, "customer_service_away", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_beans_in_time_it_is_rejected_and_nothing_stays_charged() {
    let it = Managed::open(WaitSeconds { wait_placed: 6, ..WAITS }).await;
    it.house.service.app.leave_settling_to_the_workflow();
    let anna = it.house.member();
    it.house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("flat-white")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    it.until_state(&order.id, OrderState::Rejected).await;
    it.house.customer.books().away = false;
    it.until_over(&order.id, OrderState::Rejected, 0).await;
    assert_eq!(it.told(&order.id), ["rejected"]);
    record(&it, "rejected_in_time", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn telling_it_ten_times_changes_nothing() {
    let it = Managed::open(WAITS).await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    let tell = async || {
        for _ in 0..10 {
            it.signal(&order.id).await;
        }
    };
    it.until_told(&order.id, &["queued"]).await;
    tell().await;
    bert.accept(on(&order)).await.unwrap();
    tell().await;
    bert.ready(on(&order)).await.unwrap();
    tell().await;
    it.until_told(&order.id, &["queued", "ready"]).await;
    tell().await;
    anna.pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 3).await;
    assert_eq!(it.told(&order.id), ["queued", "ready"]);
    {
        let books = it.house.customer.books();
        assert!(books.asked.iter().all(|asked| asked.revision == 1), "{:?}", books.asked);
        assert_eq!(books.balances[&anna.id.to_string()], 997);
    }
    record(&it, "told_often", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_at_each_step_loses_nothing() {
    let it = Managed::unswept(WAITS).await;
    // Placed, and its workflow is at it.
    let anna = it.house.member();
    it.house.lose_customer_service().await;
    let request = pb::PlaceOrderRequest { wait_ms: 0, ..asking(vec![a("flat-white")]) };
    let order = anna.ask_place(request).await.unwrap().order.unwrap();
    it.until_managed(&order.id).await;
    let it = it.restart(WAITS).await;
    it.house.customer.books().away = false;
    // Queued, and told.
    it.until_told(&order.id, &["queued"]).await;
    let it = it.restart(WAITS).await;
    // In the making, which its workflow has heard of or not.
    it.house.barista().accept(on(&order)).await.unwrap();
    it.until_signalled().await;
    let it = it.restart(WAITS).await;
    // Ready, and told.
    it.house.admin().ready(on(&order)).await.unwrap();
    it.until_told(&order.id, &["queued", "ready"]).await;
    assert_eq!(it.status(&order.id).await, Some(WorkflowExecutionStatus::Running));
    let it = it.restart(WAITS).await;
    it.house.barista().pick_up(on(&order)).await.unwrap();
    it.until_signalled().await;
    let it = it.restart(WAITS).await;
    it.until_over(&order.id, OrderState::Completed, 3).await;
    assert_eq!(it.told(&order.id), ["queued", "ready"]);
    record(&it, "restarted", &order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_cannot_go_on_is_counted_and_holds_up_nobody() {
    let it = Managed::open(WAITS).await;
    let input = RawValue::new(vec![]);
    let options = WorkflowStartOptions::new(TASK_QUEUE, "not-an-order").build();
    let name = "OrderWorkflow";
    it.client.start_workflow(UntypedWorkflow::new(name), input, options).await.unwrap();
    until("counted", async || {
        let text = runtime::telemetry::metrics_text();
        let mut lines = text.lines();
        lines.any(|line| line.starts_with("temporal_workflow_task_execution_failed")).then_some(())
    })
    .await;
    let (anna, bert) = (it.house.member(), it.house.barista());
    let order = anna.orders_a_flat_white().await;
    bert.ready(on(&order)).await.unwrap();
    anna.pick_up(on(&order)).await.unwrap();
    it.until_over(&order.id, OrderState::Completed, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_of_an_order_that_is_not_there_ends() {
    let it = Managed::open(WAITS).await;
    let nobody = types::OrderId::new().to_string();
    for id in [nobody.as_str(), "nonsense"] {
        let options = WorkflowStartOptions::new(TASK_QUEUE, id).build();
        it.client.start_workflow(OrderWorkflow::run, id.to_owned(), options).await.unwrap();
        it.until_ended(id).await;
    }
}
