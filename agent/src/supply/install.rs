//! Installing and removing packages: who does what, in which order. This process is root and reads nothing but short lines
//! of the processes that it starts.
//!
//! What the routes and the command line are made of: [`Supply::install`], [`Supply::remove`], [`Supply::list`]. A crash at
//! any moment, of whichever process, leaves a package as it was before or as it is afterwards; what is in the way is
//! removed by the next install.

use super::error::SupplyError;
use super::order::{Progress, Sources};
use super::steps::{Unpacked, copied};
use super::unpack::Origin;
use super::wish::Wish;
use crate::config::Config;
use packages::install::Installer;
use packages::{PackageId, Store};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::SystemTime;

/// What a node has to bring packages with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supply {
    data: PathBuf,
    pub(super) sources: Sources,
    pub(super) fetcher: u32,
    pub(super) unpacker: u32,
}

/// How far an install is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Something is wrong with an index, in one sentence; others are used.
    Warned(String),
    /// So much of the archive is there.
    Downloading(Progress),
    /// The archive is compared with the index and unpacked.
    Unpacking,
    /// What was unpacked is checked, written to the disk, and becomes the package.
    Publishing,
}

/// A package that can be had, or is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Which one.
    pub(crate) id: PackageId,
    /// Whether the disk has it.
    pub(crate) installed: bool,
}

impl Supply {
    /// Of a node with this configuration.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            data: config.data_directory.clone(),
            sources: config.sources.clone(),
            fetcher: config.jails.fetcher_id(),
            unpacker: config.jails.unpacker_id(),
        }
    }

    /// Installs the highest version that matches out of what the indexes offer. Its id is that of what is there then.
    ///
    /// # Errors
    /// Nothing was changed.
    pub(crate) fn install(
        &self,
        wish: &Wish,
        progress: &mut dyn FnMut(Stage),
    ) -> Result<PackageId, SupplyError> {
        let id = self.offers(progress)?.choose(wish)?;
        if self.installed()?.contains(&id) {
            return Err(SupplyError::AlreadyInstalled(id));
        }
        let installer = self.installer()?;
        let wish = Wish::new(id.name(), &id.version().to_string())?;
        let download = self.download(&installer, &wish, progress)?;
        progress(Stage::Unpacking);
        let (archive, index) = (download.archive()?, download.index()?);
        let unpacked = self.unpack(
            &installer,
            &wish,
            Origin::Download,
            [archive.as_fd(), index.as_fd()],
        )?;
        publish(&installer, unpacked, progress)
    }

    /// Installs the highest version that matches out of a bundle, without a network.
    ///
    /// # Errors
    /// Nothing was changed.
    pub(crate) fn install_from(
        &self,
        bundle: &File,
        wish: &Wish,
        progress: &mut dyn FnMut(Stage),
    ) -> Result<PackageId, SupplyError> {
        let installer = self.installer()?;
        progress(Stage::Unpacking);
        // It is read twice, to compare and to unpack, and whose it is could change it in between.
        let (_folder, copy) = copied(&installer, bundle)?;
        let bundle = copy.as_fd();
        let unpacked = self.unpack(&installer, wish, Origin::Bundle, [bundle, bundle])?;
        publish(&installer, unpacked, progress)
    }

    /// Removes a package. Jobs that run keep it.
    ///
    /// # Errors
    /// It is not there, or can't be removed.
    pub(crate) fn remove(&self, id: &PackageId) -> Result<(), SupplyError> {
        Ok(self.installer()?.remove(id)?)
    }

    /// What the indexes offer, and what is installed, offered or not; by name, then version.
    ///
    /// # Errors
    /// No index can be read.
    pub(crate) fn list(&self, progress: &mut dyn FnMut(Stage)) -> Result<Vec<Listed>, SupplyError> {
        let here = self.installed()?;
        let mut all = self.offers(progress)?.all;
        all.extend(here.iter().cloned());
        sort(&mut all);
        let listed = |id: PackageId| Listed {
            installed: here.contains(&id),
            id,
        };
        Ok(all.into_iter().map(listed).collect())
    }

    /// What the disk has, by name, then version.
    ///
    /// # Errors
    /// The store can't be read.
    pub(crate) fn installed(&self) -> Result<Vec<PackageId>, SupplyError> {
        let store = self.data.join("packages");
        if !store.exists() {
            return Ok(Vec::new());
        }
        let (folders, _) = Store::open(store)?.installed();
        let id = |folder: &PathBuf| {
            let name = folder.parent()?.file_name()?.to_str()?;
            PackageId::parse(name, folder.file_name()?.to_str()?).ok()
        };
        let mut all: Vec<_> = folders.iter().filter_map(id).collect();
        sort(&mut all);
        Ok(all)
    }

    /// What the command line has besides: the packages' files, what crashes have left of others removed.
    ///
    /// # Errors
    /// The data directory can't be used.
    pub(super) fn installer(&self) -> Result<Installer, SupplyError> {
        let installer = Installer::open(&self.data)?;
        // Nothing of it is in the way; `gc` says what can't be removed.
        installer.recover().ok();
        Ok(installer)
    }
}

fn publish(
    installer: &Installer,
    unpacked: Unpacked,
    progress: &mut dyn FnMut(Stage),
) -> Result<PackageId, SupplyError> {
    progress(Stage::Publishing);
    installer.publish(unpacked.staging, &unpacked.id, SystemTime::now())?;
    Ok(unpacked.id)
}

/// By name, then version, each once.
fn sort(ids: &mut Vec<PackageId>) {
    ids.sort_by(|a, b| (a.name(), a.version()).cmp(&(b.name(), b.version())));
    ids.dedup();
}
