//! What the terminal shows: lines with the part's name before them, and below
//! them, while things start, one line of state and the downloads' progress.
//! Without a terminal there are only lines. `NO_COLOR` is respected.
//!
//! A thread of its own writes, so that a terminal that takes nothing (Ctrl-S, a
//! pipe that nobody reads) holds up nobody: what does not fit is counted and dropped.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

/// As wide as the longest part's name.
const NAME_WIDTH: usize = 16;
/// Lines of the moving block are cut here, so that they never wrap.
const BLOCK_WIDTH: usize = 79;
/// Texts that wait for a slow terminal.
const WAITING: usize = 1024;
/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Screen {
    to_writer: mpsc::Sender<Message>,
    shared: Arc<Shared>,
    terminal: bool,
    names: Names,
}

enum Message {
    Text(String),
    /// The moving block has changed.
    Block,
    /// Answered when all before it is written.
    End(oneshot::Sender<()>),
}

#[derive(Default)]
struct Shared {
    block: Mutex<Block>,
    dropped: AtomicUsize,
}

/// What is drawn below the lines, always as it is now. Bytes done, of how many.
#[derive(Default)]
struct Block {
    state: String,
    progress: BTreeMap<String, (u64, u64)>,
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
}

/// How names are written before lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    colour: bool,
}

impl Names {
    pub(crate) fn on(terminal: bool) -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: terminal && !no_colour }
    }

    /// A line of a part.
    pub(crate) fn line(self, part: &str, text: &str, tone: Tone) -> String {
        let (start, end) = match (self.colour, tone) {
            (false, _) | (_, Tone::Plain) => ("", ""),
            (true, Tone::Good) => ("\x1b[32m", "\x1b[0m"),
            (true, Tone::Bad) => ("\x1b[31m", "\x1b[0m"),
        };
        if !self.colour {
            return format!("{part:>NAME_WIDTH$} | {text}\n");
        }
        // Each part has a colour of its own, the same in every run.
        const COLOURS: [u8; 6] = [36, 33, 35, 34, 32, 96];
        let at = part.bytes().map(usize::from).sum::<usize>() % COLOURS.len();
        format!("\x1b[{}m{part:>NAME_WIDTH$} |\x1b[0m {start}{text}{end}\n", COLOURS[at])
    }
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self::on(std::io::stdout(), std::io::stdout().is_terminal())
    }

    /// Leaves standard output to a command that we run.
    pub(crate) fn on_stderr() -> Self {
        Self::on(std::io::stderr(), std::io::stderr().is_terminal())
    }

    fn on(out: impl Write + Send + 'static, terminal: bool) -> Self {
        let (to_writer, inbox) = mpsc::channel(WAITING);
        let shared = Arc::new(Shared::default());
        let (names, for_writer) = (Names::on(terminal), shared.clone());
        // Ends with the last handle. Nobody joins it: it may sit in a write that never ends.
        std::thread::spawn(move || write(inbox, &for_writer, out, terminal, names));
        Self { to_writer, shared, terminal, names }
    }

    fn send(&self, message: Message) {
        if let Err(mpsc::error::TrySendError::Full(Message::Text(text))) =
            self.to_writer.try_send(message)
        {
            self.shared.dropped.fetch_add(text.lines().count(), Ordering::Relaxed);
        }
    }

    /// A line about a part.
    pub(crate) fn line(&self, part: &str, text: &str) {
        self.toned(part, text, Tone::Plain);
    }

    pub(crate) fn toned(&self, part: &str, text: &str, tone: Tone) {
        self.send(Message::Text(self.names.line(part, text, tone)));
    }

    /// Text without a part's name: the addresses, the links, a table.
    pub(crate) fn text(&self, text: &str) {
        let ending = if text.ends_with('\n') { "" } else { "\n" };
        self.send(Message::Text(format!("{text}{ending}")));
    }

    /// The state line; empty takes it away.
    pub(crate) fn state(&self, state: String) {
        self.shared.block().state = state;
        self.send(Message::Block);
    }

    /// How far something is, in bytes. Without a terminal: a line at each quarter.
    pub(crate) fn progress(&self, what: &str, done: u64, total: u64) {
        let before = self.shared.block().progress.insert(what.to_owned(), (done, total));
        let quarter = |done: u64| done * 4 / total.max(1);
        if self.terminal {
            self.send(Message::Block);
        } else if quarter(done) > quarter(before.map_or(0, |(done, _)| done)) {
            let (done, total) = (megabytes(done), megabytes(total));
            self.line("engines", &format!("{what}: {done} of {total} MB"));
        }
    }

    /// However it went: its bar goes.
    pub(crate) fn progress_ended(&self, what: &str) {
        self.shared.block().progress.remove(what);
        self.send(Message::Block);
    }

    /// Waits until all is written, but not for a terminal that takes nothing.
    pub(crate) async fn end(&self) {
        *self.shared.block() = Block::default();
        let (written, all_written) = oneshot::channel();
        let end = async {
            if self.to_writer.send(Message::End(written)).await.is_ok() {
                let _ = all_written.await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, end).await;
    }
}

