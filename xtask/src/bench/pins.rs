//! What one PIN check costs: Argon2id as customer-service runs it, in a process of
//! its own that does nothing else.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use super::load::Quantiles;

/// Milliseconds of each.
pub(super) fn measure(programs: &Path) -> Result<Quantiles> {
    let output = Command::new(programs.join("everything")).arg("pin-cost").output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let times =
        text.lines().map(|line| line.parse().context("a time")).collect::<Result<Vec<_>>>()?;
    Ok(Quantiles::from(times))
}
