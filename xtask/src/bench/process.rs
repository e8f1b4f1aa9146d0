//! What processes use, from /proc.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};

use super::system::{PARTS, System};

/// Of a second: what Linux counts processor time in, on every architecture of ours.
const TICKS: f64 = 100.0;

/// The launcher with the guards, beside the parts.
pub(super) const LAUNCHER: &str = "launcher, guards";

struct Stat {
    parent: u32,
    /// User and system, of the process and of its children that have ended.
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the command's closing bracket: state, parent, …; times are fields 14 to 17 of all.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks: (11..15).filter_map(number).sum() })
}

fn all() -> Result<BTreeMap<u32, Stat>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir("/proc").context("read /proc; this benchmark needs Linux")? {
        let pid = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some((pid, stat)) = pid.and_then(|pid| Some((pid, stat(pid)?))) {
            found.insert(pid, stat);
        }
    }
    Ok(found)
}

/// A process and all that descend from it.
fn family(processes: &BTreeMap<u32, Stat>, root: u32) -> Vec<u32> {
    let mut members = vec![root];
    let mut next = 0;
    while let Some(parent) = members.get(next).copied() {
        next += 1;
        members.extend(processes.iter().filter(|(_, it)| it.parent == parent).map(|(pid, _)| *pid));
    }
    members
}

/// Seconds of processor time of each part so far, PostgreSQL with all its processes.
pub(super) fn cpu(system: &System) -> Result<BTreeMap<&'static str, f64>> {
    let processes = all()?;
    let seconds = |root: u32| {
        let ticks = family(&processes, root).into_iter().filter_map(|pid| processes.get(&pid));
        ticks.map(|it| it.ticks).sum::<u64>() as f64 / TICKS
    };
    let mut used = BTreeMap::new();
    for part in PARTS {
        used.insert(part, seconds(system.pid(part)?));
    }
    let parts: f64 = used.values().sum();
    used.insert(LAUNCHER, seconds(system.launcher()) - parts);
    Ok(used)
}

/// The processes of each part, and of the launcher with its guards.
fn families(system: &System) -> Result<BTreeMap<&'static str, Vec<u32>>> {
    let processes = all()?;
    let mut families = BTreeMap::new();
    for part in PARTS {
        families.insert(part, family(&processes, system.pid(part)?));
    }
    let mut rest = family(&processes, system.launcher());
    rest.retain(|pid| !families.values().flatten().any(|of_part| of_part == pid));
    families.insert(LAUNCHER, rest);
    Ok(families)
}

/// Memory in MiB.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Memory {
    /// Its share: what several map is dealt out among them.
    pub(super) pss: f64,
    /// What it alone maps.
    pub(super) uss: f64,
    /// All that it maps.
    pub(super) rss: f64,
}

impl Memory {
    fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let mib = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.unwrap_or_default() / 1024.0
        };
        let uss = mib("Private_Clean") + mib("Private_Dirty");
        Some(Self { pss: mib("Pss"), uss, rss: mib("Rss") })
    }
}

impl std::iter::Sum for Memory {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            pss: sum.pss + one.pss,
            uss: sum.uss + one.uss,
            rss: sum.rss + one.rss,
        })
    }
}

/// What each part takes, PostgreSQL with all its processes.
pub(super) fn memory(system: &System) -> Result<BTreeMap<&'static str, Memory>> {
    let of = |pids: Vec<u32>| pids.into_iter().filter_map(Memory::of).sum();
    Ok(families(system)?.into_iter().map(|(part, pids)| (part, of(pids))).collect())
}
