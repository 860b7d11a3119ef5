//! What can go wrong on the way to an index or an archive, whether it may pass, and what the operator is told of it.

use super::redirect::RedirectFault;
use crate::sentence;
use crate::supply::order::{FailureKind, FetchFailure, SENTENCE_MAX};
use jail::Bytes;
use packages::checksum::ChecksumError;
use packages::index::{FetchedError, IndexError, KeyFault, LocationFault};
use std::io;
use thiserror::Error;

/// One URL can't be had.
#[derive(Debug, Error)]
pub(super) enum GetError {
    /// Between here and the server, or what it sends is no HTTP.
    #[error("{}", in_words(.0))]
    Network(ureq::Error),
    /// The server answers with something else than what was asked for.
    #[error("the server answers with HTTP status {0}")]
    Status(u16),
    /// It sends the fetcher elsewhere, where that does not go.
    #[error(transparent)]
    Redirect(#[from] RedirectFault),
    /// More than any index or archive has.
    #[error("it is longer than {0}")]
    TooLong(Bytes),
    /// Next to nothing comes.
    #[error("it comes too slowly")]
    TooSlow,
    /// It comes, but the time for it is over.
    #[error("it does not come to an end in time")]
    OutOfTime,
    /// The server can't go on where a part of the archive ends. The part is given up.
    #[error("the server does not continue the part that is there")]
    NoResume,
    /// The archive is whole, and another one. Once that may be an accident on the way.
    #[error(transparent)]
    Checksum(ChecksumError),
    /// The same a second time.
    #[error(transparent)]
    ChecksumAgain(ChecksumError),
    /// A file of this machine.
    #[error("{}", advice_on_file(.0))]
    File(#[source] io::Error),
    /// What came can't be written, or not be read again.
    #[error("what comes can't be kept")]
    Keep(#[source] io::Error),
    /// Nobody could vouch for a server.
    #[error("this host has no CA certificates: install the package ca-certificates")]
    NoCertificates,
    /// The proxy's URL is not repeated: there may be a password in it.
    #[error("{0} is not the URL of an HTTP proxy, such as http://HOST:PORT: correct it")]
    Proxy(&'static str),
}

impl GetError {
    /// Whether trying again is of use.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Network(error) => network_may_pass(error),
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::TooSlow | Self::NoResume | Self::Checksum(_) => true,
            Self::Redirect(_)
            | Self::TooLong(_)
            | Self::OutOfTime
            | Self::ChecksumAgain(_)
            | Self::File(_)
            | Self::Keep(_)
            | Self::NoCertificates
            | Self::Proxy(_) => false,
        }
    }

    fn kind(&self) -> FailureKind {
        match self {
            Self::TooLong(_) => FailureKind::TooLong,
            &Self::Checksum(ChecksumError::Checksum { expected, found })
            | &Self::ChecksumAgain(ChecksumError::Checksum { expected, found }) => {
                FailureKind::Checksum { expected, found }
            }
            Self::Keep(_) | Self::NoCertificates | Self::Proxy(_) => FailureKind::Other,
            _ => FailureKind::Unreachable,
        }
    }
}

impl From<ureq::Error> for GetError {
    fn from(error: ureq::Error) -> Self {
        Self::Network(error)
    }
}

fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was cut".to_owned()
        }
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Timeout(step) => format!("no answer in time ({step})"),
        other => other.to_string(),
    }
}

/// All but what a server will answer the next time as well. A certificate that is refused comes as an I/O error.
fn network_may_pass(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => !error
            .get_ref()
            .is_some_and(|cause| cause.is::<rustls::Error>()),
        ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_) => true,
        _ => false,
    }
}

fn advice_on_file(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "the account that fetches can't read it: the file and its folders have to be readable for everybody"
        }
        _ => "the file can't be read",
    }
}

