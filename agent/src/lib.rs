//! The node daemon as a library, so that its parsers can be fuzzed: the program is this crate's [`main`] and nothing else.
//!
//! One binary, several processes: the warden (`serve`), which starts this binary anew as the front, as builders of jails, and
//! as helpers that prepare and check the runtimes or bring packages. A jail's init is a copy of a builder.

mod admin;
mod catalog;
mod cli;
mod config;
mod descriptors;
mod doctor;
mod front;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host_memory;
mod http;
mod instance;
mod job;
mod limits;
mod listen;
mod locks;
mod logging;
mod order;
mod pool;
mod runtimes;
mod seccomp;
mod serve;
mod supply;
mod warden;

use clap::Parser;
use cli::{Cli, Command};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// Runs the process that the command line asks for.
pub fn main() -> ExitCode {
    // The roles that other processes of the node start, before anything else happens in them.
    match std::env::args().nth(1).as_deref() {
        Some(warden::BUILD) => return warden::build_main(),
        Some("front") => return tell(front::main()),
        Some(runtimes::PREPARE) => return runtimes::prepare_main(),
        Some(runtimes::CHECK) => return runtimes::check_main(),
        Some(supply::OFFICE) => return supply::office_main(),
        Some(supply::FETCH) => return supply::fetch_main(),
        Some(supply::UNPACK) => return supply::unpack_main(),
        _ => {}
    }
    match Cli::parse().command {
        Command::Serve(flags) => tell(serve::serve(&flags)),
        Command::Doctor(flags) => doctor::run(&flags),
        Command::Seccomp(flags) => tell(seccomp::run(&flags)),
        Command::Verify(flags) => runtimes::verify(&flags),
        Command::Packages(flags) => supply::cli::run(&flags),
    }
}

/// Says what went wrong, with every cause.
fn tell<E: Error>(result: Result<(), E>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // A closed stderr changes nothing about the failure; eprintln would panic.
    writeln!(std::io::stderr(), "capsule-agent: {}", sentence(&error)).ok();
    ExitCode::FAILURE
}

/// An error with all its causes.
fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
