//! Installing and removing packages: who does what, in which order. This process is root and reads nothing but short lines
//! of the processes that it starts.
//!
//! What the routes and the command line are made of: [`Supply::install`], [`Supply::remove`], [`Supply::list`]. A crash at
//! any moment, of whichever process, leaves a package as it was before or as it is afterwards; what is in the way is
//! removed by the next install.

use super::FETCH;
use super::error::{SupplyError, told};
use super::order::{
    ANSWER_MAX, FetchAnswer, FetchLine, FetchOrder, LIST_MAX, Offer, Order, Progress, Sources,
};
use super::unpack::{Origin, UNPACK, UnpackAnswer, UnpackOrder};
use super::wish::Wish;
use super::worker::{Job, Worker, WorkerError};
use crate::config::Config;
use jail::host::Network;
use nix::unistd::{Gid, Uid, fchown};
use packages::install::{Installer, Staging};
use packages::{PackageId, Store};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Longest time of a download. The fetcher has times of its own for everything that it waits for, which come to less; this
/// is for one that does not keep to them.
const DOWNLOAD_WITHIN: Duration = Duration::from_secs(6000);
/// Longest time in which indexes are read.
const LIST_WITHIN: Duration = Duration::from_secs(1200);
/// Longest time in which an archive is unpacked.
const UNPACK_WITHIN: Duration = Duration::from_secs(1800);

/// What a node has to bring packages with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supply {
    data: PathBuf,
    sources: Sources,
    fetcher: u32,
    unpacker: u32,
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

/// An archive with its index, in a folder that is gone with this.
#[derive(Debug)]
pub(super) struct Download {
    folder: Staging,
    /// Which package it is, as the fetcher says.
    pub(super) id: PackageId,
}

/// A package as it was unpacked, by whom nobody believes.
struct Unpacked {
    staging: Staging,
    id: PackageId,
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
        let id = wish.choose(&self.offers(progress)?)?;
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
        let bundle = bundle.as_fd();
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
        let mut all = self.offers(progress)?;
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
        installer.recover()?;
        Ok(installer)
    }

    /// Has the highest version that matches downloaded.
    pub(super) fn download(
        &self,
        installer: &Installer,
        wish: &Wish,
        progress: &mut dyn FnMut(Stage),
    ) -> Result<Download, SupplyError> {
        let folder = installer.stage()?;
        let archive = make(&folder.path().join(ARCHIVE))?;
        let index = make(&folder.path().join(INDEX))?;
        let order = FetchOrder::Download {
            sources: self.sources.clone(),
            name: wish.name().to_owned(),
            selector: wish.selector().to_owned(),
        };
        let fds = [archive.as_fd(), index.as_fd()];
        let answer = self.fetch(order, &fds, ANSWER_MAX, DOWNLOAD_WITHIN, progress)?;
        let FetchAnswer::Downloaded { name, version, .. } = answer else {
            return Err(WorkerError::Nonsense(FETCH).into());
        };
        let id = wish.accept(&name, &version)?;
        Ok(Download { folder, id })
    }

    /// Everything that the indexes offer.
    pub(super) fn offers(
        &self,
        progress: &mut dyn FnMut(Stage),
    ) -> Result<Vec<PackageId>, SupplyError> {
        let order = FetchOrder::List {
            sources: self.sources.clone(),
        };
        let answer = self.fetch(order, &[], LIST_MAX, LIST_WITHIN, progress)?;
        let FetchAnswer::Listed { offers, warnings } = answer else {
            return Err(WorkerError::Nonsense(FETCH).into());
        };
        let warned = |warning: &String| progress(Stage::Warned(told(warning)));
        warnings.iter().for_each(warned);
        let id = |offer: &Offer| PackageId::parse(&offer.name, &offer.version).ok();
        Ok(offers.iter().filter_map(id).collect())
    }

    fn fetch(
        &self,
        order: FetchOrder,
        fds: &[BorrowedFd<'_>],
        most: usize,
        within: Duration,
        progress: &mut dyn FnMut(Stage),
    ) -> Result<FetchAnswer, SupplyError> {
        let end = Instant::now() + within;
        let mut fetcher = Worker::start(&Job {
            role: FETCH,
            network: Network::Host,
            order: order_for(self.fetcher, order),
            fds,
        })?;
        loop {
            match fetcher.line(most, end)? {
                FetchLine::Progress(done) => progress(Stage::Downloading(done)),
                FetchLine::Answer(FetchAnswer::Failed(failure)) => {
                    return Err(SupplyError::fetch(failure));
                }
                FetchLine::Answer(answer) => return Ok(answer),
            }
        }
    }

    /// Has an archive unpacked in a folder of its own, to which nobody can write any more when this returns.
    fn unpack(
        &self,
        installer: &Installer,
        wish: &Wish,
        from: Origin,
        [archive, index]: [BorrowedFd<'_>; 2],
    ) -> Result<Unpacked, SupplyError> {
        let staging = installer.stage()?;
        let owner = (Uid::from_raw(self.unpacker), Gid::from_raw(self.unpacker));
        fchown(&staging, Some(owner.0), Some(owner.1))
            .map_err(|error| SupplyError::file("give away", staging.path())(error.into()))?;
        let order = UnpackOrder {
            name: wish.name().to_owned(),
            selector: wish.selector().to_owned(),
            keys: self.sources.keys.clone(),
            from,
        };
        let mut unpacker = Worker::start(&Job {
            role: UNPACK,
            network: Network::None,
            order: order_for(self.unpacker, order),
            fds: &[archive, index, staging.as_fd()],
        })?;
        let answer = unpacker.line(ANSWER_MAX, Instant::now() + UNPACK_WITHIN)?;
        drop(unpacker);
        match answer {
            UnpackAnswer::Unpacked { name, version } => {
                let id = wish.accept(&name, &version)?;
                Ok(Unpacked { staging, id })
            }
            UnpackAnswer::NotFound if from == Origin::Bundle => Err(SupplyError::NotInBundle),
            UnpackAnswer::NotFound => Err(SupplyError::OtherPackage),
            UnpackAnswer::Checksum { expected, found } => {
                Err(SupplyError::Checksum { expected, found })
            }
            UnpackAnswer::Failed(sentence) => Err(SupplyError::unpack(&sentence)),
        }
    }
}

/// Names in the folder of a download.
const ARCHIVE: &str = "archive";
const INDEX: &str = "index";

impl Download {
    /// The archive, to be read only.
    pub(super) fn archive(&self) -> Result<File, SupplyError> {
        self.open(ARCHIVE)
    }

    /// The index that names it, as [`packages::index::Fetched`] writes it.
    pub(super) fn index(&self) -> Result<File, SupplyError> {
        self.open(INDEX)
    }

    fn open(&self, name: &str) -> Result<File, SupplyError> {
        let path = self.folder.path().join(name);
        File::open(&path).map_err(SupplyError::file("open", &path))
    }
}

fn order_for<T>(id: u32, wish: T) -> Order<T> {
    Order {
        uid: id,
        gid: id,
        wish,
    }
}

/// A file that only this process can open; the fetcher has its descriptor.
fn make(path: &Path) -> Result<File, SupplyError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(SupplyError::file("make", path))
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
