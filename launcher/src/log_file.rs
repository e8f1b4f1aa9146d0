//! A log file of bounded size: when it is full, it becomes `….log.1` and a new one begins.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A part's log is at most twice this many bytes, with the one before.
const LIMIT: u64 = 4 * 1024 * 1024;

pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
}

/// Where the lines before the present file's first are.
pub(crate) fn older(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

impl LogFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("open {}", path.display()))?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, size })
    }

    /// Appends a line. A full disk must not stop the program that logs, so failures are dropped.
    pub(crate) fn line(&mut self, line: &[u8]) {
        if self.size > LIMIT
            && std::fs::rename(&self.path, older(&self.path)).is_ok()
            && let Ok(fresh) = Self::open(&self.path)
        {
            *self = fresh;
        }
        if self.file.write_all(line).is_ok() {
            self.size += line.len() as u64;
        }
    }
}
