//! Telling an order's workflow to look: the log's receiver "workflow".

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt as _;
use order_domain::What;
use outbox::{Position, Record, Undelivered};
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
            | Code::PermissionDenied
            | Code::Unimplemented
            // The namespace is not there yet.
            | Code::NotFound => Self::Away(Some(error)),
            Code::InvalidArgument | Code::OutOfRange => Self::Refused(error),
            Code::Ok
            | Code::Unknown
            | Code::AlreadyExists
            | Code::FailedPrecondition
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

    /// What came of a batch in which each order stands with the position of its
    /// first event: the first that must be told again, and why.
    fn judge(
        &mut self,
        orders: &BTreeMap<OrderId, Position>,
        results: Vec<(OrderId, Result<(), LookError>)>,
    ) -> Option<(Position, LookError)> {
        let others_were_told = results.iter().any(|(_, result)| result.is_ok());
        let mut first: Option<(Position, LookError)> = None;
        for (order, result) in results {
            let Err(error) = result else {
                self.failures.remove(&order);
                continue;
            };
            if self.sets_aside(order, &error, others_were_told) {
                self.failures.remove(&order);
                self.looker.meters.set_aside();
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(order.id = %order, error, "set aside: its workflow was not told");
                continue;
            }
            let position = orders[&order];
            if first.as_ref().is_none_or(|(first, _)| position < *first) {
                first = Some((position, error));
            }
        }
        if first.is_none() {
            self.failures.clear();
        }
        first
    }

    /// Whether this failure ends here: the order is left to the sweep, which
    /// comes to it when its time is up. (What is closed has no time any more:
    /// then only what it would have told is lost.) A failure of all says nothing
    /// about one.
    fn sets_aside(&mut self, order: OrderId, error: &LookError, others_were_told: bool) -> bool {
        if let LookError::Refused(_) = error {
            return true;
        }
        let tries = self.failures.entry(order).or_default();
        *tries += u32::from(others_were_told);
        *tries >= TRIES
    }
}

/// The last position before one of a batch's; none: it is the first.
fn up_to(batch: impl IntoIterator<Item = Position>, first_failed: Position) -> Option<Position> {
    batch.into_iter().take_while(|position| *position < first_failed).last()
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
        match self.judge(&orders, results) {
            None => Ok(()),
            Some((first, error)) => {
                let up_to = up_to(batch.iter().map(|record| record.position), first);
                Err(Undelivered { up_to, cause: error.into() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver() -> Receiver {
        let (_, link) = watch::channel(None);
        Receiver::new(Looker { link, task_queue: String::new(), meters: Meters::new() })
    }

    fn failure(code: tonic::Code) -> LookError {
        WorkflowStartError::from(tonic::Status::new(code, "on a bad day")).into()
    }

    #[test]
    fn a_failure_of_everybody_sets_nobody_aside() {
        let mut receiver = receiver();
        let order = OrderId::new();
        for _ in 0..10 * TRIES {
            for code in [tonic::Code::Internal, tonic::Code::Unknown, tonic::Code::Unavailable] {
                assert!(!receiver.sets_aside(order, &failure(code), false), "{code}");
            }
        }
    }

    #[test]
    fn an_order_that_fails_alone_is_set_aside_after_some_tries_and_a_refused_one_at_once() {
        let mut receiver = receiver();
        for code in [tonic::Code::Internal, tonic::Code::DeadlineExceeded] {
            let order = OrderId::new();
            let tries: Vec<_> =
                (0..TRIES).map(|_| receiver.sets_aside(order, &failure(code), true)).collect();
            assert_eq!(tries, [false, false, false, false, true], "{code}");
        }
        let refused = failure(tonic::Code::InvalidArgument);
        assert!(receiver.sets_aside(OrderId::new(), &refused, false));
    }

    #[test]
    fn delivery_goes_on_at_the_first_order_that_was_not_told() {
        let mut receiver = receiver();
        let orders: BTreeMap<_, _> =
            (11..=14).map(|position| (OrderId::new(), Position::new(position))).collect();
        let batch = || (10..=15).map(Position::new);
        let results = |told: fn(i64) -> bool| {
            let result = |position: Position| {
                if told(position.get()) { Ok(()) } else { Err(failure(tonic::Code::Internal)) }
            };
            orders.iter().map(|(order, position)| (*order, result(*position))).collect()
        };
        assert!(receiver.judge(&orders, results(|_| true)).is_none());
        let (first, _) = receiver.judge(&orders, results(|position| position < 13)).unwrap();
        assert_eq!(up_to(batch(), first), Some(Position::new(12)));
        assert_eq!(up_to(batch(), Position::new(10)), None);
        // At last it is set aside, and the rest is delivered.
        let only_one_fails = || results(|position| position != 11);
        for _ in 1..TRIES {
            let (first, _) = receiver.judge(&orders, only_one_fails()).unwrap();
            assert_eq!(up_to(batch(), first), Some(Position::new(10)));
        }
        assert!(receiver.judge(&orders, only_one_fails()).is_none());
    }
}
