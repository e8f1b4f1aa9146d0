//! `everything logs`: the parts' log files, which their guards write.

use std::{
    fs::File,
    io::{IsTerminal, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Result, bail};

use crate::{
    cli::Logs,
    control::PARTS,
    data::Data,
    log_file,
    screen::{Names, Tone},
};

/// Reads a log file on as it is written.
struct Tail {
    path: PathBuf,
    /// Kept open: when the file is full and a new one begins, the rest of the
    /// old one is still to be read.
    file: Option<File>,
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
    let names = Names::on(std::io::stdout().is_terminal());
    let show = |part: &str, line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let line = match wanted.len() {
            1 => format!("{line}\n"), // as written, so that one part's log can be piped on
            _ => names.line(part, &line, Tone::Plain),
        };
        std::io::stdout().write_all(line.as_bytes())
    };
    let mut tails = Vec::new();
    for part in &wanted {
        let mut tail = Tail::of(data.log_of(part));
        let mut lines = read_all(&log_file::older(&tail.path));
        lines.extend(tail.new_lines());
        for line in &lines[lines.len().saturating_sub(args.lines)..] {
            if show(part, line).is_err() {
                return Ok(ExitCode::SUCCESS); // whoever reads it has seen enough
            }
        }
        tails.push((part, tail));
    }
    if !args.follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for (part, tail) in &mut tails {
            for line in tail.new_lines() {
                if show(part, &line).is_err() {
                    return Ok(ExitCode::SUCCESS);
                }
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
    fn of(path: PathBuf) -> Self {
        let file = File::open(&path).ok();
        Self { path, file, rest: Vec::new() }
    }

    /// Whole lines written since the last call.
    fn new_lines(&mut self) -> Vec<Vec<u8>> {
        // Asked before reading: once there is a new file, the old one grows no more.
        let next = self.next_file();
        self.read_on();
        if next.is_some() {
            self.file = next;
            self.read_on();
        }
        let mut lines: Vec<Vec<u8>> =
            self.rest.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        self.rest = lines.pop().unwrap_or_default();
        lines
    }

    fn read_on(&mut self) {
        if let Some(file) = &mut self.file {
            let _ = file.read_to_end(&mut self.rest);
        }
    }

    /// The file at the path, when it is another than ours.
    fn next_file(&self) -> Option<File> {
        let next = File::open(&self.path).ok()?;
        let identity = |file: &File| file.metadata().map(|it| (it.dev(), it.ino())).ok();
        let ours = self.file.as_ref().and_then(identity);
        (identity(&next) != ours).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_file::LogFile;

    #[test]
    fn following_a_log_misses_no_line_when_a_new_file_begins() {
        let folder = std::env::temp_dir().join(format!("everything-logs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("part.log");
        let mut log = LogFile::open(&path).unwrap();
        let (mut tail, mut read) = (Tail::of(path.clone()), Vec::new());
        let long = "x".repeat(16 * 1024);
        // Enough for a new file once, read now and then.
        let written: Vec<String> = (0..400).map(|number| format!("{number} {long}")).collect();
        for (number, line) in written.iter().enumerate() {
            log.line(format!("{line}\n").as_bytes());
            if number % 150 == 0 {
                read.extend(tail.new_lines());
            }
        }
        read.extend(tail.new_lines());
        assert!(log_file::older(&path).exists());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(read.len(), written.len());
        assert!(read.iter().zip(&written).all(|(read, written)| read == written.as_bytes()));
    }
}
