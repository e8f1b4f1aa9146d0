//! What the terminal shows: lines with the part's name before them, and below
//! them, while things start, one line of state and the downloads' progress.
//! Without a terminal there are only lines. `NO_COLOR` is respected.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// As wide as the longest part's name.
const NAME_WIDTH: usize = 16;
/// Lines of the moving block are cut here, so that they never wrap.
const BLOCK_WIDTH: usize = 79;

#[derive(Clone)]
pub(crate) struct Screen(Arc<Mutex<Inner>>);

struct Inner {
    out: Out,
    terminal: bool,
    colour: bool,
    /// What the moving block shows, and how many lines of it are on the screen.
    state: String,
    progress: BTreeMap<String, (u64, u64)>,
    drawn: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    Stdout,
    Stderr,
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self::on(Out::Stdout, std::io::stdout().is_terminal())
    }

    /// Leaves standard output to a command that we run.
    pub(crate) fn on_stderr() -> Self {
        Self::on(Out::Stderr, std::io::stderr().is_terminal())
    }

    fn on(out: Out, terminal: bool) -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(Arc::new(Mutex::new(Inner {
            out,
            terminal,
            colour: terminal && !no_colour,
            state: String::new(),
            progress: BTreeMap::new(),
            drawn: 0,
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line of the launcher's own about a part.
    pub(crate) fn line(&self, part: &str, text: &str) {
        self.toned(part, text, Tone::Plain);
    }

    pub(crate) fn toned(&self, part: &str, text: &str, tone: Tone) {
        let mut inner = self.inner();
        let (start, end) = match (inner.colour, tone) {
            (false, _) | (_, Tone::Plain) => ("", ""),
            (true, Tone::Good) => ("\x1b[32m", "\x1b[0m"),
            (true, Tone::Bad) => ("\x1b[31m", "\x1b[0m"),
        };
        let name = inner.name(part);
        inner.print(&format!("{name} {start}{text}{end}\n"));
    }

    /// Text without a part's name: the addresses, the links, a table.
    pub(crate) fn text(&self, text: &str) {
        let ending = if text.ends_with('\n') { "" } else { "\n" };
        self.inner().print(&format!("{text}{ending}"));
    }

    /// The state line; empty takes it away.
    pub(crate) fn state(&self, state: String) {
        let mut inner = self.inner();
        if inner.terminal && inner.state != state {
            inner.state = state;
            inner.print("");
        }
    }

    /// How far something is, in MB. Without a terminal: a line at each quarter.
    pub(crate) fn progress(&self, what: &str, done: u64, total: u64) {
        let mut inner = self.inner();
        let before = inner.progress.get(what).map_or(0, |(done, _)| *done);
        inner.progress.insert(what.to_owned(), (done, total));
        let quarter = |done: u64| done * 4 / total.max(1);
        if inner.terminal {
            if done >= total {
                inner.progress.remove(what);
            }
            inner.print("");
        } else if quarter(done) > quarter(before) {
            let name = inner.name("engines");
            inner.print(&format!("{name} {what}: {done} of {total} MB\n"));
        }
    }
}

impl Inner {
    fn name(&self, part: &str) -> String {
        if !self.colour {
            return format!("{part:>NAME_WIDTH$} |");
        }
        // Each part has a colour of its own, the same in every run.
        const COLOURS: [u8; 6] = [36, 33, 35, 34, 32, 96];
        let at = part.bytes().map(usize::from).sum::<usize>() % COLOURS.len();
        format!("\x1b[{}m{part:>NAME_WIDTH$} |\x1b[0m", COLOURS[at])
    }

    /// Prints above the moving block. A closed output is no reason to stop.
    fn print(&mut self, text: &str) {
        let mut all = String::new();
        if self.drawn > 0 {
            all.push_str(&format!("\x1b[{}A\r\x1b[J", self.drawn));
        }
        all.push_str(text);
        self.drawn = 0;
        if self.terminal {
            let progress = self.progress.iter().map(|(what, (done, total))| {
                let cells = (done * 20 / (*total).max(1)).min(20) as usize;
                let bar = format!("{}{}", "█".repeat(cells), "·".repeat(20 - cells));
                format!("  {bar} {done:>3} of {total} MB  {what}")
            });
            let state = Some(self.state.clone()).filter(|state| !state.is_empty());
            for line in progress.chain(state) {
                all.extend(line.chars().take(BLOCK_WIDTH));
                all.push('\n');
                self.drawn += 1;
            }
        }
        let mut out: Box<dyn Write> = match self.out {
            Out::Stdout => Box::new(std::io::stdout().lock()),
            Out::Stderr => Box::new(std::io::stderr().lock()),
        };
        let _ = out.write_all(all.as_bytes());
        let _ = out.flush();
    }
}
