//! The process manager on a real Temporal: the development server for what
//! happens, the one whose clock skips for what the clock does, recorded
//! histories for what must not change.

mod bad_days;
mod clock;
mod labels;
mod life;
mod lost;
mod replay;
mod steps;

use order_service::{WaitSeconds, workflow::OrderWorkflow};
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, Url, WorkflowExecutionStatus,
};
use wire::order::v1 as pb;

use crate::house::{House, Temporal, WAITS, until};

/// A house whose Temporal is there, and a view of it.
struct Managed {
    house: House,
    client: Client,
    temporal: Temporal,
}

impl Managed {
    /// On the development server, in a namespace of its own.
    async fn open(waits: WaitSeconds) -> Self {
        Self::on(on_a_namespace_of_its_own().await, waits).await
    }

    /// The same, where the sweep leaves everybody alone after its first round.
    async fn unswept(waits: WaitSeconds) -> Self {
        let temporal = Temporal { round_seconds: 3_600, ..on_a_namespace_of_its_own().await };
        Self::on(temporal, waits).await
    }

    async fn on(temporal: Temporal, waits: WaitSeconds) -> Self {
        let options = ConnectionOptions::new(Url::parse(&temporal.url).unwrap()).build();
        let connection = Connection::connect(options).await.unwrap();
        let options = ClientOptions::new(temporal.namespace.clone()).build();
        let client = Client::new(connection, options).unwrap();
        let house = House::with_temporal(waits, temporal.clone()).await;
        Self { house, client, temporal }
    }

    /// The service stops and starts again; Temporal keeps what it has.
    async fn restart(self, waits: WaitSeconds) -> Self {
        let Self { house, client, temporal } = self;
        Self { house: house.restart_with(waits).await, client, temporal }
    }

    async fn status(&self, order: &str) -> Option<WorkflowExecutionStatus> {
        let handle = self.client.get_workflow_handle::<OrderWorkflow>(order);
        handle.describe(Default::default()).await.ok().map(|run| run.status())
    }

    /// Waits until Temporal was told of everything that has happened so far.
    async fn until_signalled(&self) {
        until("told of everything", async || {
            let behind: bool = sqlx::query_scalar(
                "select exists (select 1 from event_log e
                          where e.position is null or e.position > coalesce(
                                (select position from relay_cursor where receiver = 'workflow'), 0))",
            )
            .fetch_one(&self.house.pool)
            .await
            .unwrap();
            (!behind).then_some(())
        })
        .await;
    }

    /// Waits until a workflow runs for this order.
    async fn until_managed(&self, order: &str) {
        until("managed", async || {
            (self.status(order).await == Some(WorkflowExecutionStatus::Running)).then_some(())
        })
        .await;
    }

    /// Waits until the order's workflow has come to its end, as it should.
    async fn until_ended(&self, order: &str) {
        let status = until("ended", async || {
            self.status(order).await.filter(|status| *status != WorkflowExecutionStatus::Running)
        })
        .await;
        assert_eq!(status, WorkflowExecutionStatus::Completed);
    }

    /// Tells the workflow once more what it may know already.
    async fn signal(&self, order: &str) {
        let handle = self.client.get_workflow_handle::<OrderWorkflow>(order);
        let _ = handle.signal(OrderWorkflow::look, (), Default::default()).await;
    }

    /// Waits until these kinds, and nothing else, were told of an order, in this order.
    async fn until_told(&self, order: &str, kinds: &[&str]) {
        until(&format!("told {kinds:?}"), async || {
            let told = self.told(order);
            assert!(told.len() <= kinds.len(), "{told:?}");
            (told == kinds).then_some(())
        })
        .await;
    }

    /// What was told of an order, in order.
    fn told(&self, order: &str) -> Vec<String> {
        let books = self.house.customer.books();
        let of_it = books.told.iter().filter(|notice| notice.order_id == order);
        of_it.map(|notice| notice.kind.clone()).collect()
    }

    /// Closed in the database, its workflow ended, and the ledger as it should be.
    async fn until_over(&self, order: &str, state: pb::OrderState, charged: i64) {
        crate::settling::until_closed(&self.house, order).await;
        self.until_ended(order).await;
        assert_eq!(self.state(order).await, state);
        assert_eq!(self.house.customer.charged(order).unwrap_or(0), charged);
    }

    /// The state that the database has.
    async fn state(&self, order: &str) -> pb::OrderState {
        let id: types::OrderId = order.parse().unwrap();
        let state = self.house.service.app.order(id).await.unwrap().state;
        let name = format!("ORDER_STATE_{}", state.kind().name().to_uppercase());
        pb::OrderState::from_str_name(&name).unwrap()
    }

    /// Waits until the database has this state.
    async fn until_state(&self, order: &str, state: pb::OrderState) {
        until(state.as_str_name(), async || (self.state(order).await == state).then_some(())).await;
    }
}

async fn on_a_namespace_of_its_own() -> Temporal {
    let namespace = test_kit::Namespace::register("orders").await.unwrap();
    Temporal::at(test_kit::engines().temporal_url, namespace.name())
}
