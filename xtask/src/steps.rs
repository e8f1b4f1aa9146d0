//! Running other programs, each as a named step with its time.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};
use serde::Deserialize;

/// Runs a command with our own output; its failure is ours.
pub(crate) fn step(title: &str, command: &mut Command) -> anyhow::Result<()> {
    println!("\n── {title}");
    let begin = Instant::now();
    let status = command.status().with_context(|| format!("{title}: start {command:?}"))?;
    if !status.success() {
        bail!("{title} failed ({status})");
    }
    println!("── {title}: {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

/// A command from a line of words without spaces inside.
pub(crate) fn words(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// What cargo tells of what it made.
#[derive(Deserialize)]
struct Made {
    reason: String,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Runs a building command of cargo. The programs that it made, or found fresh,
/// each where cargo says that it is: only cargo knows its target folder.
pub(crate) fn build(title: &str, line: &str) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    println!("\n── {title}");
    let begin = Instant::now();
    let mut command = words(line);
    command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped());
    let mut cargo = command.spawn().with_context(|| format!("{title}: start {command:?}"))?;
    let mut programs = BTreeMap::new();
    for line in BufReader::new(cargo.stdout.take().context("cargo's output")?).lines() {
        if let Some((name, path)) = program(&line?) {
            programs.insert(name, path);
        }
    }
    let status = cargo.wait()?;
    if !status.success() {
        bail!("{title} failed ({status})");
    }
    println!("── {title}: {:.0} s", begin.elapsed().as_secs_f64());
    Ok(programs)
}

/// The program, not its tests, that a line of cargo's is about.
fn program(line: &str) -> Option<(String, PathBuf)> {
    let made: Made = serde_json::from_str(line).ok()?;
    let (target, profile) = (made.target?, made.profile?);
    let is_program = made.reason == "compiler-artifact"
        && target.kind.iter().any(|kind| kind == "bin")
        && !profile.test;
    is_program.then_some((target.name, made.executable?))
}

/// What a program answers to `--version`, if it is there.
pub(crate) fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
