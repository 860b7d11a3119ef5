//! `packages verify` and `packages gc`: is what is there what was installed, and nothing else.

use super::{Desk, Failed, say};
use crate::runtimes::parts;
use crate::supply::{SupplyError, Wish};
use packages::PackageId;
use packages::install::InstallError;
use packages::sealed::{Difference, Images};

/// An installed package that is not as it was installed, or can't be compared.
#[derive(Debug, thiserror::Error)]
enum VerifyError {
    #[error("it is not installed{0}")]
    NotInstalled(String),
    #[error("it is CHANGED: {0}. Find out who did that; then remove it and install it anew")]
    Changed(Difference),
    #[error(transparent)]
    Supply(#[from] SupplyError),
}

impl Desk {
    /// Compares packages with what was recorded when they were installed: all that are meant, or all that there are.
    pub(super) fn verify(&mut self, wishes: &[Wish]) {
        let here = match self.supply.installed() {
            Ok(here) => here,
            Err(error) => return self.failed(&error),
        };
        for wish in wishes {
            if !here.iter().any(|id| wish.matches(id)) {
                let error = VerifyError::NotInstalled(wish.instead(&here));
                self.failed(&Failed(wish, error));
            }
        }
        let is_meant =
            |id: &&PackageId| wishes.is_empty() || wishes.iter().any(|wish| wish.matches(id));
        for id in here.iter().filter(is_meant) {
            match self.verify_one(id) {
                Ok(()) => say(format_args!("{id} is as it was installed")),
                Err(error) => self.failed(&Failed(id, error)),
            }
        }
    }

    fn verify_one(&self, id: &PackageId) -> Result<(), VerifyError> {
        let installer = self.supply.installer()?;
        match installer.verify(id).map_err(SupplyError::from)? {
            None => Ok(()),
            Some(difference) => Err(VerifyError::Changed(difference)),
        }
    }

    /// Removes what belongs to no package.
    pub(super) fn gc(&mut self) {
        match self.collect() {
            Ok(()) => say(format_args!("nothing is left of packages that are gone")),
            Err(error) => self.failed(&error),
        }
    }

    fn collect(&self) -> Result<(), SupplyError> {
        // Opening it recovers.
        self.supply.installer()?;
        let data = &self.config.data_directory;
        if !data.join("images").exists() {
            return Ok(());
        }
        let (parts, _) = parts(data)?;
        let cleared = Images::open(data).and_then(|images| images.keep_only(&parts));
        Ok(cleared.map_err(InstallError::from)?)
    }
}
