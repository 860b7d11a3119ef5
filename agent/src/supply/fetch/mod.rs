//! The fetcher: the process that downloads indexes and archives, and the only one of the daemon that meets other servers.
//!
//! It runs for one order, as an account of its own. What it downloads it leaves in descriptors that it was given; nobody
//! believes it: who unpacks the archive checks signature and digest anew.

mod archive;
mod body;
mod client;
mod clock;
mod confine;
mod error;
mod file;
mod indexes;
mod limits;
mod redirect;
mod retry;

use super::order::{
    ANSWER_MAX, FailureKind, FetchAnswer, FetchFailure, FetchLine, FetchOrder, LIST_MAX, ORDER_MAX,
    Offer, Order, Progress, Proxies, SENTENCE_MAX, Sources,
};
use archive::Download;
use client::{Client, roots_of_host};
use clock::{Clock, Real};
use error::{FetchError, tidy, unread};
use indexes::Indexes;
use limits::Limits;
use nix::sys::prctl;
use packages::index::{Fetched, LINES_MAX, Trust};
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, Write};
use std::process::ExitCode;

/// Descriptors of a download: the archive's file, and the one for the index that names it.
const ARCHIVE_FD: i32 = 3;
const INDEX_FD: i32 = 4;

/// Entry point of the process. It answers in any case; its status says only whether it could.
pub(crate) fn main() -> ExitCode {
    let answer = begin().and_then(|order| {
        let (limits, clock) = (Limits::default(), Real::start());
        let fetcher = Fetcher::new(&limits, &clock, &order.sources().proxies, &roots_of_host);
        carry_out(&fetcher, &order).map_err(|error| error.told())
    });
    let answer = answer.unwrap_or_else(FetchAnswer::Failed);
    match say(&FetchLine::Answer(answer)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Reads the order and gives up every right.
fn begin() -> Result<FetchOrder, FetchFailure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| FetchFailure {
        kind: FailureKind::Other,
        sentence: tidy(&format!("the fetcher can't {what}: {error}"), SENTENCE_MAX),
    };
    prctl::set_name(c"capsule-fetch").map_err(|error| failed("name itself", &error))?;
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(ORDER_MAX)
        .read_line(&mut text)
        .map_err(|error| failed("read its order", &error))?;
    let order: Order<FetchOrder> =
        serde_json::from_str(&text).map_err(|error| failed("read its order", &error))?;
    confine::confine(&order).map_err(|error| failed("give up its rights", &error))?;
    Ok(order.wish)
}

fn carry_out(fetcher: &Fetcher<'_>, order: &FetchOrder) -> Result<FetchAnswer, FetchError> {
    match order {
        FetchOrder::List { sources } => fetcher.list(sources),
        FetchOrder::Download {
            sources,
            name,
            selector,
        } => {
            let inherit = |number| jail::sys::inherited(number).map(File::from);
            let files = Files {
                archive: inherit(ARCHIVE_FD).map_err(FetchError::Leave)?,
                index: inherit(INDEX_FD).map_err(FetchError::Leave)?,
            };
            let mut last = None;
            fetcher.download(sources, name, selector, &files, |progress| {
                let now = fetcher.clock.now();
                if last.is_none_or(|last| now >= last + fetcher.limits.progress) {
                    last = Some(now);
                    // Nobody has to watch.
                    say(&FetchLine::Progress(progress)).ok();
                }
            })
        }
    }
}

/// A line for whoever ordered.
fn say(line: &FetchLine) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}

/// Where a download goes.
struct Files {
    archive: File,
    index: File,
}

/// What fetching takes.
struct Fetcher<'a> {
    limits: &'a Limits,
    clock: &'a dyn Clock,
    client: Client<'a>,
}

impl<'a> Fetcher<'a> {
    fn new(
        limits: &'a Limits,
        clock: &'a dyn Clock,
        proxies: &'a Proxies,
        roots: &'a dyn Fn() -> Vec<Vec<u8>>,
    ) -> Self {
        Self {
            limits,
            clock,
            client: Client::new(limits, clock, proxies, roots),
        }
    }

    /// What there is.
    fn list(&self, sources: &Sources) -> Result<FetchAnswer, FetchError> {
        let indexes = self.indexes(sources)?;
        let mut warnings = indexes.warnings();
        let unread = (!indexes.unused.is_empty()).then(|| unread(&indexes.unused));
        let (merged, sure) = indexes.merged();
        let mut room = LIST_MAX - ANSWER_MAX;
        let mut offers = Vec::new();
        for release in merged.releases() {
            let offer = Offer {
                name: release.id.name().to_owned(),
                version: release.id.version().to_string(),
            };
            // Escaped a name may take six times its length; the rest is the form of an entry.
            let length = 6 * offer.name.len() + offer.version.len() + 32;
            if length > room || offers.len() >= LINES_MAX {
                let left = merged.releases().len() - offers.len();
                warnings.push(format!("{left} packages more are left out of this list"));
                break;
            }
            room -= length;
            offers.push(offer);
        }
        Ok(FetchAnswer::Listed {
            sure: sure.min(offers.len()),
            offers,
            unread,
            warnings,
        })
    }

    /// Chooses a package, leaves the index that names it, and fetches the archive.
    fn download(
        &self,
        sources: &Sources,
        name: &str,
        selector: &str,
        files: &Files,
        tell: impl FnMut(Progress),
    ) -> Result<FetchAnswer, FetchError> {
        if sources.indexes.is_empty() {
            return Err(FetchError::NoIndex);
        }
        let indexes = self.indexes(sources)?;
        let warnings = indexes.warnings();
        // A selector that is none matches nothing, as in Piston.
        let selected = selector.parse().ok();
        let found = selected.and_then(|selector| indexes.find(name, &selector));
        let Some((release, fetched)) = found else {
            let (name, selector) = (name.to_owned(), selector.to_owned());
            return Err(match indexes.unused {
                unused if unused.is_empty() => FetchError::NotFound { name, selector },
                unused => FetchError::PerhapsElsewhere {
                    name,
                    selector,
                    unused,
                },
            });
        };
        leave(fetched, &files.index).map_err(FetchError::Leave)?;
        Download::new(self, release, &files.archive)
            .run(tell)
            .map_err(|source| FetchError::Archive {
                url: release.location.to_string(),
                source,
            })?;
        Ok(FetchAnswer::Downloaded {
            name: release.id.name().to_owned(),
            version: release.id.version().to_string(),
            sha256: release.sha256.to_string(),
            warnings,
        })
    }

    /// Every index that can be used, of which there has to be one if any is configured.
    fn indexes(&self, sources: &Sources) -> Result<Indexes, FetchError> {
        let trust = Trust::new(sources.keys.iter().map(String::as_str))?;
        let indexes = Indexes::read(self, sources, &trust);
        match indexes.used.is_empty() && !indexes.unused.is_empty() {
            true => Err(FetchError::NoneUsed(indexes.unused)),
            false => Ok(indexes),
        }
    }
}

/// Leaves an index, in place of what the file held.
fn leave(fetched: &Fetched, mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    fetched.write(io::BufWriter::new(file))
}

#[cfg(test)]
mod tests;
