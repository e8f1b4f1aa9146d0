//! Telling an order's workflow to look: the log's receiver "workflow".

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt as _;
use order_domain::What;
use outbox::{Record, Undelivered};
use temporalio_client::{
    Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions,
    errors::WorkflowStartError, tonic,
};
use tokio::sync::watch;
use types::OrderId;

use super::{link, meters::Meters, order::OrderWorkflow};

/// How long one signal may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// How many signals are under way at once.
pub(super) const AT_ONCE: usize = 8;
/// How often an order may fail alone before it is left to the sweep.
const TRIES: u32 = 5;

/// Tells workflows to look. Cheap to clone.
#[derive(Clone)]
pub(super) struct Looker {
    pub(super) link: watch::Receiver<Option<Client>>,
    pub(super) task_queue: String,
    pub(super) meters: Meters,
}

/// Why a workflow could not be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    /// Temporal is away, or was too slow: nobody can be told.
    #[error("Temporal is away")]
    Away(#[source] Option<WorkflowStartError>),
    /// Something is wrong with this one; maybe not for ever.
    #[error("the workflow could not be told")]
    Failed(#[source] WorkflowStartError),
    /// Trying again would not help.
    #[error("the workflow was refused")]
    Refused(#[source] WorkflowStartError),
}

impl LookError {
    const fn name(&self) -> &'static str {
        match self {
            Self::Away(_) => "away",
            Self::Failed(_) => "failed",
            Self::Refused(_) => "refused",
        }
    }
}

impl From<WorkflowStartError> for LookError {
    fn from(error: WorkflowStartError) -> Self {
        use tonic::Code;
        let WorkflowStartError::Rpc(status) = &error else { return Self::Refused(error) };
        match status.code() {
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::ResourceExhausted
            | Code::Unauthenticated
            // The namespace is not there yet.
            | Code::NotFound => Self::Away(Some(error)),
            Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::PermissionDenied
            | Code::OutOfRange
            | Code::Unimplemented => Self::Refused(error),
            Code::Ok
            | Code::Unknown
            | Code::AlreadyExists
            | Code::Aborted
            | Code::Internal
            | Code::DataLoss => Self::Failed(error),
        }
    }
}

impl Looker {
    /// Tells the order's workflow to look, and starts it where none runs: also
    /// one that has ended (a drink may be fetched late). One RPC with a deadline.
    pub(super) async fn look(&self, order: OrderId) -> Result<(), LookError> {
        let client = self.link.borrow().clone();
        let result = match client {
            None => Err(LookError::Away(None)),
            Some(client) => self.tell(&client, order).await,
        };
        self.meters.signalled(result.as_ref().map_or_else(LookError::name, |()| "told"));
        result
    }

    async fn tell(&self, client: &Client, order: OrderId) -> Result<(), LookError> {
        let id = order.to_string();
        let options = WorkflowStartOptions::new(self.task_queue.clone(), id.clone())
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
            .rpc_options(link::rpc(DEADLINE))
            .build();
        let told = client.signal_with_start_workflow(
            OrderWorkflow::run,
            id,
            OrderWorkflow::look,
            (),
            options,
        );
        match tokio::time::timeout(DEADLINE, told).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(LookError::Away(None)),
        }
    }

    /// Several at once; answers what each came to.
    pub(super) async fn look_at_all(
        &self,
        orders: impl IntoIterator<Item = OrderId>,
    ) -> Vec<(OrderId, Result<(), LookError>)> {
        futures::stream::iter(orders)
            .map(|order| async move { (order, self.look(order).await) })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }
}

/// The log's receiver: one signal per order of a batch, however many events.
pub(super) struct Receiver {
    looker: Looker,
    /// How often an order failed while others did not.
    failures: HashMap<OrderId, u32>,
}

impl Receiver {
    pub(super) fn new(looker: Looker) -> Self {
        Self { looker, failures: HashMap::new() }
    }

    /// Whether this failure ends here: the order is left to the sweep, which
    /// comes to it when its time is up. (What is closed has no time any more:
    /// then only what it would have told is lost.)
    fn sets_aside(&mut self, order: OrderId, error: &LookError, others_were_told: bool) -> bool {
        let alone = match error {
            LookError::Refused(_) => return true,
            LookError::Failed(_) => true,
            LookError::Away(_) => others_were_told,
        };
        let tries = self.failures.entry(order).or_default();
        *tries += u32::from(alone);
        *tries >= TRIES
    }
}

impl outbox::Receiver for Receiver {
    async fn deliver(&mut self, batch: &[Arc<Record>]) -> Result<(), Undelivered> {
        // Each order with the position of its first event: what is not told stops there.
        let mut orders = BTreeMap::new();
        for record in batch {
            if What::concerns_the_workflow(&record.kind)
                && let Ok(order) = record.stream_key.parse::<OrderId>()
            {
                orders.entry(order).or_insert(record.position);
            }
        }
        let results = self.looker.look_at_all(orders.keys().copied()).await;
        let told = results.iter().filter(|(_, result)| result.is_ok()).count();
        let mut failed = None;
        for (order, result) in results {
            let Err(error) = result else {
                self.failures.remove(&order);
                continue;
            };
            if self.sets_aside(order, &error, told > 0) {
                self.failures.remove(&order);
                self.looker.meters.set_aside();
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(order.id = %order, error, "set aside: its workflow was not told");
                continue;
            }
            let position = orders[&order];
            if failed.as_ref().is_none_or(|(first, _)| position < *first) {
                failed = Some((position, error));
            }
        }
        match failed {
            None => {
                self.failures.clear();
                Ok(())
            }
            Some((first, error)) => {
                let before = batch.iter().map(|record| record.position);
                let up_to = before.take_while(|position| *position < first).last();
                Err(Undelivered { up_to, cause: error.into() })
            }
        }
    }
}
