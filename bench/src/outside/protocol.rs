//! What the bench and its helper say to each other: one JSON text a line, an answer to every order.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A program and how it is run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Program {
    /// Name of its one file.
    pub(crate) file: String,
    /// Its text.
    pub(crate) source: String,
    /// Commands one after the other in the folder of the file, each started without a shell.
    pub(crate) steps: Vec<Vec<String>>,
    /// PATH of the commands.
    pub(crate) path: String,
    /// What the last command has to write.
    pub(crate) expected: String,
}

/// To the helper.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Order {
    /// Once.
    Run(Program),
    /// As fast as it can.
    Loop {
        /// What.
        program: Program,
        /// At once.
        threads: usize,
        /// Starts end then.
        time: Duration,
    },
}

/// From the helper.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Answer {
    /// The view is made.
    Ready,
    /// To `Run`.
    Ran(Ran),
    /// To `Loop`.
    Looped(Looped),
    /// A command did not start, failed or wrote something else.
    Failed(String),
}

/// One run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Ran {
    /// From the start of the first command to the end of the last.
    pub(crate) took: Duration,
    /// Processor time of all of it.
    pub(crate) cpu: Duration,
    /// What the last command wrote to stdout.
    pub(crate) stdout: String,
    /// What all of them wrote to stderr.
    pub(crate) stderr: String,
}

/// Many runs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Looped {
    /// How many.
    pub(crate) runs: u64,
    /// From the first start to the last end.
    pub(crate) took: Duration,
}