/// An index is not used.
#[derive(Debug, Error)]
pub(super) enum SourceError {
    /// Its URL is none.
    #[error("it is no URL")]
    Url(#[from] LocationFault),
    /// It can't be had.
    #[error(transparent)]
    Get(#[from] GetError),
    /// Its signature can't be had.
    #[error("its signature (.minisig)")]
    Signature(#[source] GetError),
    /// It is not signed as it has to be, or is none.
    #[error(transparent)]
    Unusable(#[from] FetchedError),
}

impl SourceError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Url(_) => FailureKind::Other,
            Self::Get(error) | Self::Signature(error) => error.kind(),
            Self::Unusable(FetchedError::Trust(_)) => FailureKind::Signature,
            Self::Unusable(FetchedError::Index(IndexError::TooLong)) => FailureKind::TooLong,
            Self::Unusable(FetchedError::Index(IndexError::TooManyLines)) => FailureKind::Index,
        }
    }
}

/// An index that is not used, by the URL in the configuration.
#[derive(Debug, Error)]
#[error("{url}")]
pub(super) struct Unused {
    /// As configured.
    pub(super) url: String,
    /// Why.
    #[source]
    pub(super) error: SourceError,
}

/// An order can't be carried out.
#[derive(Debug, Error)]
pub(super) enum FetchError {
    /// The order's keys.
    #[error("correct package_keys")]
    Keys(#[from] KeyFault),
    /// Nowhere to look.
    #[error("no index of packages is configured, so none can be fetched: set package_indexes")]
    NoIndex,
    /// Nobody can say what there is.
    #[error(
        "no index of packages can be read: check package_indexes, the network and the proxies: {}",
        list(.0)
    )]
    NoneUsed(Vec<Unused>),
    /// Every index says so.
    #[error("no index has a package {name} of version {selector}")]
    NotFound {
        /// As asked for.
        name: String,
        /// As asked for.
        selector: String,
    },
    /// Some say so, some can't be asked.
    #[error("no index that counts has a package {name} of version {selector}; {}", unread(.unused))]
    PerhapsElsewhere {
        /// As asked for.
        name: String,
        /// As asked for.
        selector: String,
        /// The others.
        unused: Vec<Unused>,
    },
    /// The archive.
    #[error("the archive {url} can't be fetched")]
    Archive {
        /// Where the index says that it is.
        url: String,
        /// Why not.
        #[source]
        source: GetError,
    },
    /// The file that tells where the archive is from.
    #[error("the index can't be left for who unpacks the archive")]
    Leave(#[source] io::Error),
}

impl FetchError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Keys(_) | Self::Leave(_) => FailureKind::Other,
            Self::NoIndex | Self::NotFound { .. } => FailureKind::NotFound,
            Self::NoneUsed(unused) | Self::PerhapsElsewhere { unused, .. } => {
                let mut kinds = unused.iter().map(|unused| unused.error.kind());
                let first = kinds.next().unwrap_or(FailureKind::Unreachable);
                // Several reasons of several kinds have in common that nothing could be read.
                match kinds.all(|kind| kind == first) {
                    true => first,
                    false => FailureKind::Unreachable,
                }
            }
            Self::Archive { source, .. } => source.kind(),
        }
    }

    /// As whoever ordered is told.
    pub(super) fn told(&self) -> FetchFailure {
        FetchFailure {
            kind: self.kind(),
            sentence: tidy(&sentence(self), SENTENCE_MAX),
        }
    }
}

/// What follows for packages that other indexes don't have, or that come from later ones.
pub(super) fn unread(unused: &[Unused]) -> String {
    let text = format!(
        "an index can't be read, and neither counts what comes after it: try again when it can be, or take it out of package_indexes: {}",
        list(unused)
    );
    tidy(&text, SENTENCE_MAX)
}

fn list(unused: &[Unused]) -> String {
    let all: Vec<_> = unused.iter().map(|unused| sentence(unused)).collect();
    all.join("; ")
}

/// One line of printable ASCII, whatever a server sent, of at most so many bytes.
pub(super) fn tidy(text: &str, most: usize) -> String {
    let printable = |c: char| match c {
        ' '..='~' => c,
        _ => '?',
    };
    let mut tidy: String = text.chars().map(printable).collect();
    if tidy.len() > most {
        tidy.truncate(most.saturating_sub(3));
        tidy.push_str("...");
    }
    tidy
}
