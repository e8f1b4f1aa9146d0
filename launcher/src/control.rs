//! How a second terminal speaks to the running launcher: one line of JSON each
//! way over a Unix socket in the data folder. Also what `down` and `reset` do
//! when nobody answers.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{IsTerminal, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
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
    child::pid_file,
    cli,
    paths::Data,
    process,
    supervise::{Board, State, Status},
};

/// Every part, in the order in which they are shown.
pub(crate) const PARTS: [&str; 7] =
    ["postgres", "valkey", "kafka", "temporal", "customer-service", "order-service", "server"];

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    Status,
    Links,
    Rebuild,
    Stop,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Status { parts: BTreeMap<String, Status>, addresses: String },
    Text(String),
    Failed(String),
}

/// Something to do with the running services, that tells how it went.
pub(crate) type Task = Arc<dyn Fn() -> BoxFuture<'static, Result<String>> + Send + Sync>;

/// What the running launcher answers from.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) board: Board,
    pub(crate) stop: CancellationToken,
    /// Makes fresh sign-in links.
    pub(crate) links: Task,
    /// Counts the statistics anew.
    pub(crate) rebuild: Task,
    /// The pages, the API's documentation, Temporal's UI.
    pub(crate) addresses: String,
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
                accepted = listener.accept() => {
                    let (stream, _) = accepted?;
                    let control = self.clone();
                    calls.spawn(timeout(Duration::from_secs(30), control.answer(stream)));
                }
                Some(_) = calls.join_next() => {}
            }
        }
    }

    async fn answer(self, stream: UnixStream) -> Result<()> {
        let (read, mut write) = stream.into_split();
        let mut line = String::new();
        BufReader::new(read.take(1024)).read_line(&mut line).await?;
        let request: Request = serde_json::from_str(&line)?;
        let answer = match request {
            Request::Status => {
                Answer::Status { parts: self.board.all(), addresses: self.addresses.clone() }
            }
            Request::Links => answer_of(&self.links).await,
            Request::Rebuild => answer_of(&self.rebuild).await,
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

async fn answer_of(task: &Task) -> Answer {
    match task().await {
        Ok(text) => Answer::Text(text),
        Err(error) => Answer::Failed(format!("{error:#}")),
    }
}

/// Holds a data folder for one launcher, until dropped.
pub(crate) struct Held(
    #[expect(dead_code, reason = "the lock lives as long as the file is open")] File,
);

/// Takes the data folder, or says who has it.
pub(crate) fn hold(data: &Data) -> Result<Held> {
    let path = data.run().join("lock");
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .with_context(|| format!("open {}", path.display()))?;
    if file.try_lock().is_err() {
        let holder = std::fs::read_to_string(&path).unwrap_or_default();
        bail!(
            "the data folder {} is in use by process {}.\n  See it with `everything status`, stop \
             it with `everything down`, or start another beside it with --data DIR --port PORT.",
            data.root().display(),
            holder.trim()
        );
    }
    file.set_len(0)?;
    write!(file, "{}", std::process::id())?;
    Ok(Held(file))
}

fn existing(folder: &Path) -> Result<Data> {
    let data = Data::at(folder)?;
    if !data.exists() {
        bail!(
            "there is no data folder {}: nothing was started here yet (see --data)",
            data.root().display()
        );
    }
    Ok(data)
}

/// Asks the running launcher; `None` when none runs.
async fn ask(data: &Data, request: Request) -> Result<Option<Answer>> {
    let Ok(stream) = UnixStream::connect(data.control()).await else { return Ok(None) };
    let (read, mut write) = stream.into_split();
    let conversation = async {
        write.write_all((serde_json::to_string(&request)? + "\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(read).read_line(&mut line).await?;
        anyhow::Ok(serde_json::from_str(&line)?)
    };
    let answer = timeout(Duration::from_secs(30), conversation).await;
    Ok(Some(answer.context("the launcher does not answer")??))
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}

pub(crate) async fn status(folder: &Path) -> Result<ExitCode> {
    let data = existing(folder)?;
    match ask(&data, Request::Status).await? {
        Some(Answer::Status { parts, addresses }) => {
            let mut all_up = true;
            for name in PARTS {
                let Some(Status { state, address, restarts, note }) = parts.get(name) else {
                    continue;
                };
                all_up &= *state == State::Up;
                let process = process::running(&pid_file(&data, name));
                let process = process.map_or_else(String::new, |pid| format!("process {pid}"));
                let again = match restarts {
                    0 => String::new(),
                    1 => "restarted once".to_owned(),
                    count => format!("restarted {count} times"),
                };
                let state = state.name();
                let line = format!(
                    "{name:>16}  {state:<8}  {address:<22}  {process:<16}  {again}  {note}"
                );
                say(line.trim_end());
            }
            say(&format!("\n{addresses}"));
            Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some(Answer::Failed(error)) => bail!(error),
        Some(Answer::Text(_)) => bail!("the launcher is of another version"),
        None => {
            say(&format!("nothing runs in {}", data.root().display()));
            Ok(ExitCode::FAILURE)
        }
    }
}

pub(crate) async fn links(folder: &Path) -> Result<ExitCode> {
    say_answer(folder, Request::Links).await
}

pub(crate) async fn rebuild(folder: &Path) -> Result<ExitCode> {
    say_answer(folder, Request::Rebuild).await
}

/// Asks for what only the running launcher can do.
async fn say_answer(folder: &Path, request: Request) -> Result<ExitCode> {
    let data = existing(folder)?;
    match ask(&data, request).await? {
        Some(Answer::Text(text)) => say(&text),
        Some(Answer::Failed(error)) => bail!(error),
        Some(Answer::Status { .. }) => bail!("the launcher is of another version"),
        None => bail!("nothing runs in {}; start it with `everything`", data.root().display()),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn down(folder: &Path) -> Result<ExitCode> {
    let data = existing(folder)?;
    if ask(&data, Request::Stop).await?.is_some() {
        let gone = async {
            while hold(&data).is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(20), gone).await.context("it does not stop")?;
        say("stopped");
        return Ok(ExitCode::SUCCESS);
    }
    let _held = hold(&data)?;
    let strays = stop_strays(&data).await?;
    say(&match strays {
        0 => format!("nothing runs in {}", data.root().display()),
        count => format!("the launcher was gone; stopped {count} parts that it had left"),
    });
    Ok(ExitCode::SUCCESS)
}

/// Stops what a killed launcher and killed guards have left; says how many.
pub(crate) async fn stop_strays(data: &Data) -> Result<usize> {
    let mut stops = JoinSet::new();
    for part in PARTS {
        let file = pid_file(data, part);
        stops.spawn(async move { process::stop_stale(&file).await });
    }
    let mut stopped = 0;
    while let Some(one) = stops.join_next().await {
        stopped += usize::from(one??);
    }
    Ok(stopped)
}

pub(crate) async fn reset(args: &cli::Reset) -> Result<ExitCode> {
    let data = existing(&args.place.data)?;
    if !data.run().is_dir() || !data.logs().is_dir() {
        bail!("{} is not a data folder of ours; nothing is deleted", data.root().display());
    }
    let _held = hold(&data)?;
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            bail!("this deletes every order, bean and member: say --yes");
        }
        print!("Delete {} with every order, bean and member? [y/N] ", data.root().display());
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            say("nothing is deleted");
            return Ok(ExitCode::FAILURE);
        }
    }
    stop_strays(&data).await?;
    data.delete()?;
    say(&format!("deleted {}", data.root().display()));
    Ok(ExitCode::SUCCESS)
}
