//! Python 3 with pip: the one thing besides Rust that an installation needs.

use std::{ffi::OsString, process::Stdio};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::child::tied;

/// The oldest version that jgo and its dependencies run on.
const OLDEST: (u32, u32) = (3, 10);

#[derive(Debug, Clone)]
pub(crate) struct Python {
    program: OsString,
    pub(crate) version: String,
}

/// What to type where it is missing.
const HOW: &str = "To get it:
    Debian, Ubuntu:  sudo apt install python3 python3-pip
    Fedora:          sudo dnf install python3 python3-pip
    macOS:           brew install python3
  It is needed only to install the engines; once they are there it is not.";

impl Python {
    /// `python3` with pip, or a message that says how to get them.
    pub(crate) async fn find() -> Result<Self> {
        let program = OsString::from("python3");
        let version =
            say(&program, &["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])
                .await
                .with_context(|| format!("python3 does not run. {HOW}"))?;
        let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
        let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if found < OLDEST {
            bail!("python3 is {version}; {}.{} or newer is needed. {HOW}", OLDEST.0, OLDEST.1);
        }
        say(&program, &["-m", "pip", "--version"])
            .await
            .with_context(|| format!("python3 is here but has no pip. {HOW}"))?;
        Ok(Self { program, version })
    }

    /// The interpreter, undisturbed by the caller's environment.
    pub(crate) fn command(&self) -> Result<Command> {
        let mut command = tied(&self.program, None)?;
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(command)
    }

    pub(crate) fn pip(&self) -> Result<Command> {
        let mut command = self.command()?;
        command.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]);
        // With `--target` these two would be refused or complain.
        command.env("PIP_USER", "0").env("PIP_ROOT_USER_ACTION", "ignore");
        Ok(command)
    }

    /// Runs to the end; when it fails, its last lines are in the error.
    pub(crate) async fn run(&self, mut command: Command, what: &str) -> Result<()> {
        let output = command.output().await.with_context(|| format!("could not {what}"))?;
        if output.status.success() {
            return Ok(());
        }
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(12)..];
        bail!(
            "could not {what}. Is the network there? What is finished is kept.\n  {}",
            last.join("\n  ")
        )
    }
}

async fn say(program: &OsString, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().await?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
