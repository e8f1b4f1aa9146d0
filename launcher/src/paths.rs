//! Where things lie: the user's cache of engines, shared by all, and one data
//! folder for each running system. As root both must be reachable by the
//! unprivileged user that PostgreSQL runs as.

use std::{
    fmt, fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{Uid, User};

/// Where root keeps what the unprivileged user must reach.
const ROOTS_CACHE: &str = "/var/cache/everything";
const ROOTS_DATA: &str = "/var/lib/everything";

/// User and group id that an engine is run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

/// The account that PostgreSQL, which refuses root, runs as when we are root.
pub(crate) fn unprivileged() -> Option<Account> {
    if !Uid::effective().is_root() {
        return None;
    }
    let nobody = User::from_name("nobody").ok().flatten();
    Some(nobody.map_or(Account { uid: 65534, gid: 65534 }, |user| Account {
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    }))
}

/// Whether anybody may pass through each of the folders down to `path`.
fn open_to_all(path: &Path) -> bool {
    path.ancestors().all(|folder| {
        fs::metadata(folder).map_or(true, |it| !it.is_dir() || it.permissions().mode() & 0o001 != 0)
    })
}

/// The folder of installed engines, made if need be.
pub(crate) fn cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let usual = base.map(|base| base.join("everything"));
    let cache = match (usual, unprivileged()) {
        (Some(usual), None) => usual,
        (Some(usual), Some(_)) if open_to_all(&usual) => usual,
        (_, Some(_)) => PathBuf::from(ROOTS_CACHE),
        (None, None) => bail!("neither XDG_CACHE_HOME nor HOME says where the cache belongs"),
    };
    fs::create_dir_all(&cache)
        .with_context(|| format!("make the cache folder {}", cache.display()))?;
    if unprivileged().is_some() {
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o755))?;
    }
    Ok(cache)
}

/// A data folder and what lies in it.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    root: PathBuf,
}

impl Data {
    /// The folder as it is; nothing is made.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let root = std::path::absolute(path).context("name the data folder")?;
        Ok(Self { root })
    }

    /// The folder, made if need be.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let data = Self::at(path)?;
        // Passing through is open, for PostgreSQL's account; each secret is 0600 by itself.
        let make = |folder: &Path, mode| {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(folder)
                .with_context(|| format!("make the folder {}", folder.display()))
        };
        make(&data.root, 0o711)?;
        make(&data.run(), 0o700)?;
        make(&data.logs(), 0o700)?;
        Ok(data)
    }

    pub(crate) fn exists(&self) -> bool {
        self.root.is_dir()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Process files and the control socket.
    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn log_of(&self, part: &str) -> PathBuf {
        self.logs().join(format!("{part}.log"))
    }

    /// PostgreSQL's folder: inside, or, when root keeps the data folder closed
    /// to others, at a place of its own that goes by the data folder's name.
    pub(crate) fn postgres(&self) -> PathBuf {
        if unprivileged().is_some() && !open_to_all(&self.root) {
            return Path::new(ROOTS_DATA).join(self.short_name()).join("postgres");
        }
        self.root.join("postgres")
    }

    /// A name for places outside that belong to this folder.
    pub(crate) fn short_name(&self) -> String {
        let digest =
            ring::digest::digest(&ring::digest::SHA256, self.root.as_os_str().as_encoded_bytes());
        hex::encode(&digest.as_ref()[..6])
    }

    /// The socket that other terminals speak to us by. A socket's path is at
    /// most 107 bytes (103 on macOS), so a deep folder gets one elsewhere.
    pub(crate) fn control(&self) -> PathBuf {
        let inside = self.run().join("control.sock");
        if inside.as_os_str().len() < 100 {
            return inside;
        }
        let user = Uid::effective();
        std::env::temp_dir().join(format!("everything-{user}-{}", self.short_name())).join("c.sock")
    }

    /// Deletes all of it, here and where root keeps what belongs to it.
    pub(crate) fn delete(&self) -> Result<()> {
        for folder in [&Path::new(ROOTS_DATA).join(self.short_name()), &self.root] {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("delete {}", folder.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Makes a folder that only `account` (or we) may enter.
pub(crate) fn private_folder(path: &Path, account: Option<Account>) -> Result<()> {
    if let (Some(parent), Some(_)) = (path.parent(), account) {
        fs::create_dir_all(parent)?;
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("make the folder {}", path.display()))?;
    if let Some(Account { uid, gid }) = account
        && fs::metadata(path)?.uid() != uid
    {
        chown(path, Some(uid), Some(gid))
            .with_context(|| format!("give {} to the user {uid}", path.display()))?;
    }
    Ok(())
}

/// Writes a file whole or not at all, readable by its owner alone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let draft = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let _ = fs::remove_file(&draft);
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("write {}", path.display()))
}
