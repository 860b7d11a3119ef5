//! What the processes that bring packages say to each other. An order is one line of JSON on stdin; the answer is one on
//! stdout, lines of progress may precede it.

use packages::sealed::Digest;
use serde::{Deserialize, Serialize};

/// Descriptors of the fetcher beside its streams: the file that the archive is written to, which may hold a part of it
/// already.
pub(crate) const ARCHIVE_FD: i32 = 3;
/// And the file that the index and its signature are written to, by [`packages::bundle::write_index`].
pub(crate) const PROOF_FD: i32 = 4;

/// The longest order in bytes.
pub(crate) const ORDER_MAX: u64 = 64 << 10;
/// The longest answer in bytes, but for a list.
pub(crate) const ANSWER_MAX: usize = 4 << 10;
/// The longest list of what can be had, in bytes.
pub(crate) const LIST_MAX: usize = 2 << 20;

/// Where packages come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sources {
    /// URLs of indexes. The first one that has a package counts.
    pub(crate) indexes: Vec<String>,
    /// Public keys of minisign, each its base64 line. Where there is one, every index has to be signed by one of them.
    pub(crate) keys: Vec<String>,
    /// Proxies on the way.
    pub(crate) proxies: Proxies,
}

/// Proxies, as the environment names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxies {
    /// `HTTPS_PROXY`.
    pub(crate) https: Option<String>,
    /// `HTTP_PROXY`.
    pub(crate) http: Option<String>,
    /// `NO_PROXY`.
    pub(crate) none_for: Option<String>,
}

/// What a fetcher is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum FetchOrder {
    /// List everything that the indexes offer.
    List {
        /// Where to look.
        sources: Sources,
    },
    /// Download the highest version of `name` that `selector` matches to [`ARCHIVE_FD`], and what proves it to
    /// [`PROOF_FD`].
    Download {
        /// Where to look.
        sources: Sources,
        /// The package's name.
        name: String,
        /// Which versions will do.
        selector: String,
    },
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum FetchAnswer {
    /// Everything that can be had, 16384 at most, in the order of the indexes.
    Listed(Vec<Offer>),
    /// The archive is there, whole.
    Downloaded {
        /// Of which package.
        name: String,
        /// Of which version.
        version: String,
        /// Its digest, as the index has it.
        sha256: Digest,
    },
    /// It could not be done.
    Failed(FetchFailure),
}

/// A package that can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offer {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
}

/// Why a fetcher failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FetchFailure {
    /// What sort of failure it is.
    pub(crate) kind: FetchFault,
    /// In words: 300 characters at most, no control character.
    pub(crate) sentence: String,
}

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FetchFault {
    /// No index has such a package.
    NotFound,
    /// A server can't be reached, or cuts off whatever is tried.
    Unreachable,
    /// An index is not signed as it has to be.
    Signature,
    /// What is there is no index.
    Index,
    /// More comes than a package or an index has.
    TooLong,
    /// Another archive comes than the index speaks of.
    Checksum,
    /// Anything else.
    Other,
}

/// A line of progress, at most ten a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    /// Bytes that are there.
    pub(crate) done: u64,
    /// Bytes that there will be, where that is known.
    pub(crate) of: Option<u64>,
}

/// A line that a process says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Word<T> {
    /// It is at it.
    Progress {
        /// How far.
        progress: Progress,
    },
    /// It is done. Nothing follows.
    Answer(T),
}
