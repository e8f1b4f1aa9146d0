//! `everything logs`: the parts' log files, which their guards write.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Result, bail};

use crate::{cli::Logs, control::PARTS, log_file, paths::Data, screen::Screen};

struct Tail {
    part: &'static str,
    path: PathBuf,
    position: u64,
    /// A line whose end has not been written yet.
    rest: Vec<u8>,
}

pub(crate) async fn run(args: &Logs) -> Result<ExitCode> {
    let data = Data::at(&args.place.data)?;
    let wanted: Vec<&'static str> = match &args.part {
        None => PARTS.to_vec(),
        Some(name) => match PARTS.iter().find(|part| *part == name) {
            Some(part) => vec![part],
            None => bail!("there is no part {name}; there are {}", PARTS.join(", ")),
        },
    };
    if !data.logs().is_dir() {
        bail!("nothing was started in {} yet (see --data)", data.root().display());
    }
    let screen = Screen::new();
    let show = |part: &str, line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        if wanted.len() == 1 {
            // As written, so that one part's log can be piped on.
            let _ = writeln!(std::io::stdout(), "{line}");
        } else {
            screen.line(part, &line);
        }
    };
    let mut tails = Vec::new();
    for part in &wanted {
        let mut tail = Tail { part, path: data.log_of(part), position: 0, rest: Vec::new() };
        let mut lines = read_all(&log_file::older(&tail.path));
        lines.extend(tail.new_lines());
        for line in &lines[lines.len().saturating_sub(args.lines)..] {
            show(part, line);
        }
        tails.push(tail);
    }
    if !args.follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for tail in &mut tails {
            for line in tail.new_lines() {
                show(tail.part, &line);
            }
        }
    }
}

fn read_all(path: &Path) -> Vec<Vec<u8>> {
    let content = std::fs::read(path).unwrap_or_default();
    let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
    lines.filter(|line| !line.is_empty()).collect()
}

impl Tail {
    /// Whole lines written since the last call; from the beginning when the file is a new one.
    fn new_lines(&mut self) -> Vec<Vec<u8>> {
        let Ok(mut file) = File::open(&self.path) else { return Vec::new() };
        let length = file.metadata().map_or(0, |meta| meta.len());
        if length < self.position {
            self.position = 0;
            self.rest.clear();
        }
        if file.seek(SeekFrom::Start(self.position)).is_err() {
            return Vec::new();
        }
        let Ok(count) = file.read_to_end(&mut self.rest) else { return Vec::new() };
        self.position += count as u64;
        let mut lines: Vec<Vec<u8>> =
            self.rest.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        self.rest = lines.pop().unwrap_or_default();
        lines
    }
}
