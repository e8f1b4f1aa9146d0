//! Accounts, modes, and the user's cache of engines, which all data folders
//! share. As root it must be reachable by the unprivileged user that PostgreSQL
//! runs as.

use std::{
    fmt, fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{Uid, User};

/// Where root keeps what the unprivileged user must reach.
const ROOTS_CACHE: &str = "/var/cache/everything";

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
pub(crate) fn open_to_all(path: &Path) -> bool {
    path.ancestors().all(|folder| {
        fs::metadata(folder).map_or(true, |it| !it.is_dir() || it.permissions().mode() & 0o001 != 0)
    })
}

/// The folder of installed engines, made if need be.
pub(crate) fn engines() -> Result<PathBuf> {
    let folder = cache()?.join("engines");
    open_folder(&folder)?;
    Ok(folder)
}

/// The user's cache, made if need be.
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
    open_folder(&cache)?;
    Ok(cache)
}

/// Makes a folder, with what is missing above it. What root makes so is open to
/// PostgreSQL's account, whatever the umask says.
pub(crate) fn open_folder(path: &Path) -> Result<()> {
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|it| !it.exists()).collect();
    let make = || -> std::io::Result<()> {
        fs::create_dir_all(path)?;
        if unprivileged().is_some() {
            for folder in missing.iter().chain([&path]) {
                fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
            }
        }
        Ok(())
    };
    make().with_context(|| format!("make the folder {}", path.display()))
}

/// Makes a folder that only `account` (or we) may enter.
pub(crate) fn private_folder(path: &Path, account: Option<Account>) -> Result<()> {
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
