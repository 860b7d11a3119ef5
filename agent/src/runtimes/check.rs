//! The check: what the disk has and what jobs see, against what was sealed.

mod part;

use super::{CHECK, View};
use crate::config::Config;
use crate::order::{self, Log};
use jail::host::{Child, Urgency};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use std::{fs, io};

pub(crate) use part::MISMATCH;
pub(super) use part::{Checked, Outcome};

/// How often a part may change while it is read.
const ATTEMPTS: u32 = 3;

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
        return Outcome::Unchecked.status();
    };
    order.log.start();
    let begin = Instant::now();
    let outcome = check(&View { root: order.view }, Checked::log);
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

/// Checks every part of a view, one after the other, and tells of each. What is wrong with one keeps no other from
/// being checked.
pub(super) fn check(view: &View, mut tell: impl FnMut(&Checked)) -> Result<Outcome, CheckError> {
    let names = names(view)?;
    if names.is_empty() {
        return Err(CheckError::Nothing);
    }
    let mut worst = Outcome::Sound;
    for name in names {
        let Some(part) = settled(view, &name) else {
            continue;
        };
        worst = worst.max(part.outcome());
        tell(&part);
    }
    Ok(worst)
}

/// What is found for a part that does not change meanwhile; nothing where it is taken out of the view. A manifest goes before
/// its part does and comes after it, so that one that is the same afterwards was that of what was read.
fn settled(view: &View, name: &str) -> Option<Checked> {
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        let part = Checked::of(view, name.to_owned());
        let manifest = view.manifest(name);
        if part.outcome() == Outcome::Sound || attempts == 0 || part.is_of(&manifest) {
            return Some(part);
        }
        if !manifest.exists() {
            return None;
        }
    }
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

#[cfg(test)]
mod tests;
