use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use serde::de::DeserializeOwned;
use tokio::sync::MutexGuard;

use super::{ALONE, Person, Session};

const PROGRAM: &str = env!("CARGO_BIN_EXE_everything");
/// With a filled cache it takes some seconds; a busy machine gets more.
const START_LIMIT: Duration = Duration::from_secs(180);

/// A running `everything`, in a data folder of its own; stopped when dropped.
pub(crate) struct App {
    launcher: Launcher,
    data: PathBuf,
    port: u16,
    pub(crate) url: String,
    links: BTreeMap<String, String>,
    _alone: MutexGuard<'static, ()>,
}

/// The process, and who reads what it prints, so that it never blocks on us.
struct Launcher {
    process: Child,
    reader: JoinHandle<()>,
    lines: Mutex<Receiver<String>>,
}

impl App {
    /// Starts with settings in the environment (`EVERYTHING_WAIT_READY`, "2").
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let alone = ALONE.blocking_lock();
        let name = format!("everything-app-{}", uuid::Uuid::now_v7().simple());
        let data = std::env::temp_dir().join(name);
        let port = test_kit::free_port();
        let mut app = Self {
            launcher: Launcher::spawn(&data, port, settings),
            data,
            port,
            url: format!("http://localhost:{port}"),
            links: BTreeMap::new(),
            _alone: alone,
        };
        app.read_links();
        app.wait_for_every_part();
        app
    }

    /// Stops everything, lets `meanwhile` do something to the data folder, and
    /// starts again with other settings.
    pub(crate) fn restart(&mut self, settings: &[(&str, &str)], meanwhile: impl FnOnce(&Path)) {
        let (text, stopped) = self.command(&["down"]);
        assert!(stopped, "{text}");
        meanwhile(&self.data);
        self.start_again(settings);
    }

    /// Kills the launcher itself, as the kernel would.
    pub(crate) fn kill_launcher(&mut self) {
        self.launcher.process.kill().unwrap();
        self.launcher.process.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self, settings: &[(&str, &str)]) {
        self.launcher = Launcher::spawn(&self.data, self.port, settings);
        self.links.clear();
        self.read_links();
        self.wait_for_every_part();
    }

    /// A part's line of `status`, in words: its name, state, address, …
    fn status_of(&self, part: &str) -> Vec<String> {
        let (status, _) = self.command(&["status"]);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let found =
            status.lines().map(words).find(|words| words.first().is_some_and(|it| it == part));
        found.unwrap_or_else(|| panic!("no {part} in\n{status}"))
    }

    /// Where a part listens.
    pub(crate) fn address_of(&self, part: &str) -> String {
        self.status_of(part)[2].clone()
    }

    /// Where a service (`server`, `order`, `customer`) shows its health and metrics.
    pub(crate) fn admin_port(&self, service: &str) -> u16 {
        self.kept::<BTreeMap<String, u16>>("ports.json")[&format!("{service}_admin")]
    }

    fn kept<T: DeserializeOwned>(&self, file: &str) -> T {
        serde_json::from_str(&self.read(file)).unwrap()
    }

    /// A database, for PostgreSQL's superuser.
    pub(crate) fn session(&self, database: &str) -> Session {
        let secrets: BTreeMap<String, String> = self.kept("secrets.json");
        let (password, address) = (&secrets["postgres_admin"], self.address_of("postgres"));
        Session::open(&format!("postgres://postgres:{password}@{address}/{database}"))
    }

    /// Kills a part as a crash or the kernel would.
    pub(crate) fn kill(&self, part: &str) {
        self.signal(part, Signal::SIGKILL);
    }

    /// A part that answers nobody any more, without ending, until it thaws.
    pub(crate) fn freeze(&self, part: &str) {
        self.signal(part, Signal::SIGSTOP);
    }

    /// Kills a part, and keeps its guard from telling, so that it is not started
    /// again: nobody listens there any more.
    #[must_use]
    pub(crate) fn take_away(&self, part: &str) -> TakenAway {
        let pid = self.process_of(part);
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // After the command's closing bracket: state, parent, …
        let (_, rest) = stat.rsplit_once(')').unwrap();
        let guard = Pid::from_raw(rest.split_whitespace().nth(1).unwrap().parse().unwrap());
        kill(guard, Signal::SIGSTOP).unwrap();
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
        TakenAway(guard)
    }

    pub(crate) fn thaw(&self, part: &str) {
        self.signal(part, Signal::SIGCONT);
    }

    fn signal(&self, part: &str, signal: Signal) {
        let pid = self.process_of(part);
        kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
    }

    pub(crate) fn process_of(&self, part: &str) -> u32 {
        let line = self.status_of(part);
        let at = line.iter().position(|word| word == "process").unwrap();
        line[at + 1].parse().unwrap()
    }

    /// A file of the data folder.
    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.data.join(file)).unwrap()
    }

    /// The log of each part, by the name of its file.
    pub(crate) fn logs(&self) -> Vec<(String, String)> {
        let files = std::fs::read_dir(self.data.join("logs")).unwrap().flatten();
        files
            .map(|file| {
                let text = std::fs::read(file.path()).unwrap();
                let name = file.file_name().to_string_lossy().into_owned();
                (name, String::from_utf8_lossy(&text).into_owned())
            })
            .collect()
    }

    /// Asks until it is so.
    pub(crate) fn until(&self, what: &str, so: impl Fn() -> bool) {
        let end = Instant::now() + START_LIMIT;
        while !so() {
            assert!(Instant::now() < end, "never came true: {what}");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// People need not wait for Kafka and Temporal; tests of what they do must.
    pub(crate) fn wait_for_every_part(&self) {
        let end = Instant::now() + START_LIMIT;
        loop {
            let (status, all_up) = self.command(&["status"]);
            if all_up {
                return;
            }
            assert!(Instant::now() < end, "not every part comes up:\n{status}");
            std::thread::park_timeout(Duration::from_millis(200));
        }
    }

    /// Reads what it prints until everybody's link is there.
    fn read_links(&mut self) {
        let mut seen = String::new();
        while self.links.len() < 5 {
            let Ok(line) = self.launcher.lines.get_mut().unwrap().recv_timeout(START_LIMIT) else {
                panic!("it does not come up; it said:\n{seen}");
            };
            seen.push_str(&line);
            seen.push('\n');
            let mut words = line.split_whitespace();
            if let (Some(_), Some(name), Some(link)) = (words.next(), words.next(), words.last())
                && link.contains("/sign-in/")
            {
                self.links.insert(name.to_owned(), link.to_owned());
            }
        }
    }

    /// Signs a member of the demo family in, by the link that was printed.
    pub(crate) fn sign_in(&mut self, name: &str) -> Person {
        let link = self.links.remove(name).unwrap_or_else(|| panic!("no unused link for {name}"));
        Person::sign_in(&self.url, name, &link)
    }

    /// Nobody in particular.
    pub(crate) fn stranger(&self) -> Person {
        Person::stranger(&self.url)
    }

    /// Another terminal in the same folder: its output and whether it went well.
    pub(crate) fn command(&self, arguments: &[&str]) -> (String, bool) {
        let output =
            Command::new(PROGRAM).args(arguments).arg("--data").arg(&self.data).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (text + &String::from_utf8_lossy(&output.stderr), output.status.success())
    }
}

/// A part that is down, until this is dropped.
pub(crate) struct TakenAway(Pid);

impl Drop for TakenAway {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGCONT);
    }
}

impl Launcher {
    fn spawn(data: &Path, port: u16, settings: &[(&str, &str)]) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["up", "--port", &port.to_string(), "--data"])
            .arg(data)
            .env("NO_COLOR", "1")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (send, lines) = channel();
        let reader = std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = send.send(line); // nobody listens any more once the links are read
            }
        });
        Self { process, reader, lines: Mutex::new(lines) }
    }
}

impl Drop for Launcher {
    /// It was told to stop, or is killed: either way nothing is left running.
    fn drop(&mut self) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.reader.is_finished() && Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let (text, stopped) = self.command(&["down"]);
        if !stopped {
            eprintln!("down: {text}");
        }
        if std::thread::panicking() {
            eprintln!("the data folder is left for you: {}", self.data.display());
        } else {
            self.command(&["reset", "--yes"]);
        }
    }
}
