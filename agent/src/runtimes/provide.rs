//! The warden's part in preparing the runtimes: a place to mount them, and a helper that does it.

use super::order::{self, Log};
use super::prepare::Order;
use super::{PREPARE, View};
use crate::config::Config;
use jail::host::Urgency;
use nix::mount::{MsFlags, mount};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::pipe;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;

/// Manifests are all that is written there, about 150 bytes for each file of the runtimes.
const OPTIONS: &str = "mode=755,size=64m";

/// The runtimes can't be made ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvideError {
    /// What the helper says, in one sentence.
    #[error("{0}")]
    Refused(String),
    /// The helper ended without a word.
    #[error("the process that prepares the runtimes ended with {0:?}")]
    Died(WaitStatus),
    /// A system call that has no reason to fail did.
    #[error("{what} failed")]
    System {
        /// What was tried.
        what: &'static str,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> ProvideError {
    move |source| ProvideError::System {
        what,
        source: source.into(),
    }
}

/// Has the runtimes sealed where they are not, checked, and mounted. In a mount namespace of this process's own: what
/// is mounted goes away with the last process in it.
pub(crate) fn provide(config: &Config) -> Result<View, ProvideError> {
    let making = "making a place for the runtimes";
    let state = config
        .state_directory
        .canonicalize()
        .map_err(system(making))?;
    let view = View::of(&state);
    fs::create_dir_all(&view.root).map_err(system(making))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("runtimes"),
        &view.root,
        Some("tmpfs"),
        flags,
        Some(OPTIONS),
    )
    .map_err(system(making))?;
    prepare(config, &view)?;
    let read_only = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | flags;
    mount(
        None::<&str>,
        &view.root,
        None::<&str>,
        read_only,
        None::<&str>,
    )
    .map_err(system("making the runtimes read-only"))?;
    Ok(view)
}

fn prepare(config: &Config, view: &View) -> Result<(), ProvideError> {
    let starting = "starting the process that prepares the runtimes";
    let order = Order {
        data: config.data_directory.clone(),
        view: view.root.clone(),
        policy: config.runtimes.images,
        log: Log::new(config.log_level, config.log_format),
    };
    let (failure, theirs) = pipe().map_err(system(starting))?;
    let child = order::give(PREPARE, Urgency::Awaited, &order, Some(theirs.as_fd()))
        .map_err(system(starting))?;
    drop(theirs);
    let mut said = String::new();
    File::from(failure)
        .read_to_string(&mut said)
        .map_err(system("hearing the process that prepares the runtimes"))?;
    match waitpid(child.pid, None).map_err(system("waitpid"))? {
        WaitStatus::Exited(_, 0) => Ok(()),
        _ if !said.is_empty() => Err(ProvideError::Refused(said)),
        status => Err(ProvideError::Died(status)),
    }
}
