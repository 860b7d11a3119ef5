//! Piston's package index: which packages there are, and where. A line is `NAME,VERSION,SHA256,URL`.
//!
//! An index comes from the network. A line that is wrong is left out and reported with its number; the others stay as
//! good as they were, so that one package's mistake does not keep all others from being installed.

mod fetched;
mod location;
mod trust;

pub use fetched::{Fetched, FetchedError};
pub use location::{Location, LocationFault, Scheme};
pub use trust::{KeyFault, SIGNATURE_MAX, Trust, TrustError};

use crate::id::{IdFault, PackageId};
use crate::sealed::{Digest, NoDigest};
use crate::selector::Selector;
use std::collections::BTreeSet;
use thiserror::Error;

/// The longest index, in bytes: 4 MiB. Piston's own has 30 KiB.
pub const INDEX_MAX: usize = 4 << 20;

/// The most lines of an index, empty ones too.
pub const LINES_MAX: usize = 16_384;

/// The longest line, in bytes: room for the longest name, version and URL.
const LINE_MAX: usize = 4096;

/// An index that is not read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IndexError {
    /// More bytes than any index has.
    #[error("the index is longer than {INDEX_MAX} bytes: is it one?")]
    TooLong,
    /// More lines than any index has.
    #[error("the index has more than {LINES_MAX} lines: is it one?")]
    TooManyLines,
}

/// A line that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line} of the index is left out")]
pub struct LineError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub fault: LineFault,
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineFault {
    /// No line is longer.
    #[error("it is longer than {LINE_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("it is not text in UTF-8")]
    NotText,
    /// A comma in a URL is written `%2C`.
    #[error("it has {0} fields separated by commas, not the four name, version, SHA-256 and URL")]
    Fields(usize),
    /// The first two fields.
    #[error("it names no package")]
    Id(#[from] IdFault),
    /// The third field.
    #[error("its third field is no SHA-256")]
    Checksum(#[from] NoDigest),
    /// The fourth field.
    #[error("its fourth field says no place to get the package from")]
    Location(#[from] LocationFault),
    /// An earlier line has the same name and version, and counts.
    #[error("{0} is on an earlier line, which counts")]
    Duplicate(PackageId),
}

/// A package that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Which one.
    pub id: PackageId,
    /// The digest of its archive.
    pub sha256: Digest,
    /// Where the archive is.
    pub location: Location,
}

/// What one or several indexes offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    releases: Vec<Release>,
}

impl Index {
    /// Reads an index that came from `source`, and says which lines were left out. Lines end with LF or CRLF.
    ///
    /// # Errors
    /// It is too long to be one.
    pub fn parse(bytes: &[u8], source: &Location) -> Result<(Self, Vec<LineError>), IndexError> {
        if bytes.len() > INDEX_MAX {
            return Err(IndexError::TooLong);
        }
        let (mut releases, mut errors) = (Vec::new(), Vec::new());
        let mut known = BTreeSet::new();
        for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if number >= LINES_MAX {
                return Err(IndexError::TooManyLines);
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let release = Release::parse(line, source).and_then(|release| {
                match known.insert(release.id.folder()) {
                    true => Ok(release),
                    false => Err(LineFault::Duplicate(release.id)),
                }
            });
            match release {
                Ok(release) => releases.push(release),
                Err(fault) => errors.push(LineError {
                    line: number + 1,
                    fault,
                }),
            }
        }
        Ok((Self { releases }, errors))
    }

    /// All that several indexes offer. Of those that have the same package the first one counts.
    #[must_use]
    pub fn merge(indexes: impl IntoIterator<Item = Self>) -> Self {
        let mut known = BTreeSet::new();
        let all = indexes.into_iter().flat_map(|index| index.releases);
        let releases = all
            .filter(|release| known.insert(release.id.folder()))
            .collect();
        Self { releases }
    }

    /// Everything in it, in its order.
    #[must_use]
    pub fn releases(&self) -> &[Release] {
        &self.releases
    }

    /// The highest version of a package that a selector matches; of equal ones (they differ by build) the first.
    #[must_use]
    pub fn find(&self, name: &str, selector: &Selector) -> Option<&Release> {
        self.find_among(name, selector, |_| true)
    }

    /// As [`Index::find`], among some of them.
    #[must_use]
    pub fn find_among(
        &self,
        name: &str,
        selector: &Selector,
        is_one: impl Fn(&Release) -> bool,
    ) -> Option<&Release> {
        let matches = |release: &&Release| {
            release.id.name() == name && selector.matches(release.id.version())
        };
        let named = self
            .releases
            .iter()
            .filter(|release| matches(release) && is_one(release));
        named.reduce(|best, next| match next.id.version() > best.id.version() {
            true => next,
            false => best,
        })
    }
}

impl Release {
    fn parse(line: &[u8], source: &Location) -> Result<Self, LineFault> {
        if line.len() > LINE_MAX {
            return Err(LineFault::TooLong);
        }
        let line = std::str::from_utf8(line).map_err(|_| LineFault::NotText)?;
        let fields: Vec<&str> = line.split(',').collect();
        let &[name, version, sha256, location] = fields.as_slice() else {
            return Err(LineFault::Fields(fields.len()));
        };
        Ok(Self {
            id: PackageId::parse(name, version)?,
            sha256: sha256.parse()?,
            location: source.join(location)?,
        })
    }
}

#[cfg(test)]
mod tests;
