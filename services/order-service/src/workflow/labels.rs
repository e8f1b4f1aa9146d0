//! By what an order's workflow is found in Temporal's UI: search attributes, which
//! a namespace must know before a workflow may carry them.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use order_domain::Labels;
use temporalio_client::{Client, tonic};
use temporalio_common::{
    protos::temporal::api::{
        operatorservice::v1::{AddSearchAttributesRequest, ListSearchAttributesRequest},
        workflowservice::v1::CountWorkflowExecutionsRequest,
    },
    search_attributes::{SearchAttributeKey, SearchAttributeUpdate},
};

use super::link::{LinkError, within};

const STATE: SearchAttributeKey<String> = SearchAttributeKey::keyword("OrderState");
const NUMBER: SearchAttributeKey<i64> = SearchAttributeKey::int("OrderNumber");

/// A question that only one who knows them answers.
const USES_THEM: &str = "OrderState = 'placed' AND OrderNumber = 1";

/// How long one question may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// What a workflow that has these labels tells Temporal.
pub(super) fn updates(labels: Labels) -> [SearchAttributeUpdate; 2] {
    let Labels { state, number } = labels;
    [STATE.value_set(state.name().to_owned()), NUMBER.value_set(number.into())]
}

/// Whether the namespace knows them. A workflow that carried others could not go
/// on, so until then it goes without.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<AtomicBool>);

impl Known {
    pub(super) fn are(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// It is another namespace.
    pub(super) fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Makes them known where they are not. Where that is for others to do, orders
    /// are not found by them, and nothing else is missing. A question or three.
    pub(super) async fn make_known(&self, client: &Client, namespace: &str) {
        if self.are() {
            return;
        }
        match ensure(client, namespace).await {
            Ok(()) => self.0.store(true, Ordering::Relaxed),
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::debug!(error, "orders cannot be found by state and number yet");
            }
        }
    }
}

async fn ensure(client: &Client, namespace: &str) -> Result<(), LinkError> {
    let mut operator = client.connection().operator_service();
    let question = ListSearchAttributesRequest { namespace: namespace.to_owned() };
    let known = within(operator.list_search_attributes(with_deadline(question))).await?;
    let known = known.into_inner().custom_attributes;
    let ours = [
        (STATE.name().to_owned(), i32::from(STATE.indexed_value_type())),
        (NUMBER.name().to_owned(), i32::from(NUMBER.indexed_value_type())),
    ];
    let missing: HashMap<_, _> =
        ours.into_iter().filter(|(name, _)| !known.contains_key(name)).collect();
    if !missing.is_empty() {
        let request = AddSearchAttributesRequest {
            search_attributes: missing,
            namespace: namespace.to_owned(),
        };
        within(operator.add_search_attributes(with_deadline(request))).await?;
    }
    // Its caches may be behind: what it cannot be asked by, it does not take either.
    let question = CountWorkflowExecutionsRequest {
        namespace: namespace.to_owned(),
        query: USES_THEM.to_owned(),
    };
    let mut workflows = client.connection().workflow_service();
    within(workflows.count_workflow_executions(with_deadline(question))).await?;
    Ok(())
}

fn with_deadline<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(DEADLINE);
    request
}
