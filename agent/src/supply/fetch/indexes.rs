//! Reading every index of an order. One that can't be used leaves those before it as good as they were. Those after it are only
//! listed: of equal packages the first index's counts, and whoever can cut the way to that one would choose the next.

use super::Fetcher;
use super::body::{self, Bounds};
use super::error::{GetError, SourceError, Unused, tidy};
use super::file;
use super::retry::{Patience, patiently};
use crate::sentence;
use crate::supply::order::{Sources, WARNING_MAX};
use jail::Bytes;
use packages::Selector;
use packages::index::{Fetched, INDEX_MAX, Index, Location, Release, SIGNATURE_MAX, Trust};
use std::io;

/// An index that counts.
pub(super) struct Used {
    /// What it offers.
    pub(super) index: Index,
    /// As it came.
    pub(super) fetched: Fetched,
}

/// All indexes of an order, in its order.
pub(super) struct Indexes {
    /// Those that count.
    pub(super) used: Vec<Used>,
    /// How many of these come before the first one that does not.
    sure: usize,
    /// Those that don't.
    pub(super) unused: Vec<Unused>,
    /// What is wrong with those that count.
    flaws: Vec<String>,
}

impl Indexes {
    /// Reads them, one after the other.
    pub(super) fn read(fetcher: &Fetcher<'_>, sources: &Sources, trust: &Trust) -> Self {
        let (mut used, mut unused, mut flaws) = (Vec::new(), Vec::new(), Vec::new());
        let mut sure = 0;
        for url in &sources.indexes {
            match fetcher.index(url, trust) {
                Ok((index, flaw)) => {
                    used.push(index);
                    flaws.extend(flaw);
                    if unused.is_empty() {
                        sure += 1;
                    }
                }
                Err(error) => unused.push(Unused {
                    url: url.clone(),
                    error,
                }),
            }
        }
        Self {
            used,
            sure,
            unused,
            flaws,
        }
    }

    /// Everything that is offered, the first of equal packages; and how many of them can be fetched.
    pub(super) fn merged(self) -> (Index, usize) {
        let mut all = self.used.into_iter().map(|used| used.index);
        let sure = Index::merge(all.by_ref().take(self.sure));
        let count = sure.releases().len();
        (Index::merge([sure].into_iter().chain(all)), count)
    }

    /// The highest version that matches and the index that has it, the first of those that do.
    pub(super) fn find(&self, name: &str, selector: &Selector) -> Option<(&Release, &Fetched)> {
        let found = self
            .used
            .iter()
            .take(self.sure)
            .filter_map(|used| Some((used.index.find(name, selector)?, &used.fetched)));
        found.reduce(
            |best, next| match next.0.id.version() > best.0.id.version() {
                true => next,
                false => best,
            },
        )
    }

    /// What is wrong with them, a sentence for each at most.
    pub(super) fn warnings(&self) -> Vec<String> {
        let unused = self.unused.iter().map(|unused| sentence(unused));
        let all = unused.chain(self.flaws.iter().cloned());
        all.map(|warning| tidy(&warning, WARNING_MAX)).collect()
    }
}

impl Fetcher<'_> {
    fn index(&self, url: &str, trust: &Trust) -> Result<(Used, Option<String>), SourceError> {
        let source = Location::parse(url)?;
        let bytes = self.bytes(&source, INDEX_MAX)?;
        let signature = match trust.wants_signatures() {
            true => self.signature(&source).map_err(SourceError::Signature)?,
            false => None,
        };
        let fetched = Fetched {
            source,
            signature,
            bytes,
        };
        let (index, left_out) = fetched.open(trust)?;
        let flaw = left_out.first().map(|first| {
            let (count, why) = (left_out.len(), sentence(first));
            format!("{url}: {count} of its lines can't be used; {why}")
        });
        Ok((Used { index, fetched }, flaw))
    }

    /// The text of the signature, or none where there is none.
    fn signature(&self, index: &Location) -> Result<Option<String>, GetError> {
        let url = index.to_string();
        let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
        let location = Location::parse(&format!("{path}.minisig{query}"))
            .map_err(|fault| GetError::Redirect(fault.into()))?;
        match self.bytes(&location, SIGNATURE_MAX) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(GetError::Status(404 | 410)) => Ok(None),
            Err(GetError::File(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All of a small file or answer, of at most so many bytes.
    fn bytes(&self, location: &Location, most: usize) -> Result<Vec<u8>, GetError> {
        let most = Bytes(u64::try_from(most).unwrap_or(u64::MAX));
        if let Some(path) = location.file() {
            return file::read(&path, most);
        }
        let patience = Patience::for_index(self.limits, self.clock);
        let bounds = Bounds {
            most,
            end: patience.end,
        };
        patiently(patience, self.limits, self.clock, || {
            let response = self.client.get(location, &[], bounds.end)?;
            let status = response.status().as_u16();
            if status != 200 {
                return Err(GetError::Status(status));
            }
            let mut bytes = Vec::new();
            let body = response.into_body().into_reader();
            body::read(body, &bounds, self.limits, self.clock, |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })?;
            Ok(bytes)
        })
    }
}
