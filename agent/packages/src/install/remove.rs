//! From a package to nothing, step by step. The first makes it unseen, whole; the others tidy up.

use super::{InstallError, Installer, Staging, exists, remove_if_empty};
use crate::id::PackageId;
use crate::sealed::{SealError, rename, sync};
use std::fs;
use std::io;

/// A package on its way out, under the lock.
pub(super) struct Removing<'a> {
    pub(super) installer: &'a Installer,
    /// Where it goes, to be deleted there.
    pub(super) staging: Staging,
    pub(super) id: &'a PackageId,
}

type Step<'a> = fn(&Removing<'a>) -> Result<(), InstallError>;

impl<'a> Removing<'a> {
    /// In this order; after the first it is removed. The tests stop after each.
    pub(super) const STEPS: (Step<'a>, [Step<'a>; 2]) = (Self::hide, [Self::forget, Self::tidy]);

    /// A link in the package's place is moved, not followed.
    pub(super) fn hide(&self) -> Result<(), InstallError> {
        let package = self.installer.package(self.id);
        if !exists(&package)? {
            return Err(InstallError::NotInstalled(self.id.clone()));
        }
        rename(&package, &self.staging.removed())?;
        sync(self.staging.path())?;
        let packages = self.installer.packages();
        Ok(sync(package.parent().unwrap_or(&packages))?)
    }

    fn forget(&self) -> Result<(), InstallError> {
        let manifest = self.installer.manifest(self.id);
        match fs::remove_file(&manifest) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SealError::file("remove", &manifest)(error).into())
            }
            _ => Ok(()),
        }
    }

    /// Folders of a name that has no version any more.
    fn tidy(&self) -> Result<(), InstallError> {
        for all in [self.installer.packages(), self.installer.manifests()] {
            remove_if_empty(&all.join(self.id.name()))?;
            sync(&all)?;
        }
        Ok(())
    }
}
