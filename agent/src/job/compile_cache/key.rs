//! By what a result is found: everything that decides what a compile stage comes to.

use crate::job::phase;
use crate::job::request::Job;
use jail::proto::Stage;
use packages::Warnings;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The program that keeps and takes results.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A digest of all that decides. The packages are in it by the reading of the store that the job got its runtime from: whenever
/// one of them, or the base, is another, so is that number, also where no digest of a package is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// That of a job; `None` where it has no compile stage.
    pub(crate) fn of(job: &Job) -> Option<Self> {
        let mut digest = Sha256::new();
        write(VERSION, job, &mut |bytes| digest.update(bytes))?;
        Some(Self(digest.finalize().into()))
    }

    #[cfg(test)]
    pub(super) const fn made_up(number: u8) -> Self {
        Self([number; 32])
    }
}

/// Writes down what decides, so that no two jobs that differ in any of it are written alike: each text with its length in front,
/// each list with its number of entries.
fn write(version: &str, job: &Job, sink: &mut dyn FnMut(&[u8])) -> Option<()> {
    let program = phase::compiler(job, Warnings::NotAsked)?;
    let limits = job.limits(Stage::Compile);
    let mut out = Writer(sink);
    out.text(version);
    out.number(job.reading);
    out.text(&job.runtime.language);
    out.text(&job.runtime.version);
    out.list(&program.argv);
    out.list(&program.env);
    out.number(program.open_files.into());
    out.number(program.processes.into());
    out.number(program.file_size.get());
    out.number(limits.memory.get());
    out.time(limits.wall);
    out.time(limits.cpu);
    out.number(job.runtime.limits.output as u64);
    out.number(job.files.len() as u64);
    for file in &job.files {
        out.text(file.name.as_str());
        out.bytes(&file.content);
    }
    Some(())
}

struct Writer<'a>(&'a mut dyn FnMut(&[u8]));

impl Writer<'_> {
    fn number(&mut self, number: u64) {
        (self.0)(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        (self.0)(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn list(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(text);
        }
    }

    fn time(&mut self, time: Duration) {
        self.number(time.as_secs());
        self.number(time.subsec_nanos().into());
    }
}

#[cfg(test)]
mod tests;
