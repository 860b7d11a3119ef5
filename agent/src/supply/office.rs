//! The process that does for the routes what the command line does: root, short-lived, started by the warden for one request.
//! It believes the front, which a client may have taken over, no more than a name and a selector.

use super::error::SupplyError;
use super::install::{Stage, Supply};
use super::talk::{Answer, Change, REQUEST_MAX, Request};
use super::wish::{Wish, WishFault};
use crate::config::Config;
use crate::order::{self, Log};
use crate::sentence;
use agent_api::PackageName;
use jail::host::{Child, Urgency};
use nix::sys::socket::{SetSockOpt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::sys::wait::WaitStatus;
use packages::PackageId;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

/// Command name of the process.
pub(crate) const OFFICE: &str = "change-packages";

/// Its status when the store has changed; 0 when it has not.
const CHANGED: u8 = 3;

/// How long it waits for each piece of a request, in seconds.
const HEARS_WITHIN: i64 = 10;

/// What such a process is ordered to work on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Office {
    supply: Supply,
    log: Log,
}

/// What came of one, as its status says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The store is as it was.
    Unchanged,
    /// A package was published or removed.
    Changed,
    /// It did not get to an end: either may be.
    Died,
}

impl Outcome {
    /// What the status of one that ended means.
    pub(crate) fn of(status: WaitStatus) -> Self {
        match status {
            WaitStatus::Exited(_, 0) => Self::Unchanged,
            WaitStatus::Exited(_, code) if code == i32::from(CHANGED) => Self::Changed,
            _ => Self::Died,
        }
    }
}

impl Office {
    /// For the node with this configuration.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            supply: Supply::new(config),
            log: Log::new(config.log_level, config.log_format),
        }
    }

    /// Starts the process, which hears a request on the socket and answers there.
    pub(crate) fn start(&self, socket: &OwnedFd) -> io::Result<Child> {
        order::give(OFFICE, Urgency::Awaited, self, Some(socket.as_fd()))
    }

    fn answer(&self, request: &Request) -> Answer {
        let done = match request {
            Request::List { offers } => self.list(*offers),
            Request::Change(change, package) => Wish::new(&package.language, &package.version)
                .map_or_else(
                    |fault| Err(fault.into()),
                    |wish| match change {
                        Change::Install => self.supply.install(&wish, &mut warn),
                        Change::Remove => self.remove(&wish),
                    },
                )
                .map(|id| Answer::Changed(name(&id))),
        };
        done.unwrap_or_else(|error| failed(&error))
    }

    fn list(&self, offers: bool) -> Result<Answer, SupplyError> {
        let names = |ids: &[PackageId]| ids.iter().map(name).collect();
        let installed = names(&self.supply.installed()?);
        let offered = match offers.then(|| self.supply.offers(&mut warn)) {
            None => None,
            Some(Ok(offers)) => Some(names(&offers.all)),
            // What is installed can be listed all the same.
            Some(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what is offered can't be known"
                );
                None
            }
        };
        Ok(Answer::Packages { offered, installed })
    }

    /// The highest installed version that is meant. Where there is none Piston's answer depends on whether there could be.
    fn remove(&self, wish: &Wish) -> Result<PackageId, SupplyError> {
        let Ok(id) = wish.choose(&self.supply.installed()?) else {
            let offered = self.supply.offers(&mut warn)?;
            return Err(SupplyError::NotInstalled(wish.choose(&offered.all)?));
        };
        self.supply.remove(&id)?;
        Ok(id)
    }
}

/// Nobody watches how far it is; what is wrong with an index is for the operator.
fn warn(stage: Stage) {
    if let Stage::Warned(why) = stage {
        tracing::warn!(why, "an index of packages");
    }
}

fn name(id: &PackageId) -> PackageName {
    PackageName {
        language: id.name().to_owned(),
        version: id.version().to_string(),
    }
}

/// In Piston's words where it has some.
fn failed(error: &SupplyError) -> Answer {
    match error {
        SupplyError::NotFound { .. }
        | SupplyError::Wish(WishFault::Name(_) | WishFault::Selector(_)) => Answer::Unknown,
        SupplyError::AlreadyInstalled(_) => Answer::Failed("Already installed".to_owned()),
        SupplyError::NotInstalled(id) => {
            let PackageName { language, version } = name(id);
            Answer::Failed(format!("{language}-{version} is not installed"))
        }
        SupplyError::Checksum { expected, found } => {
            Answer::Failed(format!("Checksum miss-match want: {expected} got: {found}"))
        }
        error => {
            let error = sentence(error);
            tracing::error!(error, "packages can't be listed or changed");
            Answer::Failed(error)
        }
    }
}

/// Entry point of the process.
pub(crate) fn office_main() -> ExitCode {
    match converse() {
        Ok(Answer::Changed(_)) => ExitCode::from(CHANGED),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "a request for packages can't be heard");
            ExitCode::FAILURE
        }
    }
}

fn converse() -> io::Result<Answer> {
    let office = order::take::<Office>()?;
    office.log.start();
    let mut socket = order::listener()?;
    // From a front that is what it should be it is there already.
    sockopt::ReceiveTimeout.set(&socket, &TimeVal::seconds(HEARS_WITHIN))?;
    let mut request = Vec::new();
    (&socket).take(REQUEST_MAX).read_to_end(&mut request)?;
    let answer = office.answer(&serde_json::from_slice(&request)?);
    // Nobody may hear it any more; what was changed is changed.
    socket.write_all(&serde_json::to_vec(&answer)?).ok();
    Ok(answer)
}
