//! Keeps parts running: starts each under its guard, asks it until it really
//! answers, restarts what ends with a growing pause, and says each of these.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use anyhow::{Result, bail};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    child::{Guarded, Launch},
    data::Data,
    screen::{Screen, Tone},
};

/// Something to do for a part, as often as it is needed.
pub(crate) type Step = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// One engine or service.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// Where it listens, for people.
    pub(crate) address: String,
    pub(crate) launch: Launch,
    /// Done before each start.
    pub(crate) prepare: Step,
    /// Asked until it succeeds: the part answers, and holds what the services need.
    pub(crate) ready: Step,
    /// What of its output is shown.
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// In the log file, and the last lines when it crashes.
    LogOnly,
    Shown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Waiting,
    Starting,
    Up,
    Crashed,
    Stopped,
}

impl State {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Crashed => "crashed",
            Self::Stopped => "stopped",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Waiting => "·",
            Self::Starting => "◌",
            Self::Up => "●",
            Self::Crashed => "✗",
            Self::Stopped => "○",
        }
    }
}

/// What is known of a part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: State,
    pub(crate) address: String,
    pub(crate) restarts: u32,
    /// Why it is not up, if it should be.
    pub(crate) note: String,
}

/// The state of all parts, watched by the screen, the commands and each other.
#[derive(Clone)]
pub(crate) struct Board(Arc<watch::Sender<BTreeMap<String, Status>>>);

impl Board {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(BTreeMap::new())))
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Status> {
        self.0.borrow().clone()
    }

    pub(crate) fn add(&self, part: &Part) {
        let status = Status {
            state: State::Waiting,
            address: part.address.clone(),
            restarts: 0,
            note: String::new(),
        };
        self.0.send_modify(|all| drop(all.insert(part.name.to_owned(), status)));
    }

    fn change(&self, part: &str, change: impl FnOnce(&mut Status)) {
        self.0.send_modify(|all| {
            if let Some(status) = all.get_mut(part) {
                change(status);
            }
        });
    }

    fn set(&self, part: &str, state: State, note: &str) {
        self.change(part, |status| {
            status.state = state;
            note.clone_into(&mut status.note);
        });
    }

    /// Waits until all of these are up.
    pub(crate) async fn wait_up(&self, names: &[&str]) {
        let mut watch = self.0.subscribe();
        let up = |all: &BTreeMap<String, Status>| {
            names.iter().all(|name| all.get(*name).is_some_and(|it| it.state == State::Up))
        };
        let _ = watch.wait_for(up).await;
    }

    /// All in one line: `● postgres  ◌ kafka`.
    fn summary(&self, order: &[&'static str]) -> String {
        let all = self.0.borrow();
        let one = |name: &&str| {
            let sign = all.get(*name).map_or("·", |status| status.state.sign());
            format!("{sign} {}", name.trim_end_matches("-service"))
        };
        order.iter().map(one).collect::<Vec<_>>().join("  ")
    }

    /// Keeps the screen's state line until all are up, then takes it away; again when one is not.
    pub(crate) async fn show(self, order: Vec<&'static str>, screen: Screen) {
        let mut watch = self.0.subscribe();
        loop {
            let all_up = watch.borrow_and_update().values().all(|it| it.state == State::Up);
            screen.state(if all_up { String::new() } else { self.summary(&order) });
            if watch.changed().await.is_err() {
                return;
            }
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// After this long without a crash the pause begins small again.
const STEADY: Duration = Duration::from_secs(30);
/// A part that does not answer for this long after its start is started again.
const START_LIMIT: Duration = Duration::from_secs(90);
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Lines shown of a part that crashed.
const LAST_LINES: usize = 8;

/// What all parts are run with.
#[derive(Clone)]
pub(crate) struct Supervisor {
    pub(crate) data: Data,
    pub(crate) screen: Screen,
    pub(crate) board: Board,
}

impl Supervisor {
    /// Keeps one part running until told to stop; then returns when it has ended.
    pub(crate) async fn keep(self, part: Part, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !stop.is_cancelled() {
            let began = Instant::now();
            self.board.set(part.name, State::Starting, "");
            let why = match self.live(&part, &stop).await {
                Ok(()) => break,
                Err(error) => format!("{error:#}"),
            };
            if stop.is_cancelled() {
                break;
            }
            if began.elapsed() > STEADY {
                pause = FIRST_PAUSE;
            }
            self.board.set(part.name, State::Crashed, &why);
            self.board.change(part.name, |status| status.restarts += 1);
            let text = format!("{why}; starting it again in {:.1} s", pause.as_secs_f32());
            self.screen.toned(part.name, &text, Tone::Bad);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => break,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.board.set(part.name, State::Stopped, "");
    }

    /// One life of a part. An error is a crash; `Ok` means that it was stopped.
    async fn live(&self, part: &Part, stop: &CancellationToken) -> Result<()> {
        let began = Instant::now();
        tokio::select! {
            prepared = (part.prepare)() => prepared?,
            () = stop.cancelled() => return Ok(()),
        }
        let mut running = Guarded::start(part.name, &part.launch, &self.data).await?;
        let mut last = VecDeque::new();
        let mut asking = JoinSet::new();
        asking.spawn(ask_until_ready(part.ready.clone()));
        loop {
            tokio::select! {
                line = running.line() => {
                    let Some(line) = line else { break };
                    if part.output == Output::Shown {
                        self.screen.line(part.name, &line);
                    } else {
                        if last.len() == LAST_LINES {
                            last.pop_front();
                        }
                        last.push_back(line);
                    }
                }
                Some(answer) = asking.join_next() => {
                    if let Err(error) = answer? {
                        running.stop().await;
                        return Err(error);
                    }
                    self.board.set(part.name, State::Up, "");
                    let text = format!("up on {} in {:.1} s", part.address, began.elapsed().as_secs_f32());
                    self.screen.toned(part.name, &text, Tone::Good);
                }
                () = stop.cancelled() => {
                    asking.shutdown().await;
                    running.stop().await;
                    return Ok(());
                }
            }
        }
        asking.shutdown().await;
        let status = running.ended().await?;
        for line in last {
            self.screen.line(part.name, &line);
        }
        // Its guard answers with 128 + signal.
        match status.code() {
            Some(code) if code > 128 => bail!("it ended by signal {}", code - 128),
            Some(code) => bail!("it ended with exit code {code}"),
            None => bail!("its guard was killed"),
        }
    }
}

async fn ask_until_ready(ready: Step) -> Result<()> {
    let end = Instant::now() + START_LIMIT;
    loop {
        match tokio::time::timeout(Duration::from_secs(20), ready()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if Instant::now() > end => {
                return Err(error.context("it does not become ready"));
            }
            Err(_) if Instant::now() > end => bail!("it does not become ready: no answer"),
            Ok(Err(_)) | Err(_) => tokio::time::sleep(ASK_EVERY).await,
        }
    }
}

/// A step that does nothing.
pub(crate) fn nothing() -> Step {
    Arc::new(|| Box::pin(async { Ok(()) }))
}
