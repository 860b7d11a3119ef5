//! What can be wrong with a package or a selector.

use crate::overrides::OverrideFault;
use crate::runtime::RuntimeFault;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A package, or the store itself, that can't be used.
#[derive(Debug, Error)]
pub enum PackageError {
    /// The file or folder can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is longer than such a file ever is.
    #[error("{} is longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The longest that is read, in bytes.
        limit: u64,
    },
    /// A folder that holds too many entries.
    #[error("{} holds more than {limit} entries", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The most that are read.
        limit: usize,
    },
    /// A link where a folder has to be: what it points to could change under a running job.
    #[error("{} is a link, put the package's folder itself there", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// `pkg-info.json` says something wrong.
    #[error("{} is not a usable description of a package", path.display())]
    Info {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: InfoFault,
    },
    /// `.env` holds a line that is no `KEY=value`.
    #[error("line {line} of {} is not KEY=value", path.display())]
    Environment {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
    },
    /// `runtime.toml` says something wrong.
    #[error("{} is not a usable description of stages", path.display())]
    Runtime {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: RuntimeFault,
    },
    /// A stage script can't be started.
    #[error("{} can't be started", path.display())]
    Script {
        /// The script.
        path: PathBuf,
        /// What is wrong.
        source: ScriptFault,
    },
}

/// What can be wrong in `pkg-info.json`.
#[derive(Debug, Error)]
pub enum InfoFault {
    /// Not JSON, or a key of another type.
    #[error("it does not have the form of a pkg-info.json")]
    Json(#[from] serde_json::Error),
    /// The version is not a full semantic version in its usual spelling.
    #[error("version {0:?} is not of the form 1.2.3")]
    Version(String),
    /// The folder is named otherwise.
    #[error("it describes {found}, but its folder is {folder}")]
    Folder {
        /// `name/version` by the file.
        found: String,
        /// `name/version` by the path.
        folder: String,
    },
    /// An empty name or alias, or one with a control character.
    #[error("{0:?} can't be the name of a language")]
    Name(String),
    /// A limit that can't be.
    #[error("limit_overrides of {language} can't be applied")]
    Override {
        /// The language they are for.
        language: String,
        /// What is wrong.
        source: OverrideFault,
    },
}

/// What can be wrong with a stage script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScriptFault {
    /// The kernel would read only a part of the line.
    #[error("its #! line is longer than {0} bytes")]
    LineTooLong(usize),
    /// The interpreter is missing or not absolute, or the line holds a control character.
    #[error("its #! line names no absolute path")]
    Interpreter,
}

/// Text that is no version selector. It matches nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a version selector")]
pub struct FaultySelector;
