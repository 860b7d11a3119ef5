//! The check: what the disk has and what jobs see, against what was sealed.

use super::helper::{self, Log};
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
    helper::start(CHECK, urgency, order, None)
}

/// Entry point of that process.
pub(crate) fn check_main() -> ExitCode {
    let Ok(order) = helper::order::<Order>() else {
        return ExitCode::from(NO_CHECK);
    };
    order.log.start();
    let begin = Instant::now();
    let mut sound = true;
    let all = check(&View { root: order.view }, |part| {
        sound &= part.is_sound();
        if !part.is_sound() {
            tracing::error!(
                part = part.name,
                found = part.fault().unwrap_or_default(),
                "runtime files are not what was sealed"
            );
        }
    });
    match all {
        Ok(()) if sound => {
            tracing::debug!(
                ms = begin.elapsed().as_millis(),
                "runtimes are what was sealed"
            );
            ExitCode::SUCCESS
        }
        Ok(()) => ExitCode::from(MISMATCH),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "runtimes can't be checked"
            );
            ExitCode::from(NO_CHECK)
        }
    }
}

/// The check can't be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// A manifest of the running node.
    #[error("{} can't be read", path.display())]
    Manifest {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no manifest.
    #[error("nothing was sealed: runtime_images is \"off\"")]
    Nothing,
    /// What was mounted.
    #[error(transparent)]
    Part(#[from] SealError),
}

/// What was found for one part.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) name: String,
    manifest: Manifest,
    /// Digest of the image as the disk has it, and whether it could be read past the page cache.
    image: Option<(Digest, Stored)>,
    /// As jobs see it; `Err` is a tree that the kernel finds damaged.
    tree: Result<Tree, SealError>,
}

impl Checked {
    pub(super) fn is_sound(&self) -> bool {
        self.fault().is_none()
    }

    /// The first thing that is not as it was sealed.
    pub(super) fn fault(&self) -> Option<String> {
        if let (Some(sealed), Some((found, _))) = (&self.manifest.image, &self.image)
            && sealed.sha256 != *found
        {
            return Some(format!(
                "the image on the disk has digest {found} and was sealed with {}",
                sealed.sha256
            ));
        }
        match &self.tree {
            Ok(tree) => self
                .manifest
                .tree
                .first_difference(tree)
                .map(|difference| format!("as jobs see it, {difference}")),
            Err(error) => Some(sentence(error)),
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tree = &self.manifest.tree;
        let state = if self.is_sound() { "ok" } else { "CHANGED" };
        let format = self.manifest.image.as_ref();
        let format = format.map_or("folder", |image| image.format.name());
        write!(
            f,
            "{state:<8} {:<28} {format:<8} {} files, {} MiB, tree {}",
            self.name,
            tree.count(),
            tree.bytes() >> 20,
            tree.digest().short()
        )?;
        if let Some(Image { sha256, .. }) = &self.manifest.image {
            write!(f, ", image {}", sha256.short())?;
        }
        if matches!(self.image, Some((_, Stored::Buffered))) {
            f.write_str(" (without direct reads)")?;
        }
        match self.fault() {
            Some(fault) => write!(f, " -- {fault}"),
            None => Ok(()),
        }
    }
}

/// Checks every part of a view, one after the other.
pub(super) fn check(view: &View, mut tell: impl FnMut(&Checked)) -> Result<(), CheckError> {
    let names = names(view)?;
    if names.is_empty() {
        return Err(CheckError::Nothing);
    }
    for name in names {
        tell(&check_part(view, name)?);
    }
    Ok(())
}

fn check_part(view: &View, name: String) -> Result<Checked, CheckError> {
    let path = view.manifest(&name);
    let manifest = fs::read(&path)
        .and_then(|bytes| Ok(Manifest::parse(&bytes)?))
        .map_err(|source| CheckError::Manifest { path, source })?;
    let image = match &manifest.image {
        None => None,
        Some(_) => {
            let path = view.image(&name);
            let read = digest_of_stored(&path);
            Some(read.map_err(|source| SealError::File {
                what: "read",
                path,
                source,
            })?)
        }
    };
    let tree = match Tree::read(&view.part(&name)) {
        Err(error) if !is_damage(&error) => return Err(error.into()),
        tree => tree,
    };
    Ok(Checked {
        name,
        manifest,
        image,
        tree,
    })
}

/// Whether the kernel could not make sense of what it read, as against having no room or no right.
fn is_damage(error: &SealError) -> bool {
    use nix::libc::{EBADMSG, EIO, ELOOP, ENOENT, EUCLEAN};
    let SealError::File { source, .. } = error else {
        return false;
    };
    let damage = [EBADMSG, EIO, ELOOP, ENOENT, EUCLEAN];
    source
        .raw_os_error()
        .is_some_and(|errno| damage.contains(&errno))
}

/// The parts that have a manifest, `base` first.
fn names(view: &View) -> Result<Vec<String>, CheckError> {
    let sealed = view.sealed();
    let mut names = Vec::new();
    let mut folders = vec![sealed.clone()];
    while let Some(folder) = folders.pop() {
        let failed = |source| CheckError::Manifest {
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
