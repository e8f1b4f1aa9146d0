//! The way to Temporal: it is there when it can be, and nothing waits for it.

use std::time::Duration;

use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, RegisterNamespaceOptions, RpcOptions,
    Url, errors::ClientConnectError, tonic,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::labels;

/// Where Temporal is, and which part of it is ours.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `http://host:7233`.
    pub url: String,
    pub namespace: String,
    pub task_queue: String,
    /// The family's: when its week begins.
    pub time_zone: chrono_tz::Tz,
    /// How often what may have been lost is looked for: overdue orders, the schedule.
    pub rounds: Duration,
}

/// The task queue of the orders' workflows.
pub const TASK_QUEUE: &str = "orders";

/// How long one attempt to connect, and one question, may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// How often it is asked whether it is still there.
const PULSE: Duration = Duration::from_secs(5);
/// The longest between two attempts to connect.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// How long the histories of closed orders are kept; the database has the orders for ever.
const RETENTION: Duration = Duration::from_secs(3 * 24 * 3600);

/// Why there is no way to Temporal.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("the address of Temporal is not a URL: {0}")]
    Url(String),
    #[error("connect to Temporal")]
    Connect(#[from] ClientConnectError),
    #[error("Temporal did not answer in time")]
    TooSlow,
    #[error("make a client of Temporal: {0}")]
    Client(String),
    #[error("Temporal answered {0}")]
    Answer(#[from] tonic::Status),
}

/// One attempt to connect.
pub(super) async fn connect(settings: &Settings, identity: &str) -> Result<Client, LinkError> {
    let url = Url::parse(&settings.url).map_err(|error| LinkError::Url(error.to_string()))?;
    let options =
        ConnectionOptions::new(url).identity(identity.to_owned()).connect_timeout(DEADLINE).build();
    let connection = tokio::time::timeout(DEADLINE, Connection::connect(options))
        .await
        .map_err(|_| LinkError::TooSlow)??;
    Client::new(connection, ClientOptions::new(settings.namespace.clone()).build())
        .map_err(|error| LinkError::Client(error.to_string()))
}

/// A question with a deadline and without retries: whoever asks knows what to do then.
pub(super) fn rpc(deadline: Duration) -> RpcOptions {
    RpcOptions::builder()
        .timeout(deadline)
        .retry_options(temporalio_client::RetryOptions::no_retries())
        .build()
}

/// Keeps the way open and says whether it is: connects, makes the namespace where
/// it is missing, then feels its pulse. It opens anew, too, when the namespace is
/// another one than before: a Temporal that lost its data may be back sooner than
/// anybody noticed that it was gone.
pub(super) async fn keep(
    settings: Settings,
    link: watch::Sender<Option<Client>>,
    labels: labels::Known,
    part: runtime::health::Part,
    draining: CancellationToken,
) -> anyhow::Result<()> {
    let mut known: Option<Client> = None;
    let mut namespace = String::new();
    let mut failures = 0_u32;
    loop {
        let attempt = async {
            let client = match &known {
                Some(client) => client.clone(),
                None => connect(&settings, "order-service").await?,
            };
            let namespace = feel_pulse(&client, &settings.namespace).await?;
            Ok::<_, LinkError>((client, namespace))
        };
        let pause = match draining.run_until_cancelled(attempt).await {
            None => return Ok(()),
            Some(Ok((client, is))) => {
                failures = 0;
                part.up();
                let another = is != namespace;
                namespace = is;
                if another {
                    labels.forget();
                }
                link.send_if_modified(|before| before.replace(client.clone()).is_none() || another);
                let naming = labels.make_known(&client, &settings.namespace);
                if draining.run_until_cancelled(naming).await.is_none() {
                    return Ok(());
                }
                known = Some(client);
                PULSE
            }
            Some(Err(error)) => {
                failures += 1;
                part.down(format!("{:#}", anyhow::Error::from(error)));
                link.send_if_modified(|before| before.take().is_some());
                (Duration::from_millis(250) * 2_u32.pow(failures.min(6))).min(LONGEST_BACKOFF)
            }
        };
        if draining.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return Ok(());
        }
    }
}

/// The id of our namespace, which is made where it is missing.
async fn feel_pulse(client: &Client, namespace: &str) -> Result<String, LinkError> {
    match describe(client, namespace).await {
        Err(LinkError::Answer(status)) if status.code() == tonic::Code::NotFound => {
            tracing::warn!(namespace, "Temporal has no such namespace; making it");
            let options = RegisterNamespaceOptions::builder()
                .namespace(namespace)
                .description("The orders' workflows and schedules of Everything.")
                .workflow_execution_retention_period(RETENTION)
                .build();
            let mut request = tonic::Request::new(options.into());
            request.set_timeout(DEADLINE);
            within(client.connection().workflow_service().register_namespace(request)).await?;
            describe(client, namespace).await
        }
        id => id,
    }
}

async fn describe(client: &Client, namespace: &str) -> Result<String, LinkError> {
    let mut request = tonic::Request::new(DescribeNamespaceRequest {
        namespace: namespace.to_owned(),
        ..DescribeNamespaceRequest::default()
    });
    request.set_timeout(DEADLINE);
    let mut service = client.connection().workflow_service();
    let described = within(service.describe_namespace(request)).await?.into_inner();
    let info = described.namespace_info;
    Ok(info.map(|info| info.id).unwrap_or_default())
}

pub(super) async fn within<T>(
    question: impl Future<Output = Result<T, tonic::Status>>,
) -> Result<T, LinkError> {
    Ok(tokio::time::timeout(DEADLINE, question).await.map_err(|_| LinkError::TooSlow)??)
}
