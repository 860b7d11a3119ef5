//! The two steps that a process without rights takes for an install, seen from the one that starts it and believes
//! neither: downloading and unpacking.

use super::FETCH;
use super::error::{SupplyError, told};
use super::install::{Stage, Supply};
use super::order::{ANSWER_MAX, FetchAnswer, FetchLine, FetchOrder, LIST_MAX, Offer, Order};
use super::unpack::{Origin, UNPACK, UnpackAnswer, UnpackOrder};
use super::wish::Wish;
use super::worker::{Job, Worker, WorkerError};
use jail::host::Network;
use nix::unistd::{Gid, Uid, fchown};
use packages::PackageId;
use packages::install::{Installer, Staging};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest time of a download. The fetcher has times of its own for everything that it waits for, which come to less; this
/// is for one that does not keep to them.
const DOWNLOAD_WITHIN: Duration = Duration::from_secs(6000);
/// Longest time in which indexes are read.
const LIST_WITHIN: Duration = Duration::from_secs(1200);
/// Longest time in which an archive is unpacked.
const UNPACK_WITHIN: Duration = Duration::from_secs(1800);

/// Names in the folder of a download.
const ARCHIVE: &str = "archive";
const INDEX: &str = "index";

/// An archive with its index, in a folder that is gone with this.
#[derive(Debug)]
pub(super) struct Download {
    folder: Staging,
    /// Which package it is, as the fetcher says.
    pub(super) id: PackageId,
}

/// A package as it was unpacked, by whom nobody believes.
pub(super) struct Unpacked {
    pub(super) staging: Staging,
    pub(super) id: PackageId,
}

/// What the indexes offer.
#[derive(Debug)]
pub(super) struct Offers {
    /// All of it.
    pub(super) all: Vec<PackageId>,
    /// What can be fetched.
    sure: Vec<PackageId>,
    /// What of it can't be known, in one sentence.
    unread: Option<String>,
}

impl Offers {
    /// The highest version that is meant of what can be fetched.
    ///
    /// # Errors
    /// There is none, or nobody can say.
    pub(super) fn choose(&self, wish: &Wish) -> Result<PackageId, SupplyError> {
        wish.choose(&self.sure).map_err(|none| match &self.unread {
            Some(sentence) => SupplyError::Fetch(sentence.clone()),
            None => none,
        })
    }
}

impl Supply {
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
    pub(super) fn offers(&self, progress: &mut dyn FnMut(Stage)) -> Result<Offers, SupplyError> {
        let order = FetchOrder::List {
            sources: self.sources.clone(),
        };
        let answer = self.fetch(order, &[], LIST_MAX, LIST_WITHIN, progress)?;
        let FetchAnswer::Listed {
            offers,
            sure,
            unread,
            warnings,
        } = answer
        else {
            return Err(WorkerError::Nonsense(FETCH).into());
        };
        let warned = |warning: &String| progress(Stage::Warned(told(warning)));
        warnings.iter().for_each(warned);
        let id = |offer: &Offer| PackageId::parse(&offer.name, &offer.version).ok();
        Ok(Offers {
            sure: offers.iter().take(sure).filter_map(id).collect(),
            all: offers.iter().filter_map(id).collect(),
            unread: unread.map(|sentence| told(&sentence)),
        })
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
    pub(super) fn unpack(
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

/// A copy of a file to which nobody else can write, and its folder, with which it is gone.
pub(super) fn copied(
    installer: &Installer,
    mut file: &File,
) -> Result<(Staging, File), SupplyError> {
    // A device may have no end.
    if !file.metadata().is_ok_and(|status| status.is_file()) {
        return Err(SupplyError::NoFile);
    }
    let folder = installer.stage()?;
    let path = folder.path().join(ARCHIVE);
    let mut copy = make(&path)?;
    file.rewind()
        .and_then(|()| io::copy(&mut file, &mut copy))
        .map_err(SupplyError::file("make", &path))?;
    Ok((folder, copy))
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
