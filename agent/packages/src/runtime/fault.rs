//! What can be wrong with a `runtime.toml`, each with its key.

use crate::overrides::OverrideFault;
use thiserror::Error;

/// Why a `runtime.toml` can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuntimeFault {
    /// Not TOML.
    #[error("line {line} is not TOML: {details}")]
    Syntax {
        /// Number of the line, from 1.
        line: usize,
        /// What the parser said.
        details: String,
    },
    /// It is written for another version of the format.
    #[error("schema {0} is not known, only 1")]
    Schema(i64),
    /// A key that nobody knows.
    #[error("unknown key {key}{}", did_you_mean(*nearest))]
    UnknownKey {
        /// The whole key.
        key: String,
        /// The one in its place that is most like it.
        nearest: Option<&'static str>,
    },
    /// A key that has to be there.
    #[error("{key} is missing")]
    Missing {
        /// The whole key.
        key: String,
    },
    /// A value of the wrong kind, or out of range.
    #[error("{key} must be {wanted}")]
    Value {
        /// The whole key.
        key: String,
        /// What it can be.
        wanted: &'static str,
    },
    /// Braces in a command that are none of its places.
    #[error("{key} holds {found}, {problem}")]
    Place {
        /// The whole key.
        key: String,
        /// What is written there.
        found: String,
        /// Why it can't be.
        problem: &'static str,
    },
    /// A limit that can't be.
    #[error("{key} can't be applied")]
    Limit {
        /// The whole key.
        key: String,
        /// What is wrong.
        source: OverrideFault,
    },
    /// A language that is not among those of `pkg-info.json`.
    #[error("pkg-info.json provides no language {0:?}")]
    Language(String),
    /// A command that starts what is not in the package.
    #[error("there is no {0} in the package")]
    Program(String),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |known| format!(", did you mean {known}?"))
}
