//! The unpacker, a process that reads an archive: it has a uid of its own, no network, no capability, one folder to fill
//! and the system calls for that. It believes neither the archive nor who has downloaded it: what the archive has to be
//! is in the index, and that is signed where keys are configured. What a package says of itself is read here as well.

use super::order::Order;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::fchdir;
use packages::archive::{self, ArchiveError, Limits};
use packages::bundle::{Bundle, BundleError};
use packages::checksum::{self, ChecksumError};
use packages::index::{Fetched, FetchedError, KeyFault, Release, Trust};
use packages::sealed::Digest;
use packages::{FaultySelector, PackageError, PackageId, Part, Selector, check_package};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

/// Command name of the process.
pub(crate) const UNPACK: &str = "unpack-package";

/// Descriptors beside its streams: the archive, or a bundle that it is in.
const ARCHIVE_FD: i32 = 3;
/// The index with its signature ([`Fetched`]), or the same bundle.
const INDEX_FD: i32 = 4;
/// The empty folder that it fills, and owns.
const STAGING_FD: i32 = 5;

/// The same folder, to which it goes: as a path it is short in a message.
const HERE: &str = "";

/// Memory that it may have, in bytes of addresses. The most entries take 15 MiB, the program itself some more.
const MEMORY: u64 = 256 << 20;
/// Processor time in seconds. The largest archive takes half a minute.
const PROCESSOR: u64 = 900;
/// It opens two at a time.
const FILES: u64 = 16;

/// What it is to do: find the highest version that matches, compare its archive with the index, unpack it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnpackOrder {
    /// The package's name.
    pub(super) name: String,
    /// Which versions will do.
    pub(super) selector: String,
    /// Public keys of minisign. Where there is one, the index has to be signed by one of them.
    pub(super) keys: Vec<String>,
    /// What it was handed.
    pub(super) from: Origin,
}

/// Where an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// In a file of its own, its index in another.
    Download,
    /// In a bundle, with its index.
    Bundle,
}

/// What came of it: one line on stdout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum UnpackAnswer {
    /// This package is in the folder.
    Unpacked {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
    /// There is no such package.
    NotFound,
    /// Its archive is another one than the index speaks of.
    Checksum {
        /// What the index says.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// Something else, in one sentence.
    Failed(String),
}

/// Why nothing can be unpacked.
#[derive(Debug, thiserror::Error)]
enum UnpackError {
    #[error("the unpacker can't {what}")]
    System {
        what: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("package_keys can't be used")]
    Key(#[from] KeyFault),
    #[error("the selector can't be read")]
    Selector(#[from] FaultySelector),
    #[error("nothing there is a package that was asked for")]
    NotFound,
    #[error(transparent)]
    Index(#[from] FetchedError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Checksum(#[from] ChecksumError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("the archive is not of a package {id} that can be used")]
    Package {
        id: PackageId,
        #[source]
        source: Box<PackageError>,
    },
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> UnpackError {
    move |source| UnpackError::System {
        what,
        source: source.into(),
    }
}

/// Entry point of the process, which was started without rights.
pub(crate) fn unpack_main() -> ExitCode {
    let answer = match obey() {
        Ok(id) => UnpackAnswer::Unpacked {
            name: id.name().to_owned(),
            version: id.version().to_string(),
        },
        Err(UnpackError::NotFound) => UnpackAnswer::NotFound,
        Err(UnpackError::Checksum(ChecksumError::Checksum { expected, found })) => {
            UnpackAnswer::Checksum { expected, found }
        }
        Err(error) => UnpackAnswer::Failed(crate::sentence(&error)),
    };
    // Who hears nothing sees its end.
    let said = serde_json::to_string(&answer).map(|line| writeln!(io::stdout(), "{line}"));
    match said {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn obey() -> Result<PackageId, UnpackError> {
    let archive = inherited(ARCHIVE_FD)?;
    let index = inherited(INDEX_FD)?;
    let staging = inherited(STAGING_FD)?;
    // Root wrote it.
    let order: Order<UnpackOrder> =
        serde_json::from_reader(io::stdin()).map_err(system("read its order"))?;
    jail::host::require_no_rights(order.uid, order.gid).map_err(system("be without rights"))?;
    // No other process of this account may look into it.
    prctl::set_dumpable(false).map_err(system("hide its memory"))?;
    shut_in(&staging)?;
    let order = order.wish;
    let trust = Trust::new(order.keys.iter().map(String::as_str))?;
    let handed = Part::whole(&archive).map_err(system("look at the archive"))?;
    match order.from {
        Origin::Download => {
            let index = Fetched::read(index).map_err(system("read the index"))?;
            let release = choose(&index, &trust, &order, |_| true)?;
            unpack(&release, handed, &staging)
        }
        Origin::Bundle => {
            let bundle = Bundle::read(handed)?;
            let holds = |release: &Release| bundle.archive(&release.id).is_some();
            let release = choose(&bundle.index, &trust, &order, holds)?;
            let archive = bundle.archive(&release.id).ok_or(UnpackError::NotFound)?;
            unpack(&release, archive, &staging)
        }
    }
}

fn inherited(number: i32) -> Result<File, UnpackError> {
    let file = jail::sys::inherited(number).map(File::from);
    file.map_err(system("take what it was handed"))
}

/// Nothing but the folder is within reach from here on, and no more of the machine than an archive takes.
fn shut_in(staging: &File) -> Result<(), UnpackError> {
    let limits = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NPROC, 0),
        (Resource::RLIMIT_AS, MEMORY),
        (Resource::RLIMIT_CPU, PROCESSOR),
        (Resource::RLIMIT_NOFILE, FILES),
        (Resource::RLIMIT_FSIZE, Limits::default().unpacked),
    ];
    for (resource, most) in limits {
        setrlimit(resource, most, most).map_err(system("limit itself"))?;
    }
    fchdir(staging).map_err(system("go to the staging folder"))?;
    jail::host::shut_in_to_fill(staging.as_fd()).map_err(system("shut itself in"))
}

/// The release that was asked for, by an index that counts.
fn choose(
    index: &Fetched,
    trust: &Trust,
    order: &UnpackOrder,
    holds: impl Fn(&Release) -> bool,
) -> Result<Release, UnpackError> {
    let selector: Selector = order.selector.parse()?;
    // What is wrong with other lines is no matter here.
    let (index, _) = index.open(trust)?;
    let found = index.find_among(&order.name, &selector, holds);
    found.cloned().ok_or(UnpackError::NotFound)
}

/// The digest of all of it comes before its first byte is looked at; what it says of itself comes last.
fn unpack(release: &Release, archive: Part<'_>, staging: &File) -> Result<PackageId, UnpackError> {
    checksum::check_part(archive, release.sha256)?;
    let id = release.id.clone();
    archive::unpack(archive, staging.as_fd(), &id, &Limits::default())?;
    match check_package(&id, Path::new(HERE)) {
        Ok(()) => Ok(id),
        Err(source) => Err(UnpackError::Package {
            id,
            source: Box::new(source),
        }),
    }
}
