//! A data folder, one for each running system, and what lies in it. A marker
//! says that a folder is ours: nothing is strewn into another, and nothing of
//! another's is deleted. Whoever runs in it holds its lock.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::paths::{private_folder, unprivileged, write_private};

const MARKER: &str = "everything.json";

/// All that we ever make in a data folder. The marker goes last, so that an
/// interrupted deletion can be finished.
const OURS: [&str; 13] = [
    "secrets.json",
    "secrets.new",
    "ports.json",
    "ports.new",
    "everything.new",
    "postgres",
    "valkey",
    "kafka",
    "temporal",
    "server",
    "https",
    "logs",
    "run",
];

/// What the marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marker {
    /// Which folder this is, wherever it is moved; its database knows it too.
    pub(crate) id: Uuid,
    /// Where its database was made.
    pub(crate) postgres: Option<Place>,
}

/// Where a data folder's database lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Inside,
    /// Below `/var/lib/everything`, where PostgreSQL's account can go.
    Outside,
}

#[derive(Debug, Clone)]
pub(crate) struct Data {
    root: PathBuf,
}

/// Holds a data folder for one launcher, until dropped.
pub(crate) struct Held(
    #[expect(dead_code, reason = "the lock lives as long as the file is open")] File,
);

/// Takes a data folder for this launcher: makes and marks it if it is new, says
/// who has it, and refuses another's.
pub(crate) fn take(path: &Path) -> Result<(Data, Held)> {
    let data = Data::at(path)?;
    if data.marker()?.is_none() {
        data.refuse_another()?;
    }
    // Passing through is open, for PostgreSQL's account; each secret is 0600 by itself.
    if !data.root.is_dir() {
        let mut make = fs::DirBuilder::new();
        make.recursive(true)
            .mode(0o711)
            .create(&data.root)
            .with_context(|| format!("make the folder {}", data.root.display()))?;
        if unprivileged().is_some() {
            fs::set_permissions(&data.root, fs::Permissions::from_mode(0o711))?;
        }
    }
    private_folder(&data.run(), None)?;
    let held = data.hold()?;
    if data.marker()?.is_none() {
        data.mark(Marker { id: Uuid::new_v4(), postgres: None })?;
    }
    private_folder(&data.logs(), None)?;
    Ok((data, held))
}

impl Data {
    /// A folder as it is; nothing is made or asked.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let root = std::path::absolute(path).context("name the data folder")?;
        Ok(Self { root })
    }

    /// A data folder that something was started in.
    pub(crate) fn existing(path: &Path) -> Result<Self> {
        let data = Self::at(path)?;
        if data.marker()?.is_some() {
            return Ok(data);
        }
        let root = data.root.display();
        match data.root.is_dir() {
            true => bail!("{root} is not a data folder of ours (see --data)"),
            false => {
                bail!("there is no data folder {root}: nothing was started here yet (see --data)")
            }
        }
    }

    pub(crate) fn marker(&self) -> Result<Option<Marker>> {
        let path = self.file(MARKER);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let marker = serde_json::from_slice(&bytes);
        Ok(Some(marker.with_context(|| format!("read {}", path.display()))?))
    }

    pub(crate) fn mark(&self, marker: Marker) -> Result<()> {
        write_private(&self.file(MARKER), &serde_json::to_vec_pretty(&marker)?)
    }

    /// A folder without our mark must be empty, but for what a first start began with.
    fn refuse_another(&self) -> Result<()> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(error).with_context(|| format!("look into {}", self.root.display()));
            }
        };
        for entry in entries {
            let name = entry?.file_name();
            if name != "run" && name != "everything.new" {
                bail!(
                    "{} is not a data folder of ours, and not empty: it holds {}.\n  Choose a new \
                     or an empty one with --data DIR.",
                    self.root.display(),
                    name.display()
                );
            }
        }
        Ok(())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Process files, the lock, the control socket.
    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn log_of(&self, part: &str) -> PathBuf {
        self.logs().join(format!("{part}.log"))
    }

    /// The socket that other terminals speak to us by. A socket's path is at
    /// most 107 bytes (103 on macOS), so a deep folder gets one elsewhere.
    pub(crate) fn control(&self) -> PathBuf {
        let inside = self.run().join("control.sock");
        if inside.as_os_str().len() < 100 {
            return inside;
        }
        let path =
            ring::digest::digest(&ring::digest::SHA256, self.root.as_os_str().as_encoded_bytes());
        let name = format!("everything-{}-{}", Uid::effective(), hex::encode(&path.as_ref()[..6]));
        std::env::temp_dir().join(name).join("c.sock")
    }

    /// Takes the folder; `None` when another launcher has it.
    pub(crate) fn try_hold(&self) -> Result<Option<Held>> {
        let path = self.run().join("lock");
        let open = || File::options().create(true).truncate(false).write(true).open(&path);
        let mut file = open().with_context(|| format!("open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("lock {}", path.display()));
            }
        }
        file.set_len(0)?;
        write!(file, "{}", std::process::id())?;
        Ok(Some(Held(file)))
    }

    /// Takes the folder, or says who has it.
    pub(crate) fn hold(&self) -> Result<Held> {
        if let Some(held) = self.try_hold()? {
            return Ok(held);
        }
        let holder = fs::read_to_string(self.run().join("lock")).unwrap_or_default();
        bail!(
            "the data folder {} is in use by process {}.\n  See it with `everything status`, stop \
             it with `everything down`, or start another beside it with --data DIR --port PORT.",
            self.root.display(),
            holder.trim()
        )
    }

    /// Deletes what is ours, and the folder if nothing else is in it. Says what is left there.
    pub(crate) fn delete(&self) -> Result<Vec<String>> {
        for name in OURS.into_iter().chain([MARKER]) {
            let path = self.file(name);
            let deleted = match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => fs::remove_dir_all(&path),
                Ok(_) => fs::remove_file(&path),
                Err(error) => Err(error),
            };
            match deleted {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("delete {}", path.display()));
                }
                _ => {}
            }
        }
        let entries = fs::read_dir(&self.root).context("look what is left")?;
        let left: Vec<String> =
            entries.flatten().map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        if left.is_empty() {
            fs::remove_dir(&self.root)
                .with_context(|| format!("delete {}", self.root.display()))?;
        }
        Ok(left)
    }
}
