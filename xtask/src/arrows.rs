//! The architecture's arrows: which of our crates may know which, and that
//! the domain crates do no I/O.

use std::{collections::BTreeMap, path::PathBuf, process::Command};

use anyhow::{Context, bail};
use serde::Deserialize;

/// Each crate with those of ours it may depend on (tests apart).
const ALLOWED: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("order-domain", &["types"]),
    ("customer-domain", &["types"]),
    ("wire", &["types"]),
    ("runtime", &["types", "wire"]),
    ("outbox", &["types", "runtime", "wire"]),
    ("webauthn", &[]),
    ("test-kit", &["types", "runtime", "wire"]),
    ("server", &["types", "order-domain", "wire", "runtime"]),
    ("order-service", &["types", "order-domain", "wire", "runtime", "outbox"]),
    ("customer-service", &["types", "customer-domain", "wire", "runtime", "outbox", "webauthn"]),
    ("everything", &["types", "wire", "runtime", "server", "order-service", "customer-service"]),
    ("bench", &["types", "wire", "runtime"]),
    ("xtask", &["order-domain", "wire"]),
];

/// What a pure crate may use besides `types`: values, errors, serialisation.
const PURE: &[&str] = &["chrono", "serde", "thiserror", "unicode-segmentation", "uuid"];
const DOMAINS: &[&str] = &["types", "order-domain", "customer-domain"];

/// Our own crates, as cargo knows them.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// What the crate is known by, if by another name.
    pub(crate) rename: Option<String>,
    /// None, `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Metadata {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1", "--locked", "--offline"])
            .output()
            .context("run cargo metadata")?;
        serde_json::from_slice(&output.stdout).context("read metadata")
    }
}

pub(crate) fn check() -> anyhow::Result<()> {
    let metadata = Metadata::read()?;
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let Some(may) = allowed.get(package.name.as_str()) else {
            wrong.push(format!("{} is not in xtask/src/arrows.rs", package.name));
            continue;
        };
        for used in package.dependencies.iter().filter(|used| used.kind.is_none()) {
            let ours = allowed.contains_key(used.name.as_str());
            if ours && !may.contains(&used.name.as_str()) {
                wrong.push(format!("{} must not know {}", package.name, used.name));
            }
            if !ours
                && DOMAINS.contains(&package.name.as_str())
                && !PURE.contains(&used.name.as_str())
            {
                wrong.push(format!("{} is pure and must not use {}", package.name, used.name));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("arrows that point the wrong way:\n  {}", wrong.join("\n  "));
    }
    println!("the arrows of {} crates point downwards", metadata.packages.len());
    Ok(())
}
