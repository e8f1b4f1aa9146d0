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
