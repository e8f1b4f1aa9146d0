//! What gets lost is found: a workflow, the way to Temporal, all that Temporal had.

use chrono::{DateTime, TimeDelta, Utc};
use order_service::{
    WaitSeconds,
    workflow::{ALLOWANCES, OrderWorkflow},
};
use temporalio_client::{WorkflowExecutionStatus, tonic};
use temporalio_common::protos::temporal::api::operatorservice::v1::DeleteNamespaceRequest;
use wire::order::v1::{self as pb, OrderState};

use super::{Managed, WAITS, on_a_namespace_of_its_own};
use crate::{
    house::{Temporal, host_of, until},
    line::Line,
};

/// Long enough for whatever comes before it.
const EXPIRES_SOON: WaitSeconds = WaitSeconds { wait_queued: 8, ..WAITS };

impl Managed {
    /// An order that nobody looks after any more: Temporal knows all that happened to
    /// it, its workflow was terminated, and its time is over.
    async fn abandoned(&self) -> pb::Order {
        let order = self.house.member().orders_a_flat_white().await;
        self.until_told(&order.id, &["queued"]).await;
        self.until_signalled().await;
        let handle = self.client.get_workflow_handle::<OrderWorkflow>(order.id.clone());
        handle.terminate(Default::default()).await.unwrap();
        let deadline = order.deadline.unwrap();
        let deadline = DateTime::from_timestamp(deadline.seconds, 0).unwrap();
        until("its time is over", async || {
            (Utc::now() > deadline + TimeDelta::seconds(2)).then_some(())
        })
        .await;
        order
    }

    /// Nobody has come to look after this one.
    async fn nobody_comes_for(&self, order: &pb::Order) {
        assert_eq!(self.state(&order.id).await, OrderState::Queued);
        let status = self.status(&order.id).await;
        assert_eq!(status, Some(WorkflowExecutionStatus::Terminated));
    }

    async fn is_scheduled(&self) -> bool {
        let schedule = self.client.get_schedule_handle(ALLOWANCES.id);
        schedule.describe(Default::default()).await.is_ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_workflow_was_terminated_is_found_when_the_service_starts() {
    let it = Managed::unswept(EXPIRES_SOON).await;
    let order = it.abandoned().await;
    it.nobody_comes_for(&order).await;
    let it = it.restart(EXPIRES_SOON).await;
    it.until_over(&order.id, OrderState::Expired, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_workflow_was_terminated_is_found_by_the_next_round() {
    let temporal = Temporal { round_seconds: 1, ..on_a_namespace_of_its_own().await };
    let it = Managed::on(temporal, EXPIRES_SOON).await;
    let order = it.abandoned().await;
    it.until_over(&order.id, OrderState::Expired, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_way_to_temporal_opens_again_what_is_overdue_is_looked_for() {
    let temporal = on_a_namespace_of_its_own().await;
    let line = Line::to(host_of(&temporal.url)).await;
    let url = format!("http://{}", line.address);
    let temporal = Temporal { url, round_seconds: 3_600, ..temporal };
    let it = Managed::on(temporal, EXPIRES_SOON).await;
    let order = it.abandoned().await;
    it.nobody_comes_for(&order).await;
    line.cut();
    until("degraded", async || {
        it.house.runtime.health.report().degraded.contains(&"temporal").then_some(())
    })
    .await;
    line.mend();
    it.until_over(&order.id, OrderState::Expired, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_gone_is_made_again() {
    let temporal = Temporal { round_seconds: 1, ..on_a_namespace_of_its_own().await };
    let it = Managed::on(temporal, WAITS).await;
    until("granted", async || (it.house.customer.books().granted == 1).then_some(())).await;
    let schedule = it.client.get_schedule_handle(ALLOWANCES.id);
    schedule.delete(Default::default()).await.unwrap();
    // A new one grants at once; many rounds with the first did not.
    until("granted", async || (it.house.customer.books().granted == 2).then_some(())).await;
    assert!(it.is_scheduled().await);
}

/// As one that restarts with an empty database, sooner than anybody feels its pulse:
/// it answers all the time. (Right after a pulse, so that its caches have forgotten the
/// old namespace at the next.)
#[tokio::test(flavor = "multi_thread")]
async fn a_temporal_that_lost_everything_in_a_moment_gets_its_schedule_again() {
    let it = Managed::unswept(WAITS).await;
    until("scheduled", async || it.is_scheduled().await.then_some(())).await;
    let delete = DeleteNamespaceRequest {
        namespace: it.temporal.namespace.clone(),
        ..DeleteNamespaceRequest::default()
    };
    let mut operator = it.client.connection().operator_service();
    operator.delete_namespace(tonic::Request::new(delete)).await.unwrap();
    until("gone", async || (!it.is_scheduled().await).then_some(())).await;
    until("scheduled again", async || it.is_scheduled().await.then_some(())).await;
    assert!(!it.house.runtime.health.report().degraded.contains(&"temporal"));
}
