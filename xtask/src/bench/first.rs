//! What a newcomer waits for: the compilation from nothing, and a start with
//! nothing in the cache.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{load::Load, say, system::System};
use crate::steps::{step, words};

/// `cargo build` as `cargo run` does it, into a folder of its own that is deleted again.
pub(super) fn compilation() -> Result<Duration> {
    let target = Path::new("target/bench-cold-build");
    let _ = fs::remove_dir_all(target);
    let mut build = words("cargo build --locked -p everything");
    build.env("CARGO_TARGET_DIR", std::path::absolute(target)?);
    let begin = Instant::now();
    step("compilation from nothing", &mut build)?;
    let took = begin.elapsed();
    fs::remove_dir_all(target)?;
    Ok(took)
}

/// Until the first order is queued, with nothing installed; whoever orders is made
/// and signed in meanwhile.
pub(super) fn start_with_empty_cache(programs: &Path) -> Result<Duration> {
    say("start with an empty cache");
    let folder = Folder::new()?;
    let (cache, data) = (folder.0.join("cache"), folder.0.join("data"));
    let load = Load::new(programs, &data);
    let begin = Instant::now();
    let system = System::spawn(programs, &data, &[("XDG_CACHE_HOME", &cache)])?;
    system.wait_ready()?;
    load.sign_in(&system, 1)?;
    load.answer(load.begin_first(&system)?)?;
    let took = begin.elapsed();
    ensure!(cache.join("everything/engines").is_dir(), "it used another cache than it was told");
    system.stop()?;
    Ok(took)
}

/// A folder that whoever PostgreSQL runs as can reach, for as long as this lives.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("everything-bench-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
