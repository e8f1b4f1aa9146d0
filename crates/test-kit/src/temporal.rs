//! A Temporal namespace of its own for each test, and the server whose clock skips.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use temporalio_client::{Connection, ConnectionOptions, Url};
use temporalio_common::protos::temporal::api::{
    enums::v1::IndexedValueType,
    operatorservice::v1::AddSearchAttributesRequest,
    workflowservice::v1::{ListWorkflowExecutionsRequest, RegisterNamespaceRequest},
};
use tokio::time::{Instant, sleep};

use crate::{engines, free_port, unique};

/// A server caches its namespaces; a new one is usable when the cache has it.
const USABLE_WITHIN: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A namespace with the project's search attributes, usable at once. It stays
/// until the engines go.
#[derive(Debug, Clone)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    pub async fn register(prefix: &str) -> Result<Self> {
        let name = unique(&format!("test-{prefix}"), '-');
        let connection = connect(&engines().temporal_url).await?;
        let day = Duration::from_secs(24 * 3600).try_into().context("a day")?;
        let request = RegisterNamespaceRequest {
            namespace: name.clone(),
            workflow_execution_retention_period: Some(day),
            ..Default::default()
        };
        let mut workflows = connection.workflow_service();
        workflows.register_namespace(tonic::Request::new(request)).await?;
        let end = Instant::now() + USABLE_WITHIN;
        let attributes = [
            ("OrderState".to_owned(), IndexedValueType::Keyword as i32),
            ("OrderNumber".to_owned(), IndexedValueType::Int as i32),
        ];
        let mut operator = connection.operator_service();
        loop {
            let request = AddSearchAttributesRequest {
                namespace: name.clone(),
                search_attributes: attributes.clone().into(),
            };
            match operator.add_search_attributes(tonic::Request::new(request)).await {
                Ok(_) => break,
                Err(status) if status.code() == tonic::Code::AlreadyExists => break,
                Err(status) if Instant::now() > end => {
                    return Err(status).context("add the search attributes");
                }
                Err(_) => sleep(ASK_EVERY).await,
            }
        }
        loop {
            let request = ListWorkflowExecutionsRequest {
                namespace: name.clone(),
                query: "OrderState = 'placed' AND OrderNumber = 1".to_owned(),
                ..Default::default()
            };
            match workflows.list_workflow_executions(tonic::Request::new(request)).await {
                Ok(_) => return Ok(Self { name }),
                Err(status) if Instant::now() > end => {
                    return Err(status).context("use the new namespace");
                }
                Err(_) => sleep(ASK_EVERY).await,
            }
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

async fn connect(url: &str) -> Result<Connection> {
    let options = ConnectionOptions::new(url.parse::<Url>()?).build();
    Connection::connect(options).await.context("connect to Temporal")
}

/// A Temporal test server of its own, whose clock skips to the next timer while
/// nothing happens. Killed with this value.
#[derive(Debug)]
pub struct TimeSkipping {
    server: Child,
    url: String,
}

impl TimeSkipping {
    pub async fn start() -> Result<Self> {
        let program = engines().temporal_server.context(
            "EVERYTHING_TEST_TEMPORAL_SERVER is not set: run the tests with `cargo xtask test`, or \
             with `cargo run -- with-engines --time-skipping -- cargo test …`",
        )?;
        let port = free_port();
        let server = Command::new(program)
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start Temporal's test server")?;
        let mut this = Self { server, url: format!("http://127.0.0.1:{port}") };
        let end = Instant::now() + USABLE_WITHIN;
        while connect(&this.url).await.is_err() {
            if let Some(status) = this.server.try_wait()? {
                bail!("Temporal's test server ended: {status}");
            }
            if Instant::now() > end {
                bail!("Temporal's test server does not answer");
            }
            sleep(ASK_EVERY).await;
        }
        Ok(this)
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TimeSkipping {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
