//! Processes that may have outlived their guard: noted by id and start time,
//! so that a reused id is never mistaken for ours.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    pid: i32,
    /// As the system tells it: opaque, compared for equality only.
    started: String,
    stop_signal: i32,
}

/// When a process started, or `None` when there is none (or only its corpse).
fn started(pid: i32) -> Option<String> {
    #[cfg(target_os = "linux")]
    {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the command's closing bracket: state is the first field, the start time the 20th.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        (state != "Z" && state != "X").then(|| fields.nth(18).map(str::to_owned)).flatten()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let ps = std::process::Command::new("ps")
            .args(["-o", "lstart=", "-p", &pid.to_string()])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&ps.stdout).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

/// Notes a running process.
pub(crate) fn note(file: &Path, pid: Pid, stop_signal: Signal) -> Result<()> {
    let note = Note {
        pid: pid.as_raw(),
        started: started(pid.as_raw()).unwrap_or_default(),
        stop_signal: stop_signal as i32,
    };
    crate::paths::write_private(file, &serde_json::to_vec(&note)?)
}

pub(crate) fn forget(file: &Path) {
    let _ = std::fs::remove_file(file);
}

fn read(file: &Path) -> Option<Note> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// The noted process, while it runs.
pub(crate) fn running(file: &Path) -> Option<i32> {
    let note = read(file)?;
    (started(note.pid)? == note.started).then_some(note.pid)
}

/// Stops the noted process if it still runs: politely, then not. Says whether there was one.
pub(crate) async fn stop_stale(file: &Path) -> Result<bool> {
    let Some(pid) = running(file) else {
        forget(file);
        return Ok(false);
    };
    let stop = read(file).and_then(|note| Signal::try_from(note.stop_signal).ok());
    for (signal, patience) in [(stop.unwrap_or(Signal::SIGTERM), 5), (Signal::SIGKILL, 3)] {
        if signal == Signal::SIGKILL {
            let _ = killpg(Pid::from_raw(pid), signal);
        }
        match kill(Pid::from_raw(pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => return Err(error).context(format!("stop the stray process {pid}")),
        }
        let end = Instant::now() + Duration::from_secs(patience);
        while Instant::now() < end {
            if running(file).is_none() {
                forget(file);
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
    bail!("the stray process {pid} does not end")
}

/// How long what was killed may take to be gone: as long as a write to a slow disk.
#[cfg(target_os = "linux")]
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// Kills our children, and theirs when they become ours, and waits until none is left.
#[cfg(target_os = "linux")]
pub(crate) async fn end_children() {
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    let end = Instant::now() + GONE_WITHIN;
    while Instant::now() < end {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return,
            Ok(WaitStatus::StillAlive) => {
                for child in children() {
                    let _ = kill(child, Signal::SIGKILL);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(_) | Err(_) => {} // one is gone
        }
    }
}

#[cfg(target_os = "linux")]
fn children() -> Vec<Pid> {
    let us = nix::unistd::getpid().to_string();
    let is_ours = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the command's closing bracket: state, parent, …
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.split_whitespace().nth(1) == Some(&us))
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_ours).map(Pid::from_raw).collect()
}
