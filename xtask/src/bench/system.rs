//! A running `everything` of the benchmark's own: its data folder, port and processes.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Deserialize;

use super::pause;

/// Every part, in the order in which tables show them.
pub(super) const PARTS: [&str; 7] =
    ["server", "order-service", "customer-service", "postgres", "valkey", "kafka", "temporal"];
/// Those that are ours.
pub(super) const SERVICES: [&str; 3] = ["server", "order-service", "customer-service"];

/// With a filled cache it takes some seconds; a first installation may take minutes.
const START_LIMIT: Duration = Duration::from_secs(300);

/// What the system is told, besides where it is. Nothing here makes it faster:
/// clients are not refused for being many, and orders that nobody accepts stay.
const SETTINGS: [(&str, &str); 4] = [
    ("EVERYTHING_REQUESTS_PER_MINUTE", "4000000"),
    ("EVERYTHING_SIGN_INS_PER_MINUTE", "100000"),
    ("EVERYTHING_BEANS_FLOOR", "-1000000000"),
    ("EVERYTHING_WAIT_QUEUED", "86400"),
];

pub(super) struct System {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
    launcher: Child,
    lines: Receiver<String>,
}

impl System {
    /// Starts in a data folder, with more in the environment; does not wait.
    pub(super) fn spawn(programs: &Path, data: &Path, more: &[(&str, &Path)]) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let program = programs.join("everything");
        let mut launcher = Command::new(&program)
            .args(["up", "--port", &port.to_string(), "--data"])
            .arg(data)
            .env("NO_COLOR", "1")
            .envs(SETTINGS)
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let out = launcher.stdout.take().context("the launcher's output")?;
        let mut log = File::create(data.with_extension("log"))?;
        let (send, lines) = channel();
        // Ends with the launcher; until then it must not block on us.
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
                let _ = send.send(line);
            }
        });
        let (programs, data) = (programs.to_owned(), data.to_owned());
        Ok(Self { programs, data, port, launcher, lines })
    }

    /// Waits until it says that it is ready for the first order.
    pub(super) fn wait_ready(&self) -> Result<()> {
        let end = Instant::now() + START_LIMIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).with_context(|| {
                format!("it does not come up; see {}", self.data.with_extension("log").display())
            })?;
            if line.contains("Ready for the first order") {
                return Ok(());
            }
        }
    }

    /// People need not wait for Kafka and Temporal; measuring them must.
    pub(super) fn wait_every_part(&self) -> Result<()> {
        let end = Instant::now() + START_LIMIT;
        while !command(&self.programs, &self.data, &["status"])?.status.success() {
            if Instant::now() > end {
                bail!("not every part comes up");
            }
            pause(Duration::from_millis(100));
        }
        Ok(())
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn launcher(&self) -> u32 {
        self.launcher.id()
    }

    pub(super) fn pid(&self, part: &str) -> Result<u32> {
        #[derive(Deserialize)]
        struct Note {
            pid: u32,
        }
        let note: Note = read_json(&self.data.join("run").join(format!("{part}.pid")))?;
        Ok(note.pid)
    }

    pub(super) fn port_of(&self, name: &str) -> Result<u16> {
        let ports: BTreeMap<String, u16> = read_json(&self.data.join("ports.json"))?;
        ports.get(name).copied().with_context(|| format!("no port {name}"))
    }

    pub(super) fn secret(&self, name: &str) -> Result<String> {
        let secrets: BTreeMap<String, String> = read_json(&self.data.join("secrets.json"))?;
        secrets.get(name).cloned().with_context(|| format!("no secret {name}"))
    }

    /// The sum of all counts of a histogram that a service serves at `/metrics`, of
    /// those series that have a label.
    pub(super) fn count_of(&self, service: &str, histogram: &str, label: &str) -> Result<f64> {
        let name = format!("{}_admin", service.trim_end_matches("-service"));
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port_of(&name)?))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let counts = text.lines().filter(|line| {
            line.split(['{', ' ']).next() == Some(&format!("{histogram}_seconds_count"))
                && line.contains(label)
        });
        let values = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// Stops a part without ending it, until the answer is dropped.
    pub(super) fn freeze(&self, part: &str) -> Result<Frozen> {
        let pid = Pid::from_raw(self.pid(part)?.cast_signed());
        kill(pid, Signal::SIGSTOP).with_context(|| format!("freeze {part}"))?;
        Ok(Frozen(pid))
    }

    /// Stops everything in order, and says how long that took.
    pub(super) fn stop(mut self) -> Result<Duration> {
        let begin = Instant::now();
        let down = command(&self.programs, &self.data, &["down"])?;
        if !down.status.success() {
            bail!("down: {}", String::from_utf8_lossy(&down.stderr));
        }
        self.launcher.wait()?;
        Ok(begin.elapsed())
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if matches!(self.launcher.try_wait(), Ok(None)) {
            let _ = command(&self.programs, &self.data, &["down"]);
            let _ = self.launcher.kill(); // nothing is left running when it is gone
            let _ = self.launcher.wait();
        }
    }
}

/// A frozen process; thaws when dropped.
pub(super) struct Frozen(Pid);

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGCONT);
    }
}

/// An empty data folder, whatever ran or lay there before.
pub(super) fn empty(programs: &Path, data: &Path) -> Result<()> {
    if data.exists() {
        command(programs, data, &["down"])?; // there may be nothing to stop
        let reset = command(programs, data, &["reset", "--yes"])?;
        if !reset.status.success() {
            bail!("reset: {}", String::from_utf8_lossy(&reset.stderr));
        }
    }
    Ok(())
}

fn command(programs: &Path, data: &Path, args: &[&str]) -> Result<std::process::Output> {
    let mut command = Command::new(programs.join("everything"));
    command.args(args).arg("--data").arg(data).stdin(Stdio::null());
    command.output().with_context(|| format!("run everything {}", args.join(" ")))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("read {}", path.display()))
}
