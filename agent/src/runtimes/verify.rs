//! `capsule-agent verify`: the check by hand, of a node that runs.

use super::View;
use super::check::{CheckError, Outcome, check};
use crate::config::{Config, ConfigFaults, Flags};
use crate::{instance, sentence, serve};
use nix::sys::signal::Signal;
use std::io::{self, Write};
use std::process::ExitCode;

/// The check can't be carried out.
#[derive(Debug, thiserror::Error)]
enum VerifyError {
    #[error("{0}")]
    Config(ConfigFaults),
    #[error("verify has to be run as root: it looks into the mounts of the node")]
    NotRoot,
    #[error(
        "no node runs with the state directory {0}: say which one is meant (--config, --state-directory)"
    )]
    NoNode(std::path::PathBuf),
    #[error("the running node can't be found")]
    Instance(#[source] io::Error),
    #[error(
        "the node that runs with this state directory is still starting, or takes over a change of its packages: try again"
    )]
    Starting,
    #[error("the node ended while its runtimes were checked")]
    Ended,
    #[error("the node can't be told that its runtimes are not what was sealed: stop it")]
    Tell(#[source] io::Error),
    #[error("the runtimes of the running node can't be checked")]
    Check(#[from] CheckError),
}

/// Prints a line for each part. 0: all is as it was sealed; 1: something is not, and the node was told and stops
/// serving; 2: it could not be checked.
pub(crate) fn verify(flags: &Flags) -> ExitCode {
    let outcome = examine(flags).unwrap_or_else(|error| {
        // A closed stderr changes nothing about the status.
        writeln!(io::stderr(), "capsule-agent: {}", sentence(&error)).ok();
        Outcome::Unchecked
    });
    outcome.status()
}

fn examine(flags: &Flags) -> Result<Outcome, VerifyError> {
    let read = |path: &std::path::Path| std::fs::read_to_string(path);
    let config = Config::load(flags, std::env::vars(), read, serve::measure())
        .map_err(VerifyError::Config)?;
    if !nix::unistd::geteuid().is_root() {
        return Err(VerifyError::NotRoot);
    }
    let no_node = || VerifyError::NoNode(config.state_directory.clone());
    let state = config
        .state_directory
        .canonicalize()
        .map_err(|_| no_node())?;
    let warden = instance::running(&state)
        .map_err(VerifyError::Instance)?
        .ok_or_else(no_node)?;
    let view = View::of(&state).through(&warden);
    if !view.is_complete() {
        return Err(VerifyError::Starting);
    }
    let outcome = check(&view, |part| {
        // A reader that went away does not change the status.
        writeln!(io::stdout(), "{part}").ok();
    })?;
    // The files of one that ended can't be read any more.
    if warden.has_ended() {
        return Err(VerifyError::Ended);
    }
    if outcome == Outcome::Changed {
        // Not asked to look for itself: by then the kernel may have dropped the page that tells.
        warden.signal(Signal::SIGUSR2).map_err(VerifyError::Tell)?;
    }
    Ok(outcome)
}
