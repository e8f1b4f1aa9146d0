//! Where PostgreSQL's cluster lies, and whose it is. It lies in the data folder,
//! or, when root keeps that closed to PostgreSQL's account, outside. Folder and
//! cluster know each other: so a folder that was deleted, moved or copied meets
//! no cluster of another's, and none that is empty in the place of its own.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    data::{Data, Marker, Place},
    paths::{open_folder, open_to_all, private_folder, unprivileged, write_private},
};

/// Where root keeps a database that PostgreSQL's account must reach.
const OUTSIDE: &str = "/var/lib/everything";

/// A data folder's cluster, there or still to be made.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    id: Uuid,
    place: Place,
    /// PostgreSQL's folder; `data` in it is the cluster.
    pub(crate) home: PathBuf,
    /// Whether it was made.
    pub(crate) made: bool,
}

/// What a cluster says of the data folder that it belongs to.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    id: Uuid,
    folder: PathBuf,
}

impl Owner {
    fn of(home: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(home.join("belongs-to.json")).ok()?).ok()
    }

    /// Whether its folder is still where it was.
    fn is_there(&self) -> bool {
        let marker = Data::at(&self.folder).and_then(|data| data.marker());
        marker.is_ok_and(|marker| marker.is_some_and(|it| it.id == self.id))
    }
}

impl Cluster {
    /// Finds a folder's cluster, or the place for a new one. Refuses what is
    /// missing, cannot be reached, or belongs to another.
    pub(crate) fn of(data: &Data) -> Result<Self> {
        let cluster = Self::named_by(data)?;
        let home = cluster.home.display();
        let version = cluster.data().join("PG_VERSION");
        let there =
            version.try_exists().with_context(|| format!("look for {}", version.display()))?;
        if cluster.made && !there {
            bail!(
                "the database of {} is missing: it was in {home}.\n  Nothing is started, as that \
                 would be with an empty one. Put it back, or give up all data with `everything reset`.",
                data.root().display()
            );
        }
        let owner = Owner::of(&cluster.home);
        if there && owner.as_ref().is_none_or(|owner| owner.id != cluster.id) {
            bail!(
                "the database in {home} is not that of {}; it is left as it is.\n  Put it where it \
                 belongs, or choose another folder with --data DIR.",
                data.root().display()
            );
        }
        if let Some(original) = cluster.original(data) {
            bail!(
                "{} is a copy of {}, and the database in {home} is that one's.\n  Choose another \
                 folder with --data DIR.",
                data.root().display(),
                original.display()
            );
        }
        if cluster.place == Place::Inside && unprivileged().is_some() && !open_to_all(data.root()) {
            bail!(
                "PostgreSQL does not run as root, and its account cannot reach {home}.\n  Let \
                 others pass through the folders above it (chmod o+x)."
            );
        }
        Ok(Self { made: there, ..cluster })
    }

    /// As the marker says; of a new folder, as it should be.
    fn named_by(data: &Data) -> Result<Self> {
        let Marker { id, postgres } = data.marker()?.context("the data folder is not marked")?;
        let place = postgres.unwrap_or_else(|| {
            let closed = unprivileged().is_some() && !open_to_all(data.root());
            if closed { Place::Outside } else { Place::Inside }
        });
        let home = match place {
            Place::Inside => data.file("postgres"),
            Place::Outside => Path::new(OUTSIDE).join(id.to_string()).join("postgres"),
        };
        Ok(Self { id, place, home, made: postgres.is_some() })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The folder that this one is a copy of, if both would share one cluster.
    fn original(&self, data: &Data) -> Option<PathBuf> {
        let owner = Owner::of(&self.home).filter(|_| self.place == Place::Outside)?;
        let file = |path: &Path| fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
        let elsewhere = file(&owner.folder) != file(data.root());
        (elsewhere && owner.is_there()).then_some(owner.folder)
    }

    /// Makes PostgreSQL's folder, for its account alone.
    pub(crate) fn make_home(&self) -> Result<()> {
        if self.place == Place::Outside {
            open_folder(Path::new(OUTSIDE))?;
            open_folder(&Path::new(OUTSIDE).join(self.id.to_string()))?;
        }
        private_folder(&self.home, unprivileged())
    }

    /// Tells the cluster whose it is, also when the folder has moved.
    pub(crate) fn sign(&self, data: &Data) -> Result<()> {
        let owner = Owner { id: self.id, folder: data.root().to_owned() };
        if Owner::of(&self.home).as_ref() == Some(&owner) {
            return Ok(());
        }
        write_private(&self.home.join("belongs-to.json"), &serde_json::to_vec_pretty(&owner)?)
    }

    /// Tells the data folder that the cluster was made.
    pub(crate) fn note(&self, data: &Data) -> Result<()> {
        let marker = Marker { id: self.id, postgres: Some(self.place) };
        if data.marker()? == Some(marker) { Ok(()) } else { data.mark(marker) }
    }
}

/// Deletes a data folder with its database; says what is left there.
pub(crate) fn delete(data: &Data) -> Result<Vec<String>> {
    let cluster = Cluster::named_by(data)?;
    let outside = Path::new(OUTSIDE).join(cluster.id.to_string());
    if outside.is_dir() && cluster.original(data).is_none() {
        fs::remove_dir_all(&outside).with_context(|| format!("delete {}", outside.display()))?;
    }
    data.delete()
}

/// Databases outside whose data folder is gone, with where that was.
pub(crate) fn left_over() -> Vec<(PathBuf, PathBuf)> {
    let Ok(entries) = fs::read_dir(OUTSIDE) else { return Vec::new() };
    let owner = |folder: PathBuf| Some((Owner::of(&folder.join("postgres"))?, folder));
    let owners = entries.flatten().filter_map(|entry| owner(entry.path()));
    owners.filter(|(owner, _)| !owner.is_there()).map(|(it, folder)| (folder, it.folder)).collect()
}
