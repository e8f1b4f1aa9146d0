//! The launcher's end of a guarded program.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Split},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{data::Data, paths::Account, process};

/// How a program is started and stopped.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(String, OsString)>,
    pub(crate) folder: PathBuf,
    pub(crate) account: Option<Account>,
    /// What asks it to stop: TERM or INT.
    pub(crate) stop_signal: &'static str,
    pub(crate) grace: Duration,
    pub(crate) priority: Priority,
}

/// Who goes first when the processor is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    /// People wait for it.
    Normal,
    /// Nobody waits for it.
    Lower,
}

impl Launch {
    pub(crate) fn new(program: PathBuf, folder: PathBuf) -> Self {
        Self {
            program,
            args: Vec::new(),
            env: Vec::new(),
            folder,
            account: None,
            stop_signal: "TERM",
            grace: Duration::from_millis(4000),
            priority: Priority::Normal,
        }
    }

    pub(crate) fn args<I: IntoIterator<Item: Into<OsString>>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }
}

/// What of our environment the parts see: the rest of a person's shell (PGPORT,
/// JAVA_TOOL_OPTIONS, LD_LIBRARY_PATH, …) must not change how they run.
const INHERITED: [&str; 7] = ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "RUST_BACKTRACE"];

/// Clears a command's environment down to the harmless.
pub(crate) fn clean_environment(command: &mut Command) {
    command.env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

/// A command for something short that must not outlive us: Linux ends it when we
/// are killed, and as root it may run as somebody else.
pub(crate) fn tied(program: &OsStr, account: Option<Account>) -> Result<Command> {
    let mut command = Command::new(self::program()?);
    command.args(["become", "--stop-signal", "TERM", "--parent"]);
    command.arg(std::process::id().to_string());
    if let Some(account) = account {
        command.arg("--account").arg(account.to_string());
    }
    command.arg("--").arg(program).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// A running guard with its program.
pub(crate) struct Guarded {
    guard: Child,
    /// While this is open the program may live.
    lifeline: Option<ChildStdin>,
    lines: Split<BufReader<ChildStdout>>,
    grace: Duration,
}

/// Where a part's process is noted.
pub(crate) fn pid_file(data: &Data, part: &str) -> PathBuf {
    data.run().join(format!("{part}.pid"))
}

impl Guarded {
    /// Starts the program under a guard; a stray one from before is stopped first.
    pub(crate) async fn start(part: &str, launch: &Launch, data: &Data) -> Result<Self> {
        let pid_file = pid_file(data, part);
        process::stop_stale(&pid_file).await?;
        let mut command = Command::new(program()?);
        clean_environment(&mut command);
        command.envs(launch.env.iter().map(|(name, value)| (name, value)));
        command.arg("guard").arg("--pid-file").arg(&pid_file);
        command.arg("--log").arg(data.log_of(part));
        command.args(["--stop-signal", launch.stop_signal]);
        command.args(["--grace", &launch.grace.as_millis().to_string()]);
        if let Some(account) = launch.account {
            command.arg("--account").arg(account.to_string());
        }
        command.arg("--");
        if launch.priority == Priority::Lower {
            command.args(["nice", "-n", "10"]);
        }
        command.arg(&launch.program).args(&launch.args).current_dir(&launch.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        // Out of the terminal's group, so that Ctrl-C reaches us alone.
        command.process_group(0);
        let mut guard = command.spawn().with_context(|| format!("start the guard of {part}"))?;
        let lifeline = guard.stdin.take();
        let out = guard.stdout.take().context("the guard's output")?;
        Ok(Self { guard, lifeline, lines: BufReader::new(out).split(b'\n'), grace: launch.grace })
    }

    /// The next line that the program printed; `None` when it has ended.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let line = self.lines.next_segment().await.ok().flatten()?;
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    /// Waits for the end, once there are no more lines.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.guard.wait().await?)
    }

    /// Stops the program in order; the guard kills it after its grace.
    pub(crate) async fn stop(mut self) {
        drop(self.lifeline.take());
        let patience = self.grace + Duration::from_millis(1500);
        let drain = async {
            while self.line().await.is_some() {}
            let _ = self.guard.wait().await;
        };
        if tokio::time::timeout(patience, drain).await.is_err() {
            let _ = self.guard.kill().await; // then Linux signals the program
        }
    }
}

/// This program, also after a rebuild replaced its file while we ran.
pub(crate) fn program() -> Result<PathBuf> {
    let path = std::env::current_exe().context("find our own program")?;
    let text = path.to_string_lossy();
    Ok(text.strip_suffix(" (deleted)").map_or_else(|| path.clone(), PathBuf::from))
}
