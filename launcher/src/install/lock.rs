//! The locked lists under `engines/`, compiled into the program.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::Want;

const WHEELS: &str = include_str!("../../../engines/wheels.toml");
const JARS: &str = include_str!("../../../engines/kafka-jars.txt");
/// What pip installs jgo from.
pub(super) const JGO: &str = include_str!("../../../engines/jgo.txt");
/// What jgo resolves.
pub(super) const JGO_TOML: &str = include_str!("../../../engines/jgo.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WheelsFile {
    piece: Vec<PieceEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PieceEntry {
    name: String,
    version: String,
    group: Group,
    what: String,
    wheels: BTreeMap<String, Wheel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Group {
    Engine,
    Test,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wheel {
    file: String,
    size: u64,
    sha256: String,
    record: String,
}

/// One wheel for this machine.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) version: String,
    /// What it brings, for people.
    what: String,
    pub(super) file: String,
    /// Of the wheel, in bytes.
    pub(super) size: u64,
    pub(super) sha256: String,
    /// The sha256 of the wheel's RECORD, which holds that of each file.
    pub(super) record: String,
}

impl Piece {
    #[cfg(test)]
    pub(super) fn for_test(size: u64, sha256: &str) -> Self {
        let sha256 = sha256.to_owned();
        let (name, version, what) = (String::new(), String::new(), String::new());
        Self { name, version, what, file: String::new(), size, sha256, record: String::new() }
    }

    /// For people.
    pub(super) fn label(&self) -> String {
        format!("{} {} ({})", self.name, self.version, self.what)
    }

    /// Where it is once it is complete.
    pub(super) fn folder(&self, cache: &Path) -> PathBuf {
        cache.join(format!("{}-{}-{}", self.name, self.version, &self.sha256[..8]))
    }
}

/// One of Kafka's jars.
#[derive(Debug, Clone)]
pub(super) struct Jar {
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) file: String,
}

/// What is to be installed on this machine.
#[derive(Debug)]
pub(super) struct Lock {
    pieces: Vec<(Group, Piece)>,
    pub(super) jars: Vec<Jar>,
}

/// This machine's name in the lists.
pub(crate) fn platform() -> Result<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("linux-x86_64"),
        ("linux", "aarch64") => Ok("linux-aarch64"),
        ("macos", "aarch64") => Ok("macos-arm64"),
        (os, arch) => bail!(
            "there are no engines for {os} on {arch}; they exist for Linux on x86_64 and aarch64 \
             and for macOS on arm64"
        ),
    }
}

/// The folder's name inside the wheel of Valkey.
pub(super) fn valkey_platform() -> Result<&'static str> {
    Ok(match platform()? {
        "macos-arm64" => "darwin-arm64",
        other => other,
    })
}

impl Lock {
    pub(super) fn read() -> Result<Self> {
        let platform = platform()?;
        let file: WheelsFile = toml::from_str(WHEELS).context("read engines/wheels.toml")?;
        let pieces = file
            .piece
            .into_iter()
            .map(|PieceEntry { name, version, group, what, mut wheels }| {
                let Wheel { file, size, sha256, record } = wheels
                    .remove(platform)
                    .with_context(|| format!("{name} has no wheel for {platform}"))?;
                Ok((group, Piece { name, version, what, file, size, sha256, record }))
            })
            .collect::<Result<_>>()?;
        let jars = JARS
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| {
                let mut words = line.split_whitespace();
                let mut word = || words.next().context("a line of engines/kafka-jars.txt is short");
                Ok(Jar {
                    sha256: word()?.to_owned(),
                    size: word()?.parse()?,
                    file: word()?.to_owned(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { pieces, jars })
    }

    pub(super) fn pieces(&self, want: Want) -> Vec<Piece> {
        let wanted = |group: Group| group == Group::Engine || want == Want::EnginesAndTestServer;
        self.pieces.iter().filter(|(group, _)| wanted(*group)).map(|(_, it)| it.clone()).collect()
    }

    pub(super) fn piece(&self, name: &str) -> Result<Piece> {
        let found = self.pieces.iter().find(|(_, piece)| piece.name == name);
        found.map(|(_, piece)| piece.clone()).with_context(|| format!("{name} is not in the lists"))
    }

    /// Where Kafka's jars are once they are complete; another list is another folder.
    pub(super) fn kafka_folder(&self, cache: &Path) -> PathBuf {
        let list = ring::digest::digest(&ring::digest::SHA256, JARS.as_bytes());
        cache.join(format!("kafka-{}", hex::encode(&list.as_ref()[..4])))
    }

    /// With its version, which its main jar's name ends in.
    pub(super) fn kafka_label(&self) -> String {
        let main = self.jars.iter().find_map(|jar| jar.file.strip_prefix("kafka_2.13-"));
        format!("Apache Kafka {}", main.unwrap_or_default().trim_end_matches(".jar"))
    }

    /// All jars, in bytes.
    pub(super) fn kafka_size(&self) -> u64 {
        self.jars.iter().map(|jar| jar.size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_name_every_engine_for_each_platform() {
        let file: WheelsFile = toml::from_str(WHEELS).unwrap();
        for piece in &file.piece {
            for platform in ["linux-x86_64", "linux-aarch64", "macos-arm64"] {
                let wheel = &piece.wheels[platform];
                assert_eq!((wheel.sha256.len(), wheel.record.len()), (64, 64), "{}", piece.name);
                let named = format!("{}-{}-", piece.name.replace('-', "_"), piece.version);
                assert!(wheel.file.starts_with(&named), "{}", wheel.file);
            }
        }
    }

    #[test]
    fn the_lists_hold_kafka_with_its_logging() {
        let lock = Lock::read().unwrap();
        assert_eq!(lock.jars.len(), 46);
        for file in ["kafka_2.13-4.3.1.jar", "slf4j-simple-1.7.36.jar"] {
            assert!(lock.jars.iter().any(|jar| jar.file == file), "{file}");
        }
    }
}
