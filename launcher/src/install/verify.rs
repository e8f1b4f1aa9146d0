//! Is an installed piece still what was locked? A wheel's RECORD lists the hash
//! of each of its files, and the RECORD's own hash is in the project's list.
//! (`ring` hashes, as its code is optimised in a debug build too.)

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest::{Context as Hasher, SHA256};

use super::lock::Jar;

/// The sha256 of a file.
pub(super) fn sha256(path: &Path) -> Result<[u8; 32]> {
    let hash = || -> std::io::Result<Hasher> {
        let mut file = File::open(path)?;
        let mut hasher = Hasher::new(&SHA256);
        let mut buffer = vec![0_u8; 256 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hasher),
                count => hasher.update(&buffer[..count]),
            }
        }
    };
    let hasher = hash().with_context(|| format!("read {}", path.display()))?;
    let mut digest = [0_u8; 32];
    digest.copy_from_slice(hasher.finish().as_ref());
    Ok(digest)
}

fn refuse(piece: &Path, file: &Path, why: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "an installed engine was altered: {}\n  {why}.\n  It is not started. To repair it, delete \
         the folder\n    {}\n  and start again: this piece alone is fetched anew.",
        file.display(),
        piece.display()
    )
}

/// Compares a file with the sha256 that it must have.
fn check(piece: &Path, file: &Path, expected: &[u8]) -> Result<()> {
    if !file.is_file() {
        return Err(refuse(piece, file, "it is missing"));
    }
    let found = sha256(file)?;
    if found != expected {
        let (found, expected) = (hex::encode(found), hex::encode(expected));
        return Err(refuse(piece, file, &format!("its sha256 is {found}, not {expected}")));
    }
    Ok(())
}

/// Checks every file of an unpacked wheel.
pub(super) fn wheel(folder: &Path, record: &str) -> Result<()> {
    let path = record_of(folder)?;
    check(folder, &path, &hex::decode(record)?)?;
    let text = fs::read_to_string(&path)?;
    for line in text.lines() {
        // name,sha256=base64url,size; the RECORD itself has neither. No name of ours is quoted.
        let mut fields = line.rsplitn(3, ',');
        let (_size, hash) = (fields.next(), fields.next().unwrap_or_default());
        let name =
            fields.next().with_context(|| format!("a line of {} is short", path.display()))?;
        let Some(hash) = hash.strip_prefix("sha256=") else { continue };
        check(folder, &folder.join(name), &BASE64_URL_SAFE_NO_PAD.decode(hash)?)?;
    }
    Ok(())
}

fn record_of(folder: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "dist-info") {
            return Ok(path.join("RECORD"));
        }
    }
    bail!(refuse(folder, &folder.join("….dist-info/RECORD"), "it is missing"))
}

/// Checks Kafka's jars.
pub(super) fn jars(folder: &Path, jars: &[Jar]) -> Result<()> {
    for jar in jars {
        check(folder, &folder.join(&jar.file), &hex::decode(&jar.sha256)?)?;
    }
    Ok(())
}
