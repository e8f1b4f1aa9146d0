//! Documents are generated, tested or deleted: what comes from code is
//! written here, and a path that a document names must exist.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, bail};

use crate::Mode;

const STATES: &str = "docs/order-states.md";
const OPENAPI: &str = "openapi.json";
const WITH_PATHS: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

pub(crate) fn generate(mode: Mode) -> anyhow::Result<()> {
    compare(STATES, &order_domain::table::markdown(), mode)?;
    compare(OPENAPI, &openapi()?, mode)
}

/// The gateway's own words about itself; the launcher prints them.
fn openapi() -> anyhow::Result<String> {
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--package", "everything", "--", "openapi"])
        .output()
        .context("run `everything openapi`")?;
    if !output.status.success() {
        bail!("`everything openapi`: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn compare(path: &str, fresh: &str, mode: Mode) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|committed| committed == fresh) {
        println!("{path} is fresh");
        return Ok(());
    }
    match mode {
        Mode::Write => {
            fs::write(path, fresh)?;
            println!("wrote {path}");
            Ok(())
        }
        Mode::Check => bail!("{path} is stale: run `cargo xtask docs` and commit it"),
    }
}

/// Each `path/in/backticks` of the documents exists.
pub(crate) fn check_paths() -> anyhow::Result<()> {
    let mut gone = Vec::new();
    let mut count = 0;
    for document in WITH_PATHS {
        let text = fs::read_to_string(document).with_context(|| document.to_owned())?;
        for path in text.split('`').skip(1).step_by(2).filter(|code| is_path(code)) {
            count += 1;
            if !Path::new(path).exists() {
                gone.push(format!("{document} names {path}"));
            }
        }
    }
    if !gone.is_empty() {
        bail!("documents that name what is not there:\n  {}", gone.join("\n  "));
    }
    println!("all {count} paths that the documents name exist");
    Ok(())
}

/// A path of this repository: one of its folders, then a slash.
fn is_path(code: &str) -> bool {
    const ROOMS: [&str; 11] = [
        "crates/", "services/", "launcher/", "proto/", "xtask/", "engines/", "docs/", "e2e/",
        "k8s/", "observability/", ".ci/",
    ];
    ROOMS.iter().any(|room| code.starts_with(room)) && !code.contains([' ', '*', '…', '{'])
}
