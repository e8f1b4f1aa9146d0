//! What these tests need: the program, a folder of its own for each, processes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::{MutexGuard, mpsc},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Longer than anything here may take on a busy machine with two cores.
const LIMIT: Duration = Duration::from_secs(120);

/// One whole system at a time: two would compete for the processor.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    crate::support::ALONE.lock().await
}

/// The program, in an environment without settings of ours.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everything"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EVERYTHING_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// How a command ended, and all that it said.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) success: bool,
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

pub(crate) async fn run(mut command: Command) -> Done {
    let began = Instant::now();
    let output = timeout(LIMIT, command.output()).await.expect("it does not end").unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let (success, code) = (output.status.success(), output.status.code());
    Done { success, code, text, took: began.elapsed() }
}

/// Asks until it is so.
pub(crate) async fn wait_until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !so().await {
        assert!(Instant::now() < end, "never came true: {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// A data folder, deleted at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("everything-test-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The program with its command, about this folder.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.args(words).arg("--data").arg(&self.0);
        command
    }

    pub(crate) async fn run(&self, words: &[&str]) -> Done {
        run(self.command(words)).await
    }

    /// Each part's process id.
    pub(crate) fn parts(&self) -> BTreeMap<String, u32> {
        let files = std::fs::read_dir(self.0.join("run")).unwrap().flatten();
        files
            .filter_map(|file| {
                let name = file.file_name().into_string().ok()?;
                let note = std::fs::read_to_string(file.path()).ok()?;
                let pid = note.split("\"pid\":").nth(1)?.split(',').next()?.parse().ok()?;
                Some((name.strip_suffix(".pid")?.to_owned(), pid))
            })
            .collect()
    }

    pub(crate) fn processes(&self) -> Vec<u32> {
        self.parts().into_values().collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running launcher, whose output is read to its end.
pub(crate) struct Everything {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    _reader: JoinSet<()>,
}

impl Everything {
    pub(crate) fn up(folder: &Folder, port: u16) -> Self {
        Self::start(folder.command(&["up", "--port", &port.to_string()]))
    }

    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let (send, lines) = mpsc::unbounded_channel();
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            while let Ok(Some(line)) = out.next_line().await {
                let _ = send.send(line); // nobody listens any more once the greeting is read
            }
        });
        Self { child, lines, _reader: reader }
    }

    /// All that it says until it has greeted, the QR code included.
    pub(crate) async fn until(&mut self, what: &str) -> String {
        let mut said = String::new();
        let greeted = async {
            while let Some(line) = self.lines.recv().await {
                said.push_str(&line);
                said.push('\n');
                if line.ends_with("'s link") {
                    return;
                }
            }
            panic!("it ended before {what}:\n{said}");
        };
        timeout(LIMIT, greeted).await.expect("it does not greet");
        said
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) fn terminate(&self) {
        signal(self.id(), "TERM");
    }

    /// Waits for its end; whether that was in order, and within 10 s.
    pub(crate) async fn ended(&mut self) -> bool {
        let end = async { self.child.wait().await.unwrap().success() };
        timeout(Duration::from_secs(10), end).await.unwrap_or(false)
    }
}

/// The four engines in a data folder, until `stop`.
pub(crate) struct Engines {
    child: Child,
    /// What runs in them reads this to its end.
    hold: ChildStdin,
    pub(crate) postgres_url: String,
}

impl Engines {
    pub(crate) async fn start(data: &Path) -> Self {
        let mut command = program();
        command.arg("with-engines").arg("--data").arg(data);
        command.args(["--", "sh", "-c", "echo $EVERYTHING_TEST_POSTGRES_URL; cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let hold = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = timeout(LIMIT, lines.next_line()).await.expect("the engines do not come up");
        Self { child, hold, postgres_url: said.unwrap().expect("the engines do not start") }
    }

    pub(crate) async fn stop(self) {
        let Self { mut child, hold, .. } = self;
        drop(hold);
        let ended = timeout(LIMIT, child.wait()).await.expect("the engines do not stop");
        assert!(ended.unwrap().success());
    }
}

pub(crate) fn signal(pid: u32, name: &str) {
    let done = std::process::Command::new("kill").args(["-s", name, &pid.to_string()]).status();
    assert!(done.unwrap().success());
}

/// Whether a process runs; a corpse does not.
pub(crate) fn runs(pid: u32) -> bool {
    let ps =
        std::process::Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output();
    let state = String::from_utf8(ps.unwrap().stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

pub(crate) fn parent(pid: u32) -> Option<u32> {
    let ps =
        std::process::Command::new("ps").args(["-o", "ppid=", "-p", &pid.to_string()]).output();
    String::from_utf8(ps.unwrap().stdout).unwrap().trim().parse().ok()
}

pub(crate) fn which(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|it| it.join(tool)).find(|it| it.is_file());
    found.unwrap_or_else(|| panic!("no {tool}"))
}

/// The user's cache of engines, filled.
pub(crate) async fn users_cache() -> PathBuf {
    let mut command = program();
    command.arg("install");
    let filled = run(command).await;
    assert!(filled.success, "{}", filled.text);
    let mut doctor = program();
    doctor.args(["doctor", "--data", "/nonexistent"]);
    let said = run(doctor).await.text;
    let line = said.lines().find(|line| line.contains("free for the engines in")).unwrap();
    PathBuf::from(line.split(" engines in ").nth(1).unwrap())
}

/// The same files again, by links: another cache to spoil.
pub(crate) fn link_cache(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            link_cache(&entry.path(), &target);
        } else if std::fs::hard_link(entry.path(), &target).is_err() {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

pub(crate) fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().flatten().find_map(|entry| {
        if entry.file_type().unwrap().is_dir() {
            return find(&entry.path(), name);
        }
        (entry.file_name() == name).then(|| entry.path())
    })
}
