//! The check: what the disk has and what jobs see, against what was sealed.

use super::order::{self, Log};
use super::{CHECK, View};
use crate::config::Config;
use crate::sentence;
use jail::host::{Child, Urgency};
use packages::sealed::{Digest, Image, Manifest, SealError, Stored, Tree, digest_of_stored};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// Exit status of a check that found something other than what was sealed.
pub(crate) const MISMATCH: u8 = 1;
/// Exit status of one that could not be carried out.
pub(super) const NO_CHECK: u8 = 2;

/// More threads than this find no faster disk.
const THREADS: usize = 4;

/// What a check needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    view: PathBuf,
    log: Log,
}

impl Order {
    /// For the node with this configuration and view.
    pub(crate) fn new(config: &Config, view: &View) -> Self {
        Self {
            view: view.root.clone(),
            log: Log::new(config.log_level, config.log_format),
        }
    }
}

/// Starts the helper that checks while the node serves. It ends with 0, [`MISMATCH`], or another status when it could not
/// check.
pub(crate) fn start_check(order: &Order, urgency: Urgency) -> io::Result<Child> {
    order::give(CHECK, urgency, order, None)
}

/// Entry point of that process.
pub(crate) fn check_main() -> ExitCode {
    let Ok(order) = order::take::<Order>() else {
        return ExitCode::from(NO_CHECK);
    };
    order.log.start();
    let begin = Instant::now();
    let outcome = check(&View { root: order.view }, |part| match &part.fault {
        None => {}
        Some((Outcome::Changed, found)) => {
            tracing::error!(
                part = part.name,
                found,
                "runtime files are not what was sealed"
            );
        }
        Some((_, why)) => tracing::error!(part = part.name, why, "runtime files can't be checked"),
    });
    match outcome {
        Ok(outcome) => {
            tracing::debug!(ms = begin.elapsed().as_millis(), ?outcome, "runtimes read");
            outcome.status()
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "runtimes can't be checked"
            );
            Outcome::Unchecked.status()
        }
    }
}

/// What a check came to. Of several parts the worst counts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// All is as it was sealed.
    Sound,
    /// There was no memory or no descriptor left to find out.
    Unchecked,
    /// Something is not as it was sealed, whatever else could not be found out.
    Changed,
}

impl Outcome {
    /// As the status of a process that ends with it.
    pub(super) fn status(self) -> ExitCode {
        match self {
            Self::Sound => ExitCode::SUCCESS,
            Self::Unchecked => ExitCode::from(NO_CHECK),
            Self::Changed => ExitCode::from(MISMATCH),
        }
    }
}

/// The check can't be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The list of what was sealed.
    #[error("{} can't be read", path.display())]
    List {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no manifest.
    #[error("nothing was sealed: runtime_images is \"off\"")]
    Nothing,
}

/// What was found for one part.
#[derive(Debug)]
pub(super) struct Checked {
    name: String,
    /// Where it could be read.
    manifest: Option<Manifest>,
    /// Where the image's bytes came from, if there is one.
    read: Option<Stored>,
    /// The first thing that is not as it was sealed, or why that is not known.
    fault: Option<(Outcome, String)>,
}

impl Checked {
    pub(super) fn outcome(&self) -> Outcome {
        let fault = self.fault.as_ref();
        fault.map_or(Outcome::Sound, |(outcome, _)| *outcome)
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.outcome() {
            Outcome::Sound => "ok",
            Outcome::Unchecked => "UNKNOWN",
            Outcome::Changed => "CHANGED",
        };
        write!(f, "{state:<8} {:<28}", self.name)?;
        if let Some(Manifest { image, tree, .. }) = &self.manifest {
            let format = image.as_ref().map_or("folder", |image| image.format.name());
            write!(
                f,
                " {format:<8} {} files, {} MiB, tree {}",
                tree.count(),
                tree.bytes() >> 20,
                tree.digest().short()
            )?;
            if let Some(Image { sha256, .. }) = image {
                write!(f, ", image {}", sha256.short())?;
            }
        }
        if self.read == Some(Stored::Buffered) {
            f.write_str(" (without direct reads)")?;
        }
        match &self.fault {
            Some((_, fault)) => write!(f, " -- {fault}"),
            None => Ok(()),
        }
    }
}

