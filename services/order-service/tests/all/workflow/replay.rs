//! Recorded histories replay: a change of the workflow that would break the
//! orders that are under way breaks these first. How to record them anew:
//! `tests/histories/README.md`.

use std::path::PathBuf;

use order_service::workflow::OrderWorkflow;
use temporalio_client::WorkflowHistory;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use super::Managed;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

/// Writes down how an order's workflow went, when asked to, and replays it in any case.
pub(super) async fn record(it: &Managed, name: &str, order: &str) {
    let handle = it.client.get_workflow_handle::<OrderWorkflow>(order);
    let json = handle.fetch_history(Default::default()).to_json().await.unwrap();
    if std::env::var_os("EVERYTHING_TEST_RECORD_HISTORIES").is_some() {
        std::fs::write(folder().join(format!("{name}.json")), &json).unwrap();
    }
    replay(name, json.as_ref()).await;
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
    assert!(names.len() >= 8, "histories are missing: {names:?}");
    for path in names {
        let json = std::fs::read(&path).unwrap();
        replay(&path.display().to_string(), &json).await;
    }
}
