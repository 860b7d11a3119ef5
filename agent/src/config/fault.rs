//! What is wrong with a configuration: every fault of a start, each on a line that says what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Where a value was written. Faults are told in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// In the file, on this line (from 1).
    File(PathBuf, usize),
    /// In this environment variable.
    Environment(String),
    /// In this flag.
    Flag(String),
    /// Nowhere: the built-in default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Default => write!(f, "built-in default"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Error)]
#[error("{origin}: {key}: {problem}")]
pub(crate) struct Fault {
    /// The key, as the operator wrote it.
    pub(crate) key: String,
    /// Where it is written.
    pub(crate) origin: Origin,
    /// What is wrong with it, and what to do.
    pub(crate) problem: Problem,
}

/// What can be wrong.
#[derive(Debug, Error)]
pub(crate) enum Problem {
    /// A key that nobody knows.
    #[error("unknown key, {}", advice(nearest.as_deref()))]
    Unknown {
        /// The known key that is most like it.
        nearest: Option<String>,
    },
    /// A value of the wrong kind or size.
    #[error("{found} will not do, write {wanted}")]
    Value {
        /// What was written.
        found: String,
        /// What may be written.
        wanted: String,
    },
    /// A limit override that can't be.
    #[error("{0}")]
    Override(packages::OverrideFault),
    /// Values that can't hold together.
    #[error("{0}")]
    Conflict(Conflict),
    /// Text that is not of the form it has to be.
    #[error("not valid {form}, correct it: {details}")]
    Syntax {
        /// `TOML` or `JSON`.
        form: &'static str,
        /// What the parser said, on one line.
        details: String,
    },
    /// The file that was asked for can't be read.
    #[error("can't be read, correct the path or its permissions: {0}")]
    Unreadable(io::Error),
    /// `disable_networking` is false.
    #[error(
        "programs never have a network here, so that no machine can be reached from one; remove this key"
    )]
    Networking,
}

/// Values that each could be, but not together. Sizes in bytes, times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Conflict {
    /// A limit above the ceiling of its kind.
    #[error("{limit} is above the ceiling of {ceiling}, lower it or raise {raise}")]
    AboveCeiling {
        /// The configured limit.
        limit: u64,
        /// What no job exceeds.
        ceiling: u64,
        /// The key of the ceiling.
        raise: &'static str,
    },
    /// More memory for one job than for all of them.
    #[error(
        "{one} bytes for one job are more than jobs_memory ({all}) for all of them, lower it or raise jobs_memory"
    )]
    MoreThanAll {
        /// For one.
        one: u64,
        /// For all.
        all: u64,
    },
    /// More memory for jobs than there is.
    #[error("{jobs} bytes are more than this host has ({host}), lower it")]
    MoreThanHost {
        /// For all jobs.
        jobs: u64,
        /// All of the host's.
        host: u64,
    },
    /// Two ways to say where packages come from, in one place.
    #[error(
        "this and repo_url both say where packages come from, remove one of them: repo_url, which Piston has, stands for \
         a list of one"
    )]
    TwoIndexes,
    /// A range whose end is before its start.
    #[error("the range {min}-{max} is empty, set its minimum below its maximum")]
    EmptyRange {
        /// First.
        min: u32,
        /// Last.
        max: u32,
    },
    /// Too few uids for the jails that may exist at once.
    #[error(
        "the range {min}-{max} holds {} ids but {needed} are needed (two for each of max_concurrent_jobs, pool_size \
         and {spare} spare jails, four of the node's own), widen it or lower those", max - min + 1
    )]
    FewIds {
        /// First.
        min: u32,
        /// Last.
        max: u32,
        /// How many it takes.
        needed: u32,
        /// Jails that are just going away.
        spare: u32,
    },
    /// The range takes in ids with another meaning.
    #[error(
        "the range {min}-{max} takes in 65534 or 65535 (nobody, and no id at all), choose one beside them"
    )]
    SpecialIds {
        /// First.
        min: u32,
        /// Last.
        max: u32,
    },
    /// Ranges of uids and gids that differ.
    #[error(
        "the gid range {gid_min}-{gid_max} differs from the uid range {uid_min}-{uid_max}, set both alike: a program's \
         group is its own and has its uid's number, so that no group is ever shared between jobs"
    )]
    OtherGids {
        /// First gid.
        gid_min: u32,
        /// Last gid.
        gid_max: u32,
        /// First uid.
        uid_min: u32,
        /// Last uid.
        uid_max: u32,
    },
}

/// What to do about an unknown name.
fn advice(nearest: Option<&str>) -> String {
    match nearest {
        Some(known) => format!("did you mean {known}?"),
        None => "remove it".to_owned(),
    }
}

/// Everything that is wrong, one fault a line.
#[derive(Debug)]
pub(crate) struct ConfigFaults(pub(crate) Vec<Fault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            // Keys and values are the operator's: none may make a line of its own.
            write!(f, "{}", fault.to_string().replace(char::is_control, " "))?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}