/// Checks every part of a view, one after the other, and tells of each. What is wrong with one keeps no other from
/// being checked.
pub(super) fn check(view: &View, mut tell: impl FnMut(&Checked)) -> Result<Outcome, CheckError> {
    let names = names(view)?;
    if names.is_empty() {
        return Err(CheckError::Nothing);
    }
    let mut worst = Outcome::Sound;
    for name in names {
        let part = check_part(view, name);
        worst = worst.max(part.outcome());
        tell(&part);
    }
    Ok(worst)
}

fn check_part(view: &View, name: String) -> Checked {
    let mut part = Checked {
        name,
        manifest: None,
        read: None,
        fault: None,
    };
    let path = view.manifest(&part.name);
    match fs::read(&path).and_then(|bytes| Ok(Manifest::parse(&bytes)?)) {
        Ok(manifest) => {
            let image = image_fault(view, &mut part, &manifest);
            let tree = tree_fault(view, &part.name, &manifest);
            // Of two equal ones the image's, which explains the tree's.
            part.fault = match (image, tree) {
                (Some(image), Some(tree)) if tree.0 > image.0 => Some(tree),
                (image, tree) => image.or(tree),
            };
            part.manifest = Some(manifest);
        }
        Err(source) => {
            let what = "read";
            part.fault = Some(fault_of(&SealError::File { what, path, source }));
        }
    }
    part
}

/// What is wrong with the image as the disk has it.
fn image_fault(view: &View, part: &mut Checked, manifest: &Manifest) -> Option<(Outcome, String)> {
    let sealed = manifest.image.as_ref()?;
    let path = view.image(&part.name);
    match digest_of_stored(&path) {
        Ok((found, read)) => {
            part.read = Some(read);
            (found != sealed.sha256).then(|| {
                let sealed = sealed.sha256;
                let text = format!(
                    "the image on the disk has digest {found} and was sealed with {sealed}"
                );
                (Outcome::Changed, text)
            })
        }
        Err(source) => {
            let what = "read";
            Some(fault_of(&SealError::File { what, path, source }))
        }
    }
}

/// What is wrong with the files as jobs get them.
fn tree_fault(view: &View, part: &str, manifest: &Manifest) -> Option<(Outcome, String)> {
    match Tree::read(&view.part(part)) {
        Ok(tree) => manifest
            .tree
            .first_difference(&tree)
            .map(|difference| (Outcome::Changed, format!("as jobs see it, {difference}"))),
        Err(error) => Some(fault_of(&error)),
    }
}

/// What can't be read is damaged: whoever changes files must not escape by making one of them unreadable. Only a want
/// that passes says nothing about the files.
fn fault_of(error: &SealError) -> (Outcome, String) {
    use nix::libc::{EAGAIN, EINTR, EMFILE, ENFILE, ENOMEM};
    let passes = match error {
        SealError::File { source, .. } => source
            .raw_os_error()
            .is_some_and(|errno| [EAGAIN, EINTR, EMFILE, ENFILE, ENOMEM].contains(&errno)),
        _ => false,
    };
    let outcome = if passes {
        Outcome::Unchecked
    } else {
        Outcome::Changed
    };
    (outcome, sentence(error))
}

/// The parts that have a manifest, `base` first.
fn names(view: &View) -> Result<Vec<String>, CheckError> {
    let sealed = view.sealed();
    let mut names = Vec::new();
    let mut folders = vec![sealed.clone()];
    while let Some(folder) = folders.pop() {
        let failed = |source| CheckError::List {
            path: folder.clone(),
            source,
        };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
                && let Ok(below) = path.strip_prefix(&sealed)
                && let Some(name) = below.to_str().and_then(|name| name.strip_suffix(".json"))
            {
                names.push(name.to_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}

/// Digests of files as the disk has them, several at a time, in the order of the files.
pub(super) fn digests(paths: &[&Path]) -> Vec<io::Result<(Digest, Stored)>> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads.min(THREADS) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(index) else { return };
                    let digest = digest_of_stored(path);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.push((index, digest));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, digest)| digest).collect()
}

#[cfg(test)]
mod tests;
