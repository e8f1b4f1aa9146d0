//! Running other programs, each as a named step with its time.

use std::{process::Command, time::Instant};

use anyhow::{Context, bail};

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

/// Whether a program answers `--version`.
pub(crate) fn present(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
