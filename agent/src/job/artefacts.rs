//! What a compile stage made, taken out of its jail by the jail's init. That one may have been taken over by what it compiled: what it
//! sends is bounded, and found by jobs with the same files only.

use super::error::JobError;
use super::request::{FileName, Job, SourceFile};
use crate::pool::Jail;
use jail::Bytes;
use jail::proto::{Collected, FromInit, MODES, ToInit};
use std::time::Duration;
use tokio::time::timeout;

/// The most files that one compile stage makes to be kept: every one is written anew for each job.
const FILES_MAX: usize = 64;

/// How long it may take, which is milliseconds: one whose init stands still never ends.
const WITHIN: Duration = Duration::from_secs(5);

/// How submitted files are made.
pub(super) const SUBMITTED: u32 = 0o644;

/// A file that a compile stage made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Artefact {
    /// Where it was in the submission folder.
    pub(super) name: FileName,
    /// Its permissions.
    pub(super) mode: u32,
    /// Its bytes.
    pub(super) content: Vec<u8>,
}

impl Artefact {
    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        self.content.len() + self.name.as_str().len() + size_of::<Self>()
    }
}

/// What the compile stage of this jail made, `largest` bytes at most; `None` where a blank jail with such files would not be the
/// same. Nothing of the stage may live any more.
pub(super) async fn take(
    jail: &mut Jail,
    job: &Job,
    largest: Bytes,
) -> Result<Option<Vec<Artefact>>, JobError> {
    let sent: usize = job.files.iter().map(|file| file.content.len()).sum();
    let most = Most {
        files: job.files.len() + FILES_MAX,
        bytes: largest.get().saturating_add(sent as u64),
    };
    let collected = timeout(WITHIN, collect(jail, &most)).await;
    let collected = collected.unwrap_or_else(|_| Err(JobError::jail_stands_still()))?;
    Ok(collected.and_then(|files| without_sent(files, &job.files)))
}

/// Bounds of one collection.
struct Most {
    files: usize,
    bytes: u64,
}

async fn collect(jail: &mut Jail, most: &Most) -> Result<Option<Vec<Artefact>>, JobError> {
    let files = u32::try_from(most.files).unwrap_or(u32::MAX);
    let bytes = Bytes(most.bytes);
    jail.send(&ToInit::Collect { files, bytes }).await?;
    let mut made = Made::new(most);
    loop {
        match jail.hear_made().await? {
            FromInit::Collected(collected) => {
                return Ok((collected == Collected::All)
                    .then_some(made.files)
                    .flatten());
            }
            FromInit::Failed(failure) => return Err(failure.into()),
            message => made.hear(message)?,
        }
    }
}

/// What came so far; nothing of it once something in it can't be used.
struct Made<'a> {
    most: &'a Most,
    heard: u64,
    files: Option<Vec<Artefact>>,
}

impl<'a> Made<'a> {
    const fn new(most: &'a Most) -> Self {
        Self {
            most,
            heard: 0,
            files: Some(Vec::new()),
        }
    }

    /// Takes a file or a piece of one. An init that says more than it was asked for is not the one that was started.
    fn hear(&mut self, message: FromInit) -> Result<(), JobError> {
        let length = match message {
            FromInit::Made { name, mode } => {
                self.begin(name, mode);
                0
            }
            FromInit::Piece(piece) => {
                let last = self.files.as_mut().and_then(|files| files.last_mut());
                if let Some(file) = last {
                    file.content.extend_from_slice(&piece);
                }
                piece.len() as u64
            }
            _ => return Err(JobError::init_out_of_turn()),
        };
        self.heard += length;
        let count = self.files.as_ref().map_or(0, Vec::len);
        match self.heard <= self.most.bytes && count <= self.most.files {
            true => Ok(()),
            false => Err(JobError::init_out_of_turn()),
        }
    }

    fn begin(&mut self, name: String, mode: u32) {
        // A name that no request could have is not one to write again, and neither is one that would become another.
        let plain = FileName::new(name.clone()).ok();
        let plain = plain.filter(|plain| plain.as_str() == name && mode & !MODES == 0);
        let file = plain.map(|name| Artefact {
            name,
            mode,
            content: Vec::new(),
        });
        match (file, self.files.as_mut()) {
            (Some(file), Some(files)) => files.push(file),
            _ => self.files = None,
        }
    }
}

/// What is taken of these messages where so much was asked for: name, permissions and length of each file.
#[cfg(fuzzing)]
pub(crate) fn taken(
    messages: impl IntoIterator<Item = FromInit>,
    files: usize,
    bytes: u64,
) -> Option<Vec<(String, u32, usize)>> {
    let most = Most { files, bytes };
    let mut made = Made::new(&most);
    for message in messages {
        made.hear(message).ok()?;
    }
    let files = made.files?.into_iter();
    let file = |file: Artefact| (file.name.as_str().to_owned(), file.mode, file.content.len());
    Some(files.map(file).collect())
}

/// Of all files those that were not sent; `None` where one that was sent is gone or is another.
fn without_sent(mut files: Vec<Artefact>, sent: &[SourceFile]) -> Option<Vec<Artefact>> {
    for source in sent {
        let is_source = |file: &Artefact| {
            file.name == source.name && file.content == source.content && file.mode == SUBMITTED
        };
        let place = files.iter().position(is_source)?;
        files.swap_remove(place);
    }
    Some(files)
}

#[cfg(test)]
mod tests;
