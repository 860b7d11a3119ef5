//! The command line.

use crate::config::Flags;
use crate::doctor::DoctorFlags;
use crate::seccomp::SeccompFlags;
use crate::supply::cli::PackagesFlags;
use clap::{Parser, Subcommand};

/// Runs untrusted programs in jails, behind Piston's API.
#[derive(Debug, Parser)]
#[command(name = "capsule-agent", version)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the node until SIGTERM
    Serve(Flags),
    /// Say what this host offers, what is missing and what follows
    Doctor(DoctorFlags),
    /// Say what a jail's filters answer to a system call, and why
    Seccomp(SeccompFlags),
    /// Compare what jobs of the running node see of its runtimes, and what the disk has, with what was sealed
    Verify(Flags),
    /// List, install, remove and verify packages
    Packages(PackagesFlags),
}
