//! From a staging folder to a package, step by step. Until the last one the store is as it was.

use super::remove::Removing;
use super::{InstallError, Installer, Staging, check, exists, make_folder};
use crate::archive::Limits;
use crate::id::PackageId;
use crate::sealed::{SealError, Tree, create, rename, sync};
use crate::store::INSTALLED;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::time::{SystemTime, UNIX_EPOCH};

/// A package on its way, under the lock.
pub(super) struct Publishing<'a> {
    pub(super) installer: &'a Installer,
    pub(super) staging: &'a Staging,
    pub(super) id: &'a PackageId,
    pub(super) now: SystemTime,
}

type Step<'a> = fn(&Publishing<'a>) -> Result<(), InstallError>;

impl<'a> Publishing<'a> {
    /// In this order. The tests stop after each.
    pub(super) const STEPS: [Step<'a>; 7] = [
        Self::is_new,
        Self::check,
        Self::take_over,
        Self::mark,
        Self::write_manifest,
        Self::flush,
        Self::show,
    ];

    /// A folder without the mark is what somebody began and did not end, a copy perhaps, or an install of Piston's.
    fn is_new(&self) -> Result<(), InstallError> {
        let package = self.installer.package(self.id);
        if package.is_symlink() || exists(&package.join(INSTALLED))? {
            return Err(InstallError::AlreadyInstalled(self.id.clone()));
        }
        if exists(&package)? {
            let installer = self.installer;
            let staging = Staging::make(&installer.staging())?;
            let id = self.id;
            Removing {
                installer,
                staging,
                id,
            }
            .hide()?;
        }
        Ok(())
    }

    /// Before anything in it is opened.
    fn check(&self) -> Result<(), InstallError> {
        let folder = self.staging.path();
        let status = folder
            .symlink_metadata()
            .map_err(SealError::file("look at", folder))?;
        check::tree(folder, status.uid(), &Limits::default())
    }

    fn take_over(&self) -> Result<(), InstallError> {
        check::take_over(self.staging.path())
    }

    /// Piston's mark is the time in milliseconds. One that came in the archive is not ours.
    fn mark(&self) -> Result<(), InstallError> {
        let path = self.staging.path().join(INSTALLED);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(SealError::file("remove", &path)(error).into());
            }
            _ => {}
        }
        let now = self.now.duration_since(UNIX_EPOCH).unwrap_or_default();
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&path)
            .and_then(|mut file| write!(file, "{}", now.as_millis()))
            .map_err(SealError::file("write", &path))?;
        Ok(())
    }

    fn write_manifest(&self) -> Result<(), InstallError> {
        let path = self.installer.manifest(self.id);
        let folder = path.parent().unwrap_or(&path);
        let new = path.with_extension("json.new");
        make_folder(folder, 0o700)?;
        let mut file = BufWriter::new(create(&new)?);
        Tree::write(self.staging.path(), &mut file, &new)?;
        file.flush().map_err(SealError::file("write", &new))?;
        Ok(rename(&new, &path)?)
    }

    /// The package and its manifest reach the disk before its name does.
    fn flush(&self) -> Result<(), InstallError> {
        crate::archive::sync(self.staging.as_fd())
            .map_err(SealError::file("write", self.staging.path()))?;
        Ok(())
    }

    fn show(&self) -> Result<(), InstallError> {
        let packages = self.installer.packages();
        let package = self.installer.package(self.id);
        let folder = package.parent().unwrap_or(&packages);
        make_folder(folder, 0o755)?;
        rename(self.staging.path(), &package)?;
        sync(folder)?;
        sync(&packages)?;
        Ok(sync(&self.installer.staging())?)
    }
}
