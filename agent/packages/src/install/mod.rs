//! Packages that come and go: what was unpacked in a staging folder becomes a package of the store, and leaves it again.
//!
//! All of it is in one data directory, and so on one file system, where a rename is all or nothing:
//!
//! - `.staging/N` is where an archive is unpacked, 0700 and out of the store's sight; `.staging/lock` has one process at a
//!   time publish, remove or recover, also where several nodes share the directory.
//! - `packages/NAME/VERSION` is the package. It appears there whole, by one rename, with its installed mark.
//! - `manifests/NAME/VERSION.json` is what it consisted of then ([`Tree`]), out of reach of whoever uses it.
//!
//! A crash at any moment leaves the package as it was before or as it is afterwards; [`Installer::recover`] removes what
//! else there is. Nothing here reads an archive, or what a package says of itself ([`check_package`](crate::check_package)). What was
//! unpacked was so by a process that may have been taken over meanwhile, and its files are checked anew.

mod check;
mod error;
mod mounted;
mod publish;
mod remove;
mod staging;

pub use check::Unfit;
pub use error::InstallError;
pub use staging::Staging;

use crate::id::PackageId;
use crate::sealed::{Difference, SealError, Tree, create, open_own};
use nix::fcntl::{Flock, FlockArg};
use publish::Publishing;
use remove::Removing;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder of a data directory in which packages are made. There is none where nothing was ever installed.
pub const STAGING: &str = ".staging";

/// The packages of one data directory, for the process that changes them.
#[derive(Debug)]
pub struct Installer {
    data: PathBuf,
}

impl Installer {
    /// Of this data directory. Makes the folders in it that are not there.
    ///
    /// # Errors
    /// They can't be made, or the staging folder is a link or another account's.
    pub fn open(data: &Path) -> Result<Self, InstallError> {
        let installer = Self {
            data: data.to_owned(),
        };
        make_folder(&installer.packages(), 0o755)?;
        for private in [installer.staging(), installer.manifests()] {
            make_folder(&private, 0o700)?;
            open_own(&private)?;
        }
        Ok(installer)
    }

    /// Makes an empty folder to unpack in. The caller gives it to whom it is meant for (fchown) and passes the descriptor.
    /// Waits as [`Installer::publish`] does.
    ///
    /// # Errors
    /// It can't be made.
    pub fn stage(&self) -> Result<Staging, InstallError> {
        let _lock = self.lock()?;
        Staging::make(&self.staging())
    }

    /// Makes what was unpacked in a staging folder the package `id`, installed at `now`. Whatever happens, nothing is left
    /// in the staging folder. Waits while another process publishes or removes.
    ///
    /// Whoever has unpacked must have ended: what it could still write to after the check would be the package.
    ///
    /// # Errors
    /// It holds what no package does, is there already, or can't be written.
    pub fn publish(
        &self,
        staging: Staging,
        id: &PackageId,
        now: SystemTime,
    ) -> Result<(), InstallError> {
        let _lock = self.lock()?;
        // Dropped before the lock: once its folder is away, another one may be made under its number.
        let staging = staging;
        let publishing = Publishing {
            installer: self,
            staging: &staging,
            id,
            now,
        };
        Publishing::STEPS
            .iter()
            .try_for_each(|step| step(&publishing))
    }

    /// Removes a package, whether it came by [`Installer::publish`] or otherwise. It is gone at once; what can't be deleted
    /// afterwards, or not yet because jobs have it mounted, is left to [`Installer::recover`].
    ///
    /// # Errors
    /// It is not there, or can't be moved away.
    pub fn remove(&self, id: &PackageId) -> Result<(), InstallError> {
        let _lock = self.lock()?;
        let removing = Removing {
            installer: self,
            staging: Staging::make(&self.staging())?,
            id,
        };
        let (hide, tidy_up) = Removing::STEPS;
        hide(&removing)?;
        // It is removed, whatever becomes of these.
        tidy_up.iter().for_each(|step| drop(step(&removing)));
        Ok(())
    }

    /// Removes what crashes have left: staging folders that nobody has open, manifests without a package, names without
    /// a version; and removed packages that no job has any more. To be called at start.
    ///
    /// # Errors
    /// Something can't be removed: the first such thing; all else is.
    pub fn recover(&self) -> Result<(), InstallError> {
        let _lock = self.lock()?;
        let remove = |folder| match Staging::abandoned(folder)? {
            Some(left) => left.delete(),
            None => Ok(()),
        };
        let removed: Vec<_> = folders(&self.staging())?.into_iter().map(remove).collect();
        self.forget_what_is_gone()?;
        removed.into_iter().collect()
    }

    /// Reads an installed package whole and compares it with its manifest.
    ///
    /// # Errors
    /// It is not installed, has no manifest, or can't be read.
    pub fn verify(&self, id: &PackageId) -> Result<Option<Difference>, InstallError> {
        if !exists(&self.package(id))? {
            return Err(InstallError::NotInstalled(id.clone()));
        }
        let path = self.manifest(id);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(InstallError::NoManifest(id.clone()));
            }
            text => text.map_err(SealError::file("read", &path))?,
        };
        let manifest: Tree = serde_json::from_slice(&text)
            .map_err(|source| InstallError::Manifest { path, source })?;
        Ok(manifest.first_difference(&Tree::read(&self.package(id))?))
    }

    fn packages(&self) -> PathBuf {
        self.data.join("packages")
    }

    fn manifests(&self) -> PathBuf {
        self.data.join("manifests")
    }

    fn staging(&self) -> PathBuf {
        self.data.join(STAGING)
    }

    fn package(&self, id: &PackageId) -> PathBuf {
        self.packages().join(id.folder())
    }

    fn manifest(&self, id: &PackageId) -> PathBuf {
        self.manifests().join(format!("{}.json", id.folder()))
    }

    fn lock(&self) -> Result<Flock<File>, InstallError> {
        let path = self.staging().join("lock");
        Flock::lock(create(&path)?, FlockArg::LockExclusive)
            .map_err(|(_, error)| SealError::file("lock", &path)(error.into()).into())
    }

    /// Removes manifests of packages that are not there, and such that were never finished.
    fn forget_what_is_gone(&self) -> Result<(), InstallError> {
        for names in folders(&self.manifests())? {
            for path in entries(&names)? {
                let below = path.strip_prefix(self.manifests()).unwrap_or(&path);
                let package = self.packages().join(below.with_extension(""));
                if !exists(&package)? {
                    fs::remove_file(&path).map_err(SealError::file("remove", &path))?;
                }
            }
            remove_if_empty(&names)?;
        }
        folders(&self.packages())?
            .iter()
            .try_for_each(|name| Ok(remove_if_empty(name)?))
    }
}

fn make_folder(path: &Path, mode: u32) -> Result<(), SealError> {
    let mut builder = DirBuilder::new();
    builder
        .mode(mode)
        .recursive(true)
        .create(path)
        .map_err(SealError::file("make", path))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, SealError> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(SealError::file("read the folder", folder))
}

/// The folders in a folder; links to folders are none.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, SealError> {
    let mut folders = entries(folder)?;
    folders.retain(|path| path.symlink_metadata().is_ok_and(|status| status.is_dir()));
    Ok(folders)
}

/// Whether there is something of that name, a link included.
fn exists(path: &Path) -> Result<bool, SealError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        status => status
            .map(|_| true)
            .map_err(SealError::file("look at", path)),
    }
}

fn remove_if_empty(folder: &Path) -> Result<(), SealError> {
    match fs::remove_dir(folder) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound
            ) =>
        {
            Err(SealError::file("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
