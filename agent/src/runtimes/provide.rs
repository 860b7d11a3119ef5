//! The warden's part in preparing the runtimes: a place to mount them, and a helper that does it.

use super::prepare::Order;
use super::{PREPARE, View};
use crate::config::Config;
use crate::order::{self, Log};
use jail::host::{Child, Urgency};
use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::pipe2;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;

/// Manifests are all that is written there, about 150 bytes for each file of the runtimes.
const OPTIONS: &str = "mode=755,size=64m";

/// The most that a helper can say, in bytes.
const SAID: u64 = 16 << 10;

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
    let started = Refresh::new(config, &view)
        .start(false)
        .map_err(system("starting the process that prepares the runtimes"))?;
    // It says something or ends.
    let said = started.said();
    let status = waitpid(started.child.pid, None).map_err(system("waitpid"))?;
    match refused(status, said) {
        None => Ok(view),
        Some(why) => Err(why),
    }
}

/// What a helper's end means.
fn refused(status: WaitStatus, said: String) -> Option<ProvideError> {
    match status {
        WaitStatus::Exited(_, 0) => None,
        _ if !said.is_empty() => Some(ProvideError::Refused(said)),
        status => Some(ProvideError::Died(status)),
    }
}

/// Has the view of a node that serves follow the store.
#[derive(Clone, Debug)]
pub(crate) struct Refresh(Order);

/// A helper that is at it.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) child: Child,
    /// Where it says why it failed.
    failure: File,
}

impl Refresh {
    /// For the node with this configuration and view.
    pub(crate) fn new(config: &Config, view: &View) -> Self {
        Self(Order {
            data: config.data_directory.clone(),
            view: view.root.clone(),
            policy: config.runtimes.images,
            unmount_retired: false,
            log: Log::new(config.log_level, config.log_format),
        })
    }

    /// Starts the helper; with `unmount_retired` it also unmounts what an earlier one has retired.
    pub(crate) fn start(&self, unmount_retired: bool) -> io::Result<Started> {
        let order = Order {
            unmount_retired,
            ..self.0.clone()
        };
        let (failure, theirs) = pipe2(OFlag::O_CLOEXEC)?;
        let child = order::give(PREPARE, Urgency::Awaited, &order, Some(theirs.as_fd()))?;
        Ok(Started {
            child,
            failure: failure.into(),
        })
    }
}

impl Started {
    /// What it says, to its end: waits for that.
    fn said(&self) -> String {
        let mut said = Vec::new();
        // What can't be heard was not said.
        (&self.failure).take(SAID).read_to_end(&mut said).ok();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// What came of it, now that it has ended with this status.
    pub(crate) fn outcome(&self, status: WaitStatus) -> Result<(), ProvideError> {
        refused(status, self.said()).map_or(Ok(()), Err)
    }
}
