//! Parts that a view has and the store has not, or has otherwise by now.

use super::Preparation;
use super::error::PrepareError;
use crate::runtimes::{is_retired, retired_mark};
use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use packages::sealed::{Manifest, fingerprint};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

impl Preparation<'_> {
    /// Marks packages that the store has no more, and says which of the others it has otherwise by now: these stay until
    /// what is to replace them is ready. Jails that have a package keep it: a mount that is detached lives as long as there
    /// is a copy of it.
    pub(super) fn retire(&self, wanted: &[String]) -> Result<Vec<String>, PrepareError> {
        let failed = |source| PrepareError::View { source };
        let mut stale = Vec::new();
        for part in self.view.packages_there().map_err(failed)? {
            let folder = self.view.part(&part);
            let retired = is_retired(&folder);
            if wanted.contains(&part) {
                if retired || !self.is_current(&part) {
                    stale.push(part);
                }
            } else if !retired {
                let mark = retired_mark(&folder).ok_or(io::ErrorKind::InvalidFilename);
                mark.map_err(io::Error::from)
                    .and_then(File::create)
                    .map_err(failed)?;
                tracing::info!(part, "retired");
            } else if self.order.unmount_retired {
                self.unmount(&part).map_err(failed)?;
                tracing::info!(part, "unmounted");
            }
        }
        Ok(stale)
    }

    /// Whether what is mounted was made of the folder as it is now.
    fn is_current(&self, part: &str) -> bool {
        let source = self.order.data.join(part);
        let manifest = fs::read(self.view.manifest(part));
        match manifest.map(|bytes| Manifest::parse(&bytes)) {
            Ok(Ok(manifest)) => fingerprint(&source).is_ok_and(|now| now == manifest.source),
            _ => is_same(&self.view.part(part), &source),
        }
    }

    /// Takes a part out of the view. Its manifest goes first: without one it is not checked.
    pub(super) fn unmount(&self, part: &str) -> io::Result<()> {
        remove(fs::remove_file(self.view.manifest(part)))?;
        let folder = self.view.part(part);
        detach(&folder)?;
        remove(fs::remove_dir(&folder))?;
        let image = self.view.image(part);
        detach(&image)?;
        remove(fs::remove_file(image))?;
        if let Some(mark) = retired_mark(&folder) {
            remove(fs::remove_file(mark))?;
        }
        // Where it was the only version.
        for above in [folder.parent(), self.view.manifest(part).parent()] {
            above.map_or(Ok(()), fs::remove_dir).ok();
        }
        Ok(())
    }
}

fn detach(place: &Path) -> io::Result<()> {
    match umount2(place, MntFlags::MNT_DETACH) {
        // Nothing is mounted there, or there is no such place.
        Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Not there is as good.
fn remove(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|status| (status.dev(), status.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}
