//! Temporal: the development server with its UI, its state in one SQLite file.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use temporalio_client::{Connection, ConnectionOptions, Url};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;

use super::Plan;
use crate::{
    child::{Launch, Priority},
    paths::private_folder,
    supervise::{Output, Part},
};

pub(crate) const NAMESPACE: &str = "everything";
/// By which orders are found in the UI; order-service sets them.
const SEARCH_ATTRIBUTES: [&str; 2] = ["OrderState=Keyword", "OrderNumber=Int"];

pub(crate) fn url(plan: &Plan) -> String {
    format!("http://127.0.0.1:{}", plan.ports.temporal)
}

pub(crate) fn ui_url(plan: &Plan) -> String {
    format!("http://localhost:{}", plan.ports.temporal_ui)
}

pub(crate) fn part(plan: &Plan) -> Part {
    let folder = plan.data.file("temporal");
    let mut launch = Launch::new(plan.installed.temporal.clone(), folder.clone())
        .args(["server", "start-dev", "--ip", "127.0.0.1", "--db-filename", "temporal.db"])
        .args(["--port".to_owned(), plan.ports.temporal.to_string()])
        .args(["--ui-port".to_owned(), plan.ports.temporal_ui.to_string()])
        .args(["--namespace", NAMESPACE, "--log-level", "warn", "--ui-disable-news-fetch"])
        .env("HOME", folder);
    for attribute in SEARCH_ATTRIBUTES {
        launch = launch.args(["--search-attribute", attribute]);
    }
    launch.priority = Priority::Lower;
    let (preparing, asking) = (plan.clone(), plan.clone());
    Part {
        name: "temporal",
        address: format!("127.0.0.1:{}", plan.ports.temporal),
        launch,
        prepare: Arc::new(move || {
            let folder = preparing.data.file("temporal");
            Box::pin(async move { private_folder(&folder, None) })
        }),
        ready: Arc::new(move || Box::pin(describe_namespace(asking.clone()))),
        output: Output::LogOnly,
    }
}

async fn describe_namespace(plan: Plan) -> Result<()> {
    super::listens(plan.ports.temporal).await?;
    let connect = async {
        let options = ConnectionOptions::new(url(&plan).parse::<Url>()?).build();
        let connection = Connection::connect(options).await?;
        let mut workflows = connection.workflow_service();
        let question =
            DescribeNamespaceRequest { namespace: NAMESPACE.to_owned(), ..Default::default() };
        workflows.describe_namespace(tonic::Request::new(question)).await?;
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(5), connect).await.context("no answer")?
}
