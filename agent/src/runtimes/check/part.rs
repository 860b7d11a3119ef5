//! One part: what the disk has and what jobs see of it.

use super::super::View;
use crate::sentence;
use packages::sealed::{Image, Manifest, SealError, Stored, Tree, digest_of_stored};
use std::path::Path;
use std::process::ExitCode;
use std::{fmt, fs};

/// Exit status of a check that found something other than what was sealed.
pub(crate) const MISMATCH: u8 = 1;
/// Exit status of one that could not be carried out.
const NO_CHECK: u8 = 2;

/// What a check came to. Of several parts the worst counts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runtimes) enum Outcome {
    /// All is as it was sealed.
    Sound,
    /// There was no memory or no descriptor left to find out.
    Unchecked,
    /// Something is not as it was sealed, whatever else could not be found out.
    Changed,
}

impl Outcome {
    /// As the status of a process that ends with it.
    pub(in crate::runtimes) fn status(self) -> ExitCode {
        match self {
            Self::Sound => ExitCode::SUCCESS,
            Self::Unchecked => ExitCode::from(NO_CHECK),
            Self::Changed => ExitCode::from(MISMATCH),
        }
    }
}

/// What was found for one part.
#[derive(Debug)]
pub(in crate::runtimes) struct Checked {
    name: String,
    /// Where it could be read.
    manifest: Option<Manifest>,
    /// Where the image's bytes came from, if there is one.
    read: Option<Stored>,
    /// The first thing that is not as it was sealed, or why that is not known.
    fault: Option<(Outcome, String)>,
}

impl Checked {
    /// Checks one part.
    pub(super) fn of(view: &View, name: String) -> Self {
        let mut part = Self {
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

    /// Whether it was held against the manifest that is there now.
    pub(super) fn is_of(&self, manifest: &Path) -> bool {
        let now = fs::read(manifest).map(|bytes| Manifest::parse(&bytes));
        match (now, &self.manifest) {
            (Ok(Ok(now)), Some(then)) => now == *then,
            (Ok(Err(_)), None) => true,
            _ => false,
        }
    }

    /// Says what is wrong with it in the log.
    pub(super) fn log(&self) {
        match &self.fault {
            None => {}
            Some((Outcome::Changed, found)) => {
                tracing::error!(
                    part = self.name,
                    found,
                    "runtime files are not what was sealed"
                );
            }
            Some((_, why)) => {
                tracing::error!(part = self.name, why, "runtime files can't be checked");
            }
        }
    }

    pub(in crate::runtimes) fn outcome(&self) -> Outcome {
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
pub(super) fn fault_of(error: &SealError) -> (Outcome, String) {
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
