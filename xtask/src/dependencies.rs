//! Dependencies that nobody uses, or that only tests use: what a manifest names,
//! the sources must name, too.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::arrows::{Metadata, Package};

/// Named by no source of ours: the code that macros write names them.
const BY_MACROS: &[(&str, &str)] = &[
    ("order-service", "futures"),             // #[activities]
    ("order-service", "temporalio-workflow"), // #[workflow]
];

pub(crate) fn check() -> anyhow::Result<()> {
    let metadata = Metadata::read()?;
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        wrong.extend(unused(package)?);
    }
    let root: toml::Table = fs::read_to_string("Cargo.toml")?.parse().context("read Cargo.toml")?;
    let offered = root["workspace"]["dependencies"].as_table().context("workspace.dependencies")?;
    let used: BTreeSet<&str> = metadata
        .packages
        .iter()
        .flat_map(|package| package.dependencies.iter().map(|used| used.name.as_str()))
        .collect();
    let idle = offered.keys().filter(|name| !used.contains(name.as_str()));
    wrong.extend(idle.map(|name| format!("no crate uses {name} of the workspace's dependencies")));
    if !wrong.is_empty() {
        bail!("dependencies that are not needed:\n  {}", wrong.join("\n  "));
    }
    println!("the sources name each of {} dependencies", offered.len());
    Ok(())
}

/// What a package's manifest names and its sources do not.
fn unused(package: &Package) -> anyhow::Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest without a folder")?;
    let Sources { program, tests, build } = Sources::read(folder)?;
    let mut wrong = Vec::new();
    for dependency in &package.dependencies {
        let name = dependency.name.as_str();
        let (at, known) = (&package.name, dependency.rename.as_deref().unwrap_or(name));
        let crate_name = known.replace('-', "_");
        let by = |text: &str| names(text, &crate_name);
        match dependency.kind.as_deref() {
            _ if BY_MACROS.contains(&(at, name)) => {}
            None if by(&program) => {}
            None if by(&tests) => wrong.push(format!("only tests of {at} use {name}")),
            Some("dev") if by(&tests) => {}
            Some("build") if by(&build) => {}
            _ => wrong.push(format!("nothing in {at} uses {name}")),
        }
    }
    Ok(wrong)
}

/// The text of a package, without comments.
struct Sources {
    program: String,
    tests: String,
    build: String,
}

impl Sources {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let (mut program, mut tests, mut build) = (String::new(), String::new(), String::new());
        for path in rust_files(folder)? {
            let text = fs::read_to_string(&path)?;
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n");
            let place = path.strip_prefix(folder)?;
            if place == Path::new("build.rs") {
                build.push_str(&code);
            } else if !place.starts_with("src") || place.starts_with("src/tests") {
                tests.push_str(&code);
            } else {
                // Tests are the last thing in a file.
                let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
                program.push_str(&code[..end]);
                tests.push_str(&code[end..]);
            }
        }
        Ok(Self { program, tests, build })
    }
}

fn rust_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Whether a text has a path that begins with this crate, or takes it in whole.
fn names(text: &str, crate_name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(crate_name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + crate_name.len()..]);
        // A leading `::` begins a path; `axum::http` does not begin with `http`.
        let before_path = before.strip_suffix("::").unwrap_or(before);
        let begins = !before_path.ends_with(is_word) && !before_path.ends_with(['>', '$']);
        let taken_in = before.ends_with("use ") && after.starts_with([';', ' ']);
        begins && (after.starts_with("::") || taken_in)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_crate_is_named_where_a_path_begins_with_it() {
        for text in ["use http::Method;", "x(::http::Y)", "use http;", "#[http::main]"] {
            assert!(names(text, "http"), "{text}");
        }
        for text in ["use axum::http::Method;", "my_http::x()", "let http = 1;", "https::x"] {
            assert!(!names(text, "http"), "{text}");
        }
    }
}
