//! The guard: runs one program for as long as its own standard input stays
//! open. The launcher holds the other end, so when the launcher is gone,
//! however it went, the guard stops its program in order and nothing is left.
//!
//! It also keeps the program's log within bounds and hands the lines on. Should
//! the guard itself be killed, Linux signals the program (see [`become_program`]);
//! elsewhere the next start finds it by its process file.

use std::{
    ffi::OsString,
    os::{
        fd::AsFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};
use clap::Args;
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    net::unix::pipe,
    process::Command,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
};

use crate::{log_file::LogFile, process};

/// Longer lines are cut into pieces of this many bytes.
const LINE_LIMIT: u64 = 16 * 1024;
/// Lines that wait for a slow launcher; then they go to the file only.
const LINES_IN_FLIGHT: usize = 1024;

#[derive(Debug, Args)]
pub(crate) struct GuardArgs {
    /// Where the program's process id is noted
    #[arg(long)]
    pid_file: PathBuf,
    #[arg(long)]
    log: PathBuf,
    /// The signal that asks the program to stop: TERM or INT
    #[arg(long, default_value = "TERM")]
    stop_signal: String,
    /// How long it may take to stop before it is killed, in milliseconds
    #[arg(long, default_value_t = 4000)]
    grace: u64,
    /// user:group, as numbers
    #[arg(long)]
    account: Option<String>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct BecomeArgs {
    #[arg(long)]
    parent: i32,
    #[arg(long)]
    stop_signal: String,
    #[arg(long)]
    account: Option<String>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

fn parse_signal(name: &str) -> Signal {
    if name == "INT" { Signal::SIGINT } else { Signal::SIGTERM }
}

/// Runs the program under guard; its exit code is ours, 128 + signal if it was killed.
pub(crate) async fn run(args: GuardArgs) -> Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let stop_signal = parse_signal(&args.stop_signal);
    // Whatever the program leaves behind when it dies becomes our child.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true)?;

    let mut command = Command::new(std::env::current_exe()?);
    command.args(["become", "--parent", &std::process::id().to_string()]);
    command.args(["--stop-signal", &args.stop_signal]);
    if let Some(account) = &args.account {
        command.args(["--account", account]);
    }
    command.arg("--").args(&args.command);
    // A group of its own: Ctrl-C in the terminal reaches the launcher alone.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("start the program")?;
    let pid = Pid::from_raw(child.id().context("the program ended at once")?.cast_signed());
    process::note(&args.pid_file, pid, stop_signal)?;

    let (lines, mut taken) = mpsc::channel::<Vec<u8>>(LINES_IN_FLIGHT);
    let mut tasks = JoinSet::new();
    if let Some(out) = child.stdout.take() {
        tasks.spawn(read_lines(out, lines.clone()));
    }
    if let Some(err) = child.stderr.take() {
        tasks.spawn(read_lines(err, lines));
    }
    let (forward, mut to_forward) = mpsc::channel::<Vec<u8>>(LINES_IN_FLIGHT);
    let mut log = LogFile::open(&args.log)?;
    tasks.spawn(async move {
        while let Some(line) = taken.recv().await {
            log.line(&line);
            let _ = forward.try_send(line); // a launcher that does not read loses lines, not us
        }
    });
    let mut out = pipe::Sender::from_owned_fd(std::io::stdout().as_fd().try_clone_to_owned()?)?;
    let mut forwarding = JoinSet::new();
    forwarding.spawn(async move {
        while let Some(line) = to_forward.recv().await {
            if out.write_all(&line).await.is_err() {
                break;
            }
        }
    });

    let mut stdin = pipe::Receiver::from_owned_fd(std::io::stdin().as_fd().try_clone_to_owned()?)?;
    let mut nothing = [0_u8; 16];
    let launcher_gone =
        async { while stdin.read(&mut nothing).await.is_ok_and(|count| count > 0) {} };
    let ended = tokio::select! {
        status = child.wait() => Some(status?),
        () = launcher_gone => None,
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        _ = hangup.recv() => None,
    };
    let status = match ended {
        Some(status) => status,
        None => {
            let _ = kill(pid, stop_signal);
            match tokio::time::timeout(Duration::from_millis(args.grace), child.wait()).await {
                Ok(status) => status?,
                Err(_) => {
                    let _ = killpg(pid, Signal::SIGKILL);
                    child.wait().await?
                }
            }
        }
    };
    // Whatever the program started and left behind goes with it. PostgreSQL's
    // processes are in groups of their own, and hold its memory while they live:
    // it could not start again.
    let _ = killpg(pid, Signal::SIGKILL);
    #[cfg(target_os = "linux")]
    process::end_children().await;
    process::forget(&args.pid_file);
    let drain = async {
        while tasks.join_next().await.is_some() {}
        while forwarding.join_next().await.is_some() {}
    };
    let _ = tokio::time::timeout(Duration::from_millis(300), drain).await;
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

async fn read_lines(source: impl AsyncRead + Unpin, lines: mpsc::Sender<Vec<u8>>) {
    let mut source = BufReader::new(source);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut source).take(LINE_LIMIT);
        match limited.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        if lines.send(line).await.is_err() {
            return;
        }
    }
}

/// Turns this process into the program: drops root if told to, asks Linux for a
/// signal when the guard dies (after the change of user, which would clear it),
/// and makes sure that it has not died before we asked. Returns only on failure.
pub(crate) fn become_program(args: BecomeArgs) -> Result<ExitCode> {
    if let Some(account) = &args.account {
        let (uid, gid) = account.split_once(':').context("an account is user:group")?;
        let gid = nix::unistd::Gid::from_raw(gid.parse()?);
        #[cfg(not(target_os = "macos"))]
        nix::unistd::setgroups(&[gid]).context("drop root's groups")?;
        nix::unistd::setgid(gid).context("drop root's group")?;
        nix::unistd::setuid(nix::unistd::Uid::from_raw(uid.parse()?)).context("drop root")?;
    }
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(parse_signal(&args.stop_signal))?;
    if nix::unistd::getppid() != Pid::from_raw(args.parent) {
        return Ok(ExitCode::FAILURE);
    }
    let (program, rest) = args.command.split_first().context("no program")?;
    let error = std::process::Command::new(program).args(rest).exec();
    Err(error).with_context(|| format!("start {}", program.display()))
}
