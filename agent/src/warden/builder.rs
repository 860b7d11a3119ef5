//! Builders: processes of the agent's own binary, executed anew, that make jails.
//!
//! A jail's init is a copy of its builder, so a builder has nothing in its memory that must not be in a jail: no environment,
//! no configuration but how jails are made, not one byte of a job. It makes one jail at a time and lives until it is killed
//! or the warden lets go of it.

use super::borrow;
use super::life::readable;
use super::protocol::{self, JailId};
use crate::order::{self, in_memory};
use jail::cgroup::{self, Tree};
use jail::host::{Built, Child, Spec, start_builder};
use jail::proto::{Failure, HostIds, Step};
use nix::sys::prctl;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The builder's command.
pub(crate) const BUILD: &str = "build-jails";

/// Descriptors that come with a good report: init's pidfd, the oom event, then those for the front.
const FDS: usize = 2 + protocol::CREATED_FDS;

/// A builder that takes longer than this for a jail is stuck: what it does takes some milliseconds, and it gives up on an
/// init that does not answer long before.
const PATIENCE: Duration = Duration::from_secs(15);

/// Jails that one builder makes. Their inits have the same layout of memory and the same stack guard.
const JAILS: u32 = 64;

/// What all jails of a node are made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) spec: Spec,
    pub(super) tree: Tree,
}

/// One jail to be made.
#[derive(Serialize, Deserialize)]
struct Order {
    id: JailId,
    ids: HostIds,
}

/// A builder, from the warden's side.
pub(super) struct Builder {
    child: Child,
    link: OwnedFd,
    deadline: Instant,
    /// Jails that it was told to make.
    orders: u32,
    /// It was killed, and may have made its jail all the same.
    killed: bool,
}

/// What a builder made.
pub(super) struct Product {
    pub(super) init: Pid,
    pub(super) process: OwnedFd,
    pub(super) oom: OwnedFd,
    /// As `FromWarden::Created` passes them on.
    pub(super) for_front: Vec<OwnedFd>,
}

#[derive(Serialize, Deserialize)]
enum Report {
    Built(i32),
    Failed(Failure),
}

/// The groups of the jail with this number.
pub(super) fn groups(tree: &Tree, id: JailId) -> cgroup::Jail {
    tree.jail(&format!("jail-{}", id.0))
}

impl Builder {
    /// Starts one.
    pub(super) fn start(plan: &Plan) -> io::Result<Self> {
        let (link, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        let plan = in_memory(&serde_json::to_vec(plan)?)?;
        let child = start_builder(BUILD, &[plan.as_fd(), theirs.as_fd()])?;
        Ok(Self::with(child, link))
    }

    fn with(child: Child, link: OwnedFd) -> Self {
        Self {
            child,
            link,
            deadline: Instant::now() + PATIENCE,
            orders: 0,
            killed: false,
        }
    }

    /// Has it make a jail. It must not be making one.
    ///
    /// # Errors
    /// `EPIPE` where it is dead.
    pub(super) fn order(&mut self, id: JailId, ids: HostIds) -> io::Result<()> {
        self.deadline = Instant::now() + PATIENCE;
        self.orders += 1;
        protocol::send(self.link.as_fd(), &Order { id, ids }, &[])
    }

    /// A link without a process behind it.
    #[cfg(test)]
    pub(super) fn unreal(pid: Pid, link: OwnedFd) -> Self {
        let process = std::fs::File::open("/dev/null").unwrap().into();
        Self::with(Child { pid, process }, link)
    }

    /// Time passes until it counts as stuck.
    #[cfg(test)]
    pub(super) fn stall(&mut self) {
        self.deadline = Instant::now();
    }

    #[cfg(test)]
    pub(super) const fn pid(&self) -> Pid {
        self.child.pid
    }

    /// When it is to be given up.
    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Kills it. Its link ends, and so does an init that it has begun, which hears nothing more.
    pub(super) fn kill(&mut self) {
        self.killed = true;
        // Dead already is as good.
        jail::host::kill(self.child.process.as_fd()).ok();
    }

    /// Whether another jail may be ordered: it lives, was not killed, and has not made too many.
    pub(super) fn is_fit(&self) -> bool {
        // One that has more to say is dead.
        !self.killed && self.orders < JAILS && !readable(self.report())
    }

    /// Whether it has told how its jail came out, or is dead. An init that was stopped in its first moment holds the link of a
    /// builder that was killed.
    pub(super) fn has_ended(&self) -> bool {
        readable(self.report()) || (self.killed && readable(self.child.process.as_fd()))
    }

    /// Where its report comes, or that it is dead.
    pub(super) fn report(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }

    /// What it made, once [`Builder::has_ended`].
    pub(super) fn finish(&self) -> Result<Product, Failure> {
        let broken = || Failure {
            step: Step::Builder,
            errno: 0,
        };
        if !readable(self.report()) {
            return Err(broken());
        }
        let (report, fds) = protocol::receive(self.link.as_fd())
            .ok()
            .flatten()
            .ok_or_else(broken)?;
        match report {
            Report::Failed(failure) => Err(failure),
            Report::Built(_) if fds.len() != FDS => Err(broken()),
            Report::Built(pid) => {
                let mut fds = fds.into_iter();
                let (process, oom) = fds.next().zip(fds.next()).ok_or_else(broken)?;
                Ok(Product {
                    init: Pid::from_raw(pid),
                    process,
                    oom,
                    for_front: fds.collect(),
                })
            }
        }
    }
}

/// A builder's whole life.
pub(crate) fn main() -> ExitCode {
    // A name that can't be set is no reason to stop.
    prctl::set_name(c"capsule-builder").ok();
    match build_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody else says it; a closed stderr changes nothing.
            writeln!(io::stderr(), "capsule-agent: a builder has failed: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

/// Makes one jail after the other until the warden lets go.
fn build_all() -> io::Result<()> {
    let plan: Plan = order::take()?;
    let link = OwnedFd::from(order::listener()?);
    while let Some((order, _)) = protocol::receive::<Order>(link.as_fd())? {
        let groups = groups(&plan.tree, order.id);
        tell(&link, &jail::host::build(&plan.spec, &groups, order.ids))?;
    }
    Ok(())
}

/// How a jail has come out.
pub(super) fn tell(link: &OwnedFd, outcome: &Result<Built, Failure>) -> io::Result<()> {
    let built = match outcome {
        Ok(built) => built,
        Err(failure) => return protocol::send(link.as_fd(), &Report::Failed(*failure), &[]),
    };
    let ends = built
        .stdio
        .iter()
        .flat_map(|stage| [&stage.stdin, &stage.stdout, &stage.stderr]);
    let fds = borrow(
        [&built.init, &built.oom, &built.control]
            .into_iter()
            .chain(ends),
    );
    let sent = protocol::send(link.as_fd(), &Report::Built(built.pid), &fds);
    if sent.is_err() {
        jail::host::kill(built.init.as_fd())?;
    }
    sent
}
