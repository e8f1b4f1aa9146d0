//! What this machine must have, checked before it is needed, and `doctor`.

use std::{
    io::Write,
    path::Path,
    process::{ExitCode, Stdio},
};

use anyhow::{Result, bail};

use crate::{
    control,
    data::Data,
    engines::cluster::{self, Cluster},
    install, paths,
    python::Python,
    services::Front,
};

/// What the engines take in the cache when unpacked, and as much again for a while.
const CACHE_NEEDS: u64 = 900_000_000;
/// Below this PostgreSQL and Kafka would soon stop.
const DATA_NEEDS: u64 = 300_000_000;

/// Bytes free for us at a path, or at the nearest folder above that exists.
fn free(path: &Path) -> Option<u64> {
    let folder = path.ancestors().find(|folder| folder.exists())?;
    let stat = nix::sys::statvfs::statvfs(folder).ok()?;
    // The counts' width differs between systems.
    let bytes = (stat.blocks_available() as u64).saturating_mul(stat.fragment_size() as u64);
    Some(bytes)
}

fn enough(path: &Path, needed: u64) -> Result<u64> {
    match free(path) {
        Some(free) if free < needed => bail!(
            "only {} MB are free where {} lies; {} MB are needed",
            free / 1_000_000,
            path.display(),
            needed / 1_000_000
        ),
        free => Ok(free.unwrap_or(0)),
    }
}

/// Refuses to start where the disk is full.
pub(crate) fn disk(data: &Data) -> Result<()> {
    enough(data.root(), DATA_NEEDS)?;
    if !install::complete()? {
        enough(&paths::cache()?, CACHE_NEEDS)?;
    }
    Ok(())
}

struct Report {
    failed: bool,
}

impl Report {
    fn good(&self, what: &str) {
        let _ = writeln!(std::io::stdout(), "  ok       {what}");
    }

    fn note(&self, what: &str) {
        let _ = writeln!(std::io::stdout(), "  note     {what}");
    }

    fn result(&mut self, result: Result<String>) {
        match result {
            Ok(what) => self.good(&what),
            Err(error) => {
                self.failed = true;
                let _ = writeln!(std::io::stdout(), "  FAILED   {error:#}");
            }
        }
    }
}

/// Checks everything that can be checked and says what to do about it.
pub(crate) async fn doctor(folder: &Path) -> Result<ExitCode> {
    let mut report = Report { failed: false };
    report.result(install::platform().map(|platform| format!("engines exist for {platform}")));
    let complete = install::complete().unwrap_or(false);
    match Python::find().await {
        Ok(python) => report.good(&format!("python3 {} with pip", python.version)),
        Err(error) if complete => report.note(&format!("{error:#}")),
        Err(error) => report.result(Err(error)),
    }
    for (program, package) in [("cc", "gcc"), ("make", "make")] {
        match runs(program).await {
            true => report.good(&format!("{program}, to build")),
            false => report.note(&format!(
                "no {program}: needed to build from source only. Debian, Ubuntu: sudo apt install \
                 build-essential; Fedora: sudo dnf install {package}; macOS: xcode-select --install"
            )),
        }
    }
    let cache = paths::cache()?;
    let needed = if complete { 0 } else { CACHE_NEEDS };
    report.result(enough(&cache, needed).map(|free| {
        format!("{} MB free for the engines in {}", free / 1_000_000, cache.display())
    }));
    for (what, finding) in install::inspect().await? {
        match finding {
            install::Finding::Good => report.good(&format!("{what}: every file as locked")),
            install::Finding::Absent => report.note(&format!("{what}: fetched at the first start")),
            install::Finding::Altered(error) => report.result(Err(error)),
        }
    }
    let data = Data::at(folder)?;
    report.result(enough(data.root(), DATA_NEEDS).map(|free| {
        format!("{} MB free for the data in {}", free / 1_000_000, data.root().display())
    }));
    match data.marker() {
        Ok(Some(_)) => report.result(Cluster::of(&data).map(|cluster| match cluster.made {
            true => format!("its database is in {}", cluster.home.display()),
            false => "it has no database yet".to_owned(),
        })),
        Ok(None) => report.note("nothing was started in this data folder yet"),
        Err(error) => report.result(Err(error)),
    }
    if let Some(account) = paths::unprivileged() {
        let user = account.uid;
        report.good(&format!("running as root: PostgreSQL refuses that and runs as user {user}"));
    }
    for (place, folder) in cluster::left_over() {
        let (place, folder) = (place.display(), folder.display());
        report.note(&format!(
            "{place} has the database of {folder}, which is gone; delete it if nobody needs it"
        ));
    }
    if control::answers(&data).await {
        report.good("it is running: see `everything status`");
    } else if let Err(error) = Front::on_this_machine(8080).check() {
        report.note(&format!("{error:#}"));
    }
    Ok(if report.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn runs(program: &str) -> bool {
    let mut command = tokio::process::Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}
