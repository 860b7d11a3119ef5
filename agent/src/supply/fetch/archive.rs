//! Downloading an archive into a file that may hold a part of it. Whatever the server does, the file has the digest that the
//! index says in the end, or the download has failed.

use super::Fetcher;
use super::body::{self, Bounds};
use super::error::GetError;
use super::file;
use super::retry::{Patience, patiently};
use crate::supply::order::Progress;
use jail::Bytes;
use packages::checksum::{self, ChecksumError};
use packages::index::Release;
use std::fs::File;
use std::os::unix::fs::FileExt;
use ureq::Body;
use ureq::http::{HeaderMap, HeaderName, Response, header};

/// One archive on its way.
pub(super) struct Download<'a> {
    fetcher: &'a Fetcher<'a>,
    release: &'a Release,
    /// Where it goes.
    file: &'a File,
    /// By what the server knows the version of which a part is there. Unknown for a part that somebody else left.
    validator: Option<String>,
    /// It was whole once and another one.
    damaged: bool,
}

impl<'a> Download<'a> {
    pub(super) fn new(fetcher: &'a Fetcher<'a>, release: &'a Release, file: &'a File) -> Self {
        Self {
            fetcher,
            release,
            file,
            validator: None,
            damaged: false,
        }
    }

    /// Fetches what is missing.
    pub(super) fn run(mut self, mut tell: impl FnMut(Progress)) -> Result<(), GetError> {
        let Fetcher { limits, clock, .. } = *self.fetcher;
        let patience = Patience::for_archive(limits, clock);
        if let Some(path) = self.release.location.file() {
            self.start_again()?;
            file::copy(&path, limits.archive, self.file)?;
            return self.check();
        }
        patiently(patience, limits, clock, || {
            self.attempt(&patience, &mut tell)
        })
    }

    fn attempt(
        &mut self,
        patience: &Patience,
        tell: &mut impl FnMut(Progress),
    ) -> Result<(), GetError> {
        let there = self.length()?;
        // Also after a server that announced more than it had.
        if there > 0 && checksum::check(self.file, self.release.sha256).is_ok() {
            return Ok(());
        }
        let Fetcher { limits, clock, .. } = *self.fetcher;
        let (location, headers) = (&self.release.location, self.range(there));
        let response = self.fetcher.client.get(location, &headers, patience.end)?;
        let begin = self.begin(there, &response)?;
        let left = Bytes(limits.archive.get().saturating_sub(begin));
        let announced = response.body().content_length();
        if announced.is_some_and(|length| length > left.get()) {
            return Err(GetError::TooLong(limits.archive));
        }
        let of = announced.map(|length| begin + length);
        let bounds = Bounds {
            most: left,
            end: patience.end,
        };
        let mut done = begin;
        let body = response.into_body().into_reader();
        body::read(body, &bounds, limits, clock, |piece| {
            self.file
                .write_all_at(piece, done)
                .map_err(GetError::Keep)?;
            done += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            tell(Progress { done, of });
            Ok(())
        })?;
        self.check()
    }

    /// Asks for the rest, as long as it is the rest of what is there (RFC 9110, 13.1.5).
    fn range(&self, there: u64) -> Vec<(HeaderName, String)> {
        if there == 0 {
            return Vec::new();
        }
        let range = (header::RANGE, format!("bytes={there}-"));
        let same = self.validator.clone().map(|v| (header::IF_RANGE, v));
        [range].into_iter().chain(same).collect()
    }

    /// Where in the file the answer begins. What is there beyond is given up.
    fn begin(&mut self, there: u64, response: &Response<Body>) -> Result<u64, GetError> {
        let now = validator(response.headers());
        let begin = match response.status().as_u16() {
            200 => {
                self.start_again()?;
                0
            }
            206 if there > 0
                && first_byte(response.headers()) == Some(there)
                && (self.validator.is_none() || self.validator == now) =>
            {
                there
            }
            206 | 416 => {
                self.start_again()?;
                return Err(GetError::NoResume);
            }
            status => return Err(GetError::Status(status)),
        };
        self.validator = now;
        Ok(begin)
    }

    fn check(&mut self) -> Result<(), GetError> {
        match checksum::check(self.file, self.release.sha256) {
            Ok(()) => Ok(()),
            Err(ChecksumError::Read(error)) => Err(GetError::Keep(error)),
            Err(error) => {
                self.start_again()?;
                match std::mem::replace(&mut self.damaged, true) {
                    false => Err(GetError::Checksum(error)),
                    true => Err(GetError::ChecksumAgain(error)),
                }
            }
        }
    }

    fn length(&self) -> Result<u64, GetError> {
        Ok(self.file.metadata().map_err(GetError::Keep)?.len())
    }

    fn start_again(&mut self) -> Result<(), GetError> {
        self.validator = None;
        self.file.set_len(0).map_err(GetError::Keep)
    }
}

/// What tells one version of a file from another, byte for byte: not a weak tag.
fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::to_owned);
    text(header::ETAG)
        .filter(|tag| tag.starts_with('"'))
        .or_else(|| text(header::LAST_MODIFIED))
}

/// Which byte of the file the answer begins with: `Content-Range: bytes 5-9/10`.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (first, _) = range.trim().strip_prefix("bytes")?.split_once('-')?;
    first.trim().parse().ok()
}