impl Shared {
    /// Never held while somebody writes.
    fn block(&self) -> MutexGuard<'_, Block> {
        self.block.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

/// The writer's thread. A closed output is no reason to stop.
fn write(
    mut inbox: mpsc::Receiver<Message>,
    shared: &Shared,
    mut out: impl Write,
    terminal: bool,
    names: Names,
) {
    let mut drawn = 0;
    while let Some(message) = inbox.blocking_recv() {
        let (mut text, end) = match message {
            Message::Text(text) => (text, None),
            Message::Block => (String::new(), None),
            Message::End(written) => (String::new(), Some(written)),
        };
        let dropped = shared.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let gap = format!("{dropped} lines did not fit here; `everything logs` has the parts'");
            text.push_str(&names.line("everything", &gap, Tone::Plain));
        }
        if terminal {
            text = shared.block().drawn_below(&text, &mut drawn);
        }
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
        if let Some(end) = end {
            let _ = end.send(());
        }
    }
}

impl Block {
    /// The text in the place of the block that was drawn before, and the block anew below it.
    fn drawn_below(&self, text: &str, drawn: &mut usize) -> String {
        let mut all = String::new();
        if *drawn > 0 {
            all.push_str(&format!("\x1b[{drawn}A\r\x1b[J"));
        }
        all.push_str(text);
        *drawn = 0;
        let progress = self.progress.iter().map(|(what, (done, total))| {
            let cells = (done * 20 / (*total).max(1)).min(20) as usize;
            let bar = format!("{}{}", "█".repeat(cells), "·".repeat(20 - cells));
            let (done, total) = (megabytes(*done), megabytes(*total));
            format!("  {bar} {done:>3} of {total} MB  {what}")
        });
        let state = Some(self.state.clone()).filter(|state| !state.is_empty());
        for line in progress.chain(state) {
            all.extend(line.chars().take(BLOCK_WIDTH));
            all.push('\n');
            *drawn += 1;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        /// What is to be seen after the block was last taken away.
        fn last(&self) -> String {
            let all = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            all.rsplit("\x1b[J").next().unwrap().to_owned()
        }
    }

    #[tokio::test]
    async fn a_bar_goes_when_its_work_has_ended_however_far_it_was() {
        let paper = Paper::default();
        let screen = Screen::on(paper.clone(), true);
        screen.progress("a wheel", 1_200_000, 1_500_000);
        screen.line("engines", "going on");
        let shown = async |what: &str, so: bool| {
            let (written, all_written) = oneshot::channel();
            screen.to_writer.send(Message::End(written)).await.unwrap();
            all_written.await.unwrap();
            assert_eq!(paper.last().contains(what), so, "{}", paper.last());
        };
        shown("2 of 2 MB  a wheel", true).await;
        screen.progress_ended("a wheel");
        screen.line("engines", "installed");
        shown("installed", true).await;
        shown("█", false).await;
    }

    /// Takes nothing until it is told to.
    struct Stuck(std::sync::mpsc::Receiver<()>, Paper);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_a_stuck_terminal_does_not_take_is_counted_not_waited_for() {
        let paper = Paper::default();
        let (go_on, told) = std::sync::mpsc::channel();
        let screen = Screen::on(Stuck(told, paper.clone()), false);
        for number in 0..3 * WAITING {
            screen.line("kafka", &number.to_string());
        }
        drop(go_on);
        screen.end().await;
        let text = paper.last();
        let shown = text.matches("kafka |").count();
        let told: usize = text
            .lines()
            .filter_map(|line| {
                line.strip_suffix(" lines did not fit here; `everything logs` has the parts'")
            })
            .map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert!(told > 0);
        assert_eq!(shown + told, 3 * WAITING);
    }
}
