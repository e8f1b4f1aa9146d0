//! The protobuf contracts: linted, and compatible with those that are out there.

use std::{fs, path::Path, process::Command};

use crate::{steps::step, tools};

pub(crate) fn check() -> anyhow::Result<()> {
    let buf = tools::buf()?;
    let ask = |title: &str, args: &[&str]| {
        step(title, Command::new(&buf).args(args).current_dir("proto"))
    };
    ask("lint the contracts", &["lint"])?;
    let Some(base) = base() else {
        // A copy without its history has nothing to be compared with.
        println!("the contracts are compared with none: no earlier commit is here");
        return Ok(());
    };
    let folder = Path::new("target/tools");
    fs::create_dir_all(folder)?;
    let earlier = folder.canonicalize()?.join("earlier-contracts.tar");
    let mut archive = Command::new("git");
    archive.args(["archive", "--format=tar", "--output"]).arg(&earlier).args([&base, "proto"]);
    step(&format!("take the contracts of {base}"), &mut archive)?;
    let against = format!("{}#subdir=proto", earlier.display());
    ask(&format!("compare the contracts with {base}"), &["breaking", "--against", &against])
}

/// The last release; without one the commit at which this branch left the main
/// line, or else the one before this.
fn base() -> Option<String> {
    let head = git(&["rev-parse", "HEAD"])?;
    git(&["describe", "--tags", "--abbrev=0"])
        .or_else(|| git(&["merge-base", "HEAD", "origin/HEAD"]).filter(|base| *base != head))
        .or_else(|| git(&["rev-parse", "--verify", "--quiet", "HEAD~1"]))
        .filter(|base| {
            git(&["rev-parse", "--verify", "--quiet", &format!("{base}:proto")]).is_some()
        })
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
