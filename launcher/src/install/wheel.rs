//! One wheel: pip downloads it (it knows the user's own index), we check its
//! hash, Python unpacks it, and one rename says that it is complete.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{Piece, verify, with_bar};
use crate::{python::Python, screen::Screen};

pub(super) async fn install(
    piece: &Piece,
    cache: &Path,
    python: &Python,
    screen: &Screen,
) -> Result<()> {
    let label = piece.label();
    let wheel = cache.join("downloads").join(&piece.file);
    if !is_good(&wheel, piece)? {
        download(piece, &wheel, cache, python, screen, &label).await?;
    }
    let draft = cache.join(format!("partial-{}", piece.name));
    let _ = fs::remove_dir_all(&draft);
    fs::create_dir_all(&draft)?;
    let mut unpack = python.command()?;
    unpack.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&draft);
    python.run(unpack, &format!("unpack {}", piece.file)).await?;
    let (place, record) = (draft.clone(), piece.record.clone());
    tokio::task::spawn_blocking(move || {
        make_programs_executable(&place)?;
        verify::wheel(&place, &record)
    })
    .await??;
    let folder = piece.folder(cache);
    fs::rename(&draft, &folder).with_context(|| format!("finish {}", folder.display()))?;
    let _ = fs::remove_file(&wheel);
    screen.line("engines", &format!("installed {label}"));
    Ok(())
}

/// Whether the wheel is there with the locked hash: then it is not fetched again.
fn is_good(wheel: &Path, piece: &Piece) -> Result<bool> {
    if !fs::metadata(wheel).is_ok_and(|meta| meta.len() == piece.size) {
        return Ok(false);
    }
    Ok(hex::encode(verify::sha256(wheel)?) == piece.sha256)
}

async fn download(
    piece: &Piece,
    wheel: &Path,
    cache: &Path,
    python: &Python,
    screen: &Screen,
    label: &str,
) -> Result<()> {
    // A folder of its own for pip's temporary files, to see how far it is.
    let work = cache.join(format!("partial-{}-download", piece.name));
    let _ = fs::remove_dir_all(&work);
    let (growing, done) = (work.join("tmp"), work.join("done"));
    fs::create_dir_all(&growing)?;
    let wanted = work.join("wanted.txt");
    fs::write(
        &wanted,
        format!("{}=={} --hash=sha256:{}\n", piece.name, piece.version, piece.sha256),
    )?;
    let mut pip = python.pip()?;
    pip.args(["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]);
    pip.args(["--require-hashes", "--progress-bar=off", "--quiet", "--dest"]);
    pip.arg(&done).arg("-r").arg(&wanted).env("TMPDIR", &growing);
    let what = format!("download {label}");
    with_bar(&growing, label, piece.size, screen, python.run(pip, &what)).await?;
    let got = done.join(&piece.file);
    if !is_good(&got, piece)? {
        let found: Vec<PathBuf> =
            fs::read_dir(&done)?.flatten().map(|entry| entry.path()).collect();
        bail!(
            "pip brought {found:?} where {} with sha256 {} was wanted; it is not installed",
            piece.file,
            piece.sha256
        );
    }
    if let Some(folder) = wheel.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::rename(got, wheel)?;
    let _ = fs::remove_dir_all(&work);
    Ok(())
}

/// A wheel keeps what may be executed in folders of these names; Python's unzip forgets the mode.
fn make_programs_executable(folder: &Path) -> Result<()> {
    const PROGRAMS: [&str; 3] = ["bin", "scripts", "_binaries"];
    fn walk(folder: &Path, programs: bool) -> std::io::Result<()> {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let listed = programs || PROGRAMS.iter().any(|it| name == *it);
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), listed)?;
            } else {
                let mode = if listed || name == "jspawnhelper" { 0o755 } else { 0o644 };
                fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode))?;
            }
        }
        Ok(())
    }
    walk(folder, false).with_context(|| format!("set the modes in {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wheel_with_the_locked_hash_is_taken_without_fetching_it() {
        let wheel = std::env::temp_dir().join(format!("everything-wheel-{}", std::process::id()));
        fs::write(&wheel, "abc").unwrap();
        // Of "abc".
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let piece = Piece::for_test(3, sha256);
        assert!(is_good(&wheel, &piece).unwrap());
        fs::write(&wheel, "abd").unwrap();
        assert!(!is_good(&wheel, &piece).unwrap());
        fs::remove_file(&wheel).unwrap();
        assert!(!is_good(&wheel, &piece).unwrap());
    }
}
