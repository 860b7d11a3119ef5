//! What can go wrong in a measurement, and how the chain of causes reads on one line.

use std::error::Error;
use std::time::Duration;

/// A measurement that could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The async runtime did not start.
    #[error("could not start the event loop")]
    Runtime(#[source] std::io::Error),
    /// The URL can't be measured.
    #[error("{url}: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The program under measurement can't be made.
    #[error("{0}")]
    Workload(String),
    /// The file with the program can't be read.
    #[error("could not read {path}")]
    ReadFile {
        /// The path given.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// One run failed where every run has to succeed.
    #[error("run {number} on {target}")]
    Run {
        /// Counted from 1, warm-up included.
        number: u64,
        /// The URL or the bare command.
        target: String,
        /// What happened to it.
        #[source]
        source: RunError,
    },
    /// The memory of the node's processes can't be read.
    #[error("could not read the memory of process {pid}")]
    Memory {
        /// The process asked for.
        pid: u32,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The node is not on this machine.
    #[error("{url} is not on this machine: to load another one on purpose, give --anywhere")]
    Elsewhere {
        /// What was given.
        url: String,
    },
    /// No run of the closed loop was right.
    #[error("the capacity can't be measured, no run gave a correct answer: try `throughput`")]
    NoCapacity,
    /// Making namespaces and nodes is root's.
    #[error("root is needed to start nodes and to see the store as jobs do: run it again as root")]
    NotRoot,
    /// Told to stop. What was started has ended.
    #[error("stopped before the end, nothing was written")]
    Interrupted,
    /// The node could not be started.
    #[error("could not start the node")]
    Start(#[source] std::io::Error),
    /// The node came to an end, or never served.
    #[error("the node does not serve: {how}; the last it wrote:\n{log}")]
    NodeDied {
        /// Its status.
        how: String,
        /// The last lines of its stderr.
        log: String,
    },
    /// The account of the node's processor time can't be read.
    #[error("could not read the node's processor time")]
    Account {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The helper for bare commands can't be reached.
    #[error("could not talk to the process that runs bare commands")]
    Helper(#[source] std::io::Error),
    /// The helper for bare commands is gone.
    #[error("the process that runs bare commands ended (what it said is above)")]
    HelperEnded,
    /// The helper could not see the store as jobs do.
    #[error("could not make a view of the store {store}: is it built, with a base?")]
    View {
        /// The store.
        store: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A bare command failed, or is not the one to compare with.
    #[error("the bare command can't be measured: {0}")]
    Bare(String),
    /// A file can't be written.
    #[error("could not write into {path}")]
    WriteFile {
        /// The folder.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Of these the project has reached far better.
    #[error("more than twice as bad as they should be:\n{0}")]
    FarOff(String),
    /// A histogram can't be made.
    #[error("could not keep the latencies")]
    Histogram(#[source] hdrhistogram::CreationError),
}

/// One run that gave no correct answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// No connection.
    #[error("could not connect")]
    Connect(#[source] std::io::Error),
    /// The connection broke.
    #[error("connection failed")]
    Http(#[source] hyper::Error),
    /// The answer came too late.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The node refused.
    #[error("status {status}: {message}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The `message` of the answer, or its first bytes.
        message: String,
    },
    /// The answer is no execute answer.
    #[error("the answer is not what execute returns")]
    Body(#[source] serde_json::Error),
    /// A stage did not end with exit code 0.
    #[error("{stage} ended with {end}: {stderr}")]
    Stage {
        /// `compile` or `run`.
        stage: &'static str,
        /// Exit code, signal or message.
        end: String,
        /// What the stage wrote to stderr, shortened.
        stderr: String,
    },
    /// The program's output is not the expected one.
    #[error("wrong output: expected {expected:?}, got {got:?}")]
    Wrong {
        /// Expected stdout.
        expected: String,
        /// Actual stdout.
        got: String,
    },
    /// The bare command can't be started.
    #[error("could not run {command}")]
    Spawn {
        /// The first word of the step.
        command: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl RunError {
    /// The class under which a throughput run counts this error.
    pub(crate) fn class(&self) -> String {
        match self {
            Self::Connect(_) => "connect".into(),
            Self::Http(_) => "connection".into(),
            Self::Timeout(_) => "timeout".into(),
            Self::Status { status, .. } => format!("status {status}"),
            Self::Body(_) => "not an answer".into(),
            Self::Stage { stage, end, .. } => format!("{stage}: {end}"),
            Self::Wrong { .. } => "wrong output".into(),
            Self::Spawn { .. } => "spawn".into(),
        }
    }
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
