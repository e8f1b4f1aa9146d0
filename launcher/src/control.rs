//! How a second terminal speaks to the running launcher: one line of JSON each
//! way over a Unix socket in the data folder.

use std::{
    collections::BTreeMap,
    os::unix::fs::DirBuilderExt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    data::Data,
    supervise::{Board, Status},
};

/// Every part, in the order in which they are shown.
pub(crate) const PARTS: [&str; 7] =
    ["postgres", "valkey", "kafka", "temporal", "customer-service", "order-service", "server"];

/// How long a conversation may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// After a call that could not be taken (too many files are open), the next.
const REST: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Request {
    Status,
    Links,
    AdminLink,
    Rebuild,
    Stop,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// No parts: it checks and installs what they need.
    Status {
        parts: BTreeMap<String, Status>,
        addresses: String,
    },
    Text(String),
    Failed(String),
}

/// Something to do with the running services, that tells how it went.
pub(crate) type Task = Arc<dyn Fn() -> BoxFuture<'static, Result<String>> + Send + Sync>;

/// What can be asked for once everything is planned.
pub(crate) struct Planned {
    /// Makes fresh sign-in links.
    pub(crate) links: Task,
    /// Makes a link for the first admin.
    pub(crate) admin_link: Task,
    /// Counts the statistics anew.
    pub(crate) rebuild: Task,
    /// The pages, the API's documentation, Temporal's UI.
    pub(crate) addresses: String,
}

/// What the running launcher answers from.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) board: Board,
    pub(crate) stop: CancellationToken,
    pub(crate) planned: Arc<OnceLock<Planned>>,
}

impl Control {
    /// Answers until it is dropped.
    pub(crate) async fn serve(self, data: Data) -> Result<()> {
        let path = data.control();
        if let Some(folder) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let _ = std::fs::remove_file(&path); // of a launcher that was killed: we hold the lock
        let listener =
            UnixListener::bind(&path).with_context(|| format!("listen on {}", path.display()))?;
        let mut calls = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        calls.spawn(timeout(PATIENCE, self.clone().answer(stream)));
                    }
                    Err(_) => tokio::time::sleep(REST).await,
                },
                Some(_) = calls.join_next() => {}
            }
        }
    }

    async fn answer(self, stream: UnixStream) -> Result<()> {
        let (read, mut write) = stream.into_split();
        let mut line = String::new();
        BufReader::new(read.take(1024)).read_line(&mut line).await?;
        let request: Request = serde_json::from_str(&line)?;
        let planned = self.planned.get();
        let answer = match request {
            Request::Status => Answer::Status {
                parts: self.board.all(),
                addresses: planned.map_or_else(String::new, |it| it.addresses.clone()),
            },
            Request::Links => answer_of(planned.map(|it| &it.links)).await,
            Request::AdminLink => answer_of(planned.map(|it| &it.admin_link)).await,
            Request::Rebuild => answer_of(planned.map(|it| &it.rebuild)).await,
            Request::Stop => {
                self.stop.cancel();
                Answer::Text("stopping".to_owned())
            }
        };
        write.write_all(&serde_json::to_vec(&answer)?).await?;
        write.write_all(b"\n").await?;
        Ok(())
    }
}

async fn answer_of(task: Option<&Task>) -> Answer {
    let Some(task) = task else {
        return Answer::Failed("the engines are still being checked and installed".to_owned());
    };
    match task().await {
        Ok(text) => Answer::Text(text),
        Err(error) => Answer::Failed(format!("{error:#}")),
    }
}

/// Asks the running launcher; `None` when none runs.
pub(crate) async fn ask(data: &Data, request: Request) -> Result<Option<Answer>> {
    let Ok(stream) = UnixStream::connect(data.control()).await else { return Ok(None) };
    let (read, mut write) = stream.into_split();
    let conversation = async {
        write.write_all((serde_json::to_string(&request)? + "\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(read).read_line(&mut line).await?;
        anyhow::Ok(serde_json::from_str(&line)?)
    };
    let answer = timeout(PATIENCE, conversation).await;
    Ok(Some(answer.context("the launcher does not answer")??))
}

/// Whether a launcher runs in this folder.
pub(crate) async fn answers(data: &Data) -> bool {
    UnixStream::connect(data.control()).await.is_ok()
}
