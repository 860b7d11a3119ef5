//! `capsule-agent packages`: the command line that lists, installs, removes and verifies packages. What several of them
//! are asked for is done one after the other, and told of each.

mod bar;
mod bundle;
mod change;
mod follow;
mod list;
mod verify;

use super::{Supply, Wish};
use crate::config::{Config, Flags};
use crate::{sentence, serve};
use clap::{Args, Subcommand};
use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit status when some of what was asked for failed, and when nothing could be begun.
const SOME_FAILED: u8 = 1;
const NOT_BEGUN: u8 = 2;

/// `capsule-agent packages`.
#[derive(Debug, Args)]
pub(crate) struct PackagesFlags {
    #[command(subcommand)]
    what: What,
}

/// What can be done with packages.
#[derive(Debug, Subcommand)]
enum What {
    /// List what is installed
    List {
        /// List what the indexes offer too
        #[arg(long)]
        available: bool,
        /// As Piston's GET /api/v2/packages does
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        flags: Flags,
    },
    /// Install packages from the indexes, or from a bundle
    Install {
        /// Install from this bundle, without a network
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        flags: Flags,
    },
    /// Remove packages; jobs that run keep them
    Remove {
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        flags: Flags,
    },
    /// Read installed packages whole and compare them with what was recorded at install
    Verify {
        /// Which ones [default: all]
        #[arg(value_name = "NAME[@VERSIONS]")]
        wishes: Vec<Wish>,
        #[command(flatten)]
        flags: Flags,
    },
    /// Remove what crashes have left, and images of packages that are gone
    Gc {
        #[command(flatten)]
        flags: Flags,
    },
    /// Put packages of an index into one file, to install them without a network
    Bundle {
        /// The file
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        flags: Flags,
    },
}

/// Packages that are asked for.
#[derive(Debug, Args)]
struct Wishes {
    /// Name of a package, and which versions will do: python, python@3.11.2, 'python@>=3 <4'
    #[arg(value_name = "NAME[@VERSIONS]", required = true)]
    wishes: Vec<Wish>,
}

/// Nothing can be begun.
#[derive(Debug, thiserror::Error)]
enum DeskError {
    #[error("{0}")]
    Config(crate::config::ConfigFaults),
    #[error(
        "packages has to be run as root: it starts processes under ids of the node's own, and writes to the store"
    )]
    NotRoot,
}

/// What every command has at hand.
struct Desk {
    config: Config,
    supply: Supply,
    failures: usize,
}

/// Does what the command line asks for. 0: all of it is done; 1: some failed, each with a line; 2: nothing was begun.
pub(crate) fn run(flags: &PackagesFlags) -> ExitCode {
    let mut desk = match Desk::open(flags.what.flags()) {
        Ok(desk) => desk,
        Err(error) => {
            complain(&error);
            return ExitCode::from(NOT_BEGUN);
        }
    };
    match &flags.what {
        What::List {
            available, json, ..
        } => desk.list(*available, *json),
        What::Install { bundle, wishes, .. } => desk.install(&wishes.wishes, bundle.as_deref()),
        What::Remove { wishes, .. } => desk.remove(&wishes.wishes),
        What::Verify { wishes, .. } => desk.verify(wishes),
        What::Gc { .. } => desk.gc(),
        What::Bundle { output, wishes, .. } => desk.bundle(output, &wishes.wishes),
    }
    match desk.failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(SOME_FAILED),
    }
}

impl What {
    fn flags(&self) -> &Flags {
        match self {
            Self::List { flags, .. }
            | Self::Install { flags, .. }
            | Self::Remove { flags, .. }
            | Self::Verify { flags, .. }
            | Self::Gc { flags }
            | Self::Bundle { flags, .. } => flags,
        }
    }
}

impl Desk {
    fn open(flags: &Flags) -> Result<Self, DeskError> {
        if !nix::unistd::geteuid().is_root() {
            return Err(DeskError::NotRoot);
        }
        let read = |path: &std::path::Path| std::fs::read_to_string(path);
        let config = Config::load(flags, std::env::vars(), read, serve::measure())
            .map_err(DeskError::Config)?;
        Ok(Self {
            supply: Supply::new(&config),
            config,
            failures: 0,
        })
    }

    /// Counts what went wrong, and says so.
    fn failed(&mut self, error: &dyn Error) {
        self.failures += 1;
        complain(error);
    }
}

/// What went wrong with one of several things that were asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed<W: Display, E: Error + 'static>(W, #[source] E);

/// A line of what was asked for. A reader that went away changes nothing about what is done.
fn say(line: fmt::Arguments<'_>) {
    writeln!(io::stdout(), "{line}").ok();
}

/// What went wrong, with every cause.
fn complain(error: &dyn Error) {
    writeln!(io::stderr(), "capsule-agent: {}", sentence(error)).ok();
}
