//! Recorded histories replay: a change of the workflow that would break the
//! orders that are under way breaks these first. How to record them anew:
//! `tests/histories/README.md`.

use std::path::PathBuf;

use futures::TryStreamExt as _;
use order_service::workflow::OrderWorkflow;
use temporalio_client::{Client, WorkflowExecutionInfo, WorkflowHandle, WorkflowHistory};
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use super::Managed;
use crate::house::until;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

/// Writes down how an order's workflow went, each of its runs, when asked to, and
/// replays them in any case. Answers how many there were.
pub(super) async fn record(it: &Managed, name: &str, order: &str) -> usize {
    let runs = runs(it, order).await;
    for (at, run) in runs.iter().enumerate() {
        let info = WorkflowExecutionInfo::builder()
            .namespace(&it.temporal.namespace)
            .workflow_id(order)
            .run_id(run.clone())
            .build();
        let handle = WorkflowHandle::<Client, OrderWorkflow>::new(it.client.clone(), info);
        let json = handle.fetch_history(Default::default()).to_json().await.unwrap();
        let name = if at == 0 { name.to_owned() } else { format!("{name}.{}", at + 1) };
        if std::env::var_os("EVERYTHING_TEST_RECORD_HISTORIES").is_some() {
            std::fs::write(folder().join(format!("{name}.json")), &json).unwrap();
        }
        replay(&name, json.as_ref()).await;
    }
    runs.len()
}

/// The runs of an order's workflow, the first one first.
async fn runs(it: &Managed, order: &str) -> Vec<String> {
    let last = it.client.get_workflow_handle::<OrderWorkflow>(order);
    let last = last.describe(Default::default()).await.unwrap().run_id().to_owned();
    // What is listed is a little behind what is.
    until("all runs are listed", async || {
        let listed =
            it.client.list_workflows(format!("WorkflowId = '{order}'"), Default::default());
        let mut runs: Vec<_> = listed.try_collect().await.unwrap();
        runs.sort_by_key(|run| run.start_time());
        let runs: Vec<_> = runs.iter().map(|run| run.run_id().to_owned()).collect();
        runs.contains(&last).then_some(runs)
    })
    .await
}

async fn replay(name: &str, json: &[u8]) {
    let options =
        WorkflowReplayerOptions::new().register_workflow::<OrderWorkflow>().unwrap().build();
    let replayer = WorkflowReplayer::new(options).unwrap();
    let history = WorkflowHistory::from_json(json).unwrap();
    if let Err(error) = replayer.replay_workflow(history).await {
        panic!("{name} does not replay: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_replays() {
    let mut names: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    names.sort();
    assert!(names.len() >= 22, "histories are missing: {names:?}");
    for path in names {
        let json = std::fs::read(&path).unwrap();
        replay(&path.display().to_string(), &json).await;
    }
}
