//! One group, in every hierarchy that is used.

use super::{CgroupError, Version, files};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The folders of one group: the same folder four times on v2, up to four different ones on v1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) version: Version,
    pub(super) memory: PathBuf,
    pub(super) pids: PathBuf,
    pub(super) cpu: PathBuf,
    pub(super) cpuacct: PathBuf,
}

impl Group {
    /// The group called `name` below this one.
    pub(super) fn below(&self, name: &str) -> Self {
        Self {
            version: self.version,
            memory: self.memory.join(name),
            pids: self.pids.join(name),
            cpu: self.cpu.join(name),
            cpuacct: self.cpuacct.join(name),
        }
    }

    /// Every folder once.
    pub(super) fn folders(&self) -> Vec<&Path> {
        let mut folders: Vec<&Path> = Vec::with_capacity(4);
        for folder in [&self.memory, &self.pids, &self.cpu, &self.cpuacct] {
            if !folders.contains(&folder.as_path()) {
                folders.push(folder);
            }
        }
        folders
    }

    /// Makes it in every hierarchy.
    pub(super) fn make(&self) -> Result<(), CgroupError> {
        self.folders().into_iter().try_for_each(files::make)
    }

    /// Removes it from every hierarchy.
    pub(super) fn remove(&self) -> Result<(), CgroupError> {
        self.folders().into_iter().try_for_each(files::remove)
    }
}
