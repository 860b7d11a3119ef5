//! The process that fulfils one wish of a client: root, short-lived, started by the warden. It believes the front, which a
//! client may have taken over, no more than a name and a selector.

use super::OFFICE;
use super::talk::{Answer, Change, WISH_MAX, Wish};
use crate::config::Config;
use crate::order::{self, Log};
use crate::sentence;
use agent_api::PackageName;
use jail::host::{Child, Urgency};
use nix::sys::wait::WaitStatus;
use packages::PackageId;
use packages::install::Installer;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;

/// Statuses.
const UNCHANGED: u8 = 0;
const CHANGED: u8 = 3;

/// What such a process is ordered to work on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Office {
    data: PathBuf,
    log: Log,
}

/// What came of one, as its status says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The store is as it was.
    Unchanged,
    /// A package was published or removed.
    Changed,
    /// It did not get to an end.
    Died,
}

impl Outcome {
    /// What the status of one that ended means.
    pub(crate) fn of(status: WaitStatus) -> Self {
        match status {
            WaitStatus::Exited(_, code) if code == i32::from(UNCHANGED) => Self::Unchanged,
            WaitStatus::Exited(_, code) if code == i32::from(CHANGED) => Self::Changed,
            _ => Self::Died,
        }
    }
}

impl Office {
    /// For the node with this configuration.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            data: config.data_directory.clone(),
            log: Log::new(config.log_level, config.log_format),
        }
    }

    /// Starts the process, which hears its wish on the socket and answers there.
    pub(crate) fn start(&self, socket: &OwnedFd) -> io::Result<Child> {
        order::give(OFFICE, Urgency::Awaited, self, Some(socket.as_fd()))
    }

    fn fulfil(&self, wish: Wish) -> Answer {
        let done = match wish {
            Wish::List { offers } => self.list(offers),
            Wish::Change(Change::Install, package) => self.install(&package),
            Wish::Change(Change::Remove, package) => self.remove(&package),
        };
        done.unwrap_or_else(|error| {
            tracing::error!(error = &*error, "packages");
            Answer::Failed(sentence(&*error))
        })
    }
}

/// Entry point of the process.
pub(crate) fn office_main() -> ExitCode {
    let answered = (|| {
        let office = order::take::<Office>()?;
        office.log.start();
        let mut socket = order::listener()?;
        let mut wish = Vec::new();
        (&socket).take(WISH_MAX).read_to_end(&mut wish)?;
        let answer = office.fulfil(serde_json::from_slice(&wish)?);
        // The client may be gone; what was changed is changed.
        socket.write_all(&serde_json::to_vec(&answer)?).ok();
        Ok::<_, io::Error>(answer)
    })();
    match answered {
        Ok(Answer::Changed(_)) => ExitCode::from(CHANGED),
        Ok(_) => ExitCode::from(UNCHANGED),
        Err(error) => {
            tracing::error!(%error, "no wish for packages was heard");
            ExitCode::FAILURE
        }
    }
}

impl Office {
    fn list(&self, _offers: bool) -> Result<Answer, Box<dyn std::error::Error>> { todo!() }
    fn install(&self, _package: &PackageName) -> Result<Answer, Box<dyn std::error::Error>> { todo!() }
    fn remove(&self, _package: &PackageName) -> Result<Answer, Box<dyn std::error::Error>> { todo!() }
}
