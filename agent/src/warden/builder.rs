//! A builder: a short-lived child that makes one jail and tells how it went.

use super::borrow;
use super::hands::Hands;
use jail::host::{Built, Spec};
use jail::proto::{Failure, HostIds, Step};
use jail::{cgroup, sys};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::{Pid, getpid, getppid};
use serde::{Deserialize, Serialize};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Descriptors that come with a good report: init's pidfd, the oom event, then those for the front.
const FDS: usize = 2 + super::protocol::CREATED_FDS;

/// A builder that takes longer than this is stuck: what it does takes some 20 ms, and it gives up on an init that
/// does not answer long before.
const PATIENCE: Duration = Duration::from_secs(15);

/// A jail in the making.
pub(super) struct Builder {
    pid: Pid,
    report: OwnedFd,
    deadline: Instant,
    /// Its number may belong to another process by now.
    collected: bool,
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

impl Builder {
    /// Forks it.
    pub(super) fn start(spec: &Spec, groups: &cgroup::Jail, ids: HostIds) -> io::Result<Self> {
        let (report, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        let warden = getpid();
        match sys::fork()? {
            sys::Forked::Parent(pid) => Ok(Self {
                pid,
                report,
                deadline: Instant::now() + PATIENCE,
                collected: false,
            }),
            sys::Forked::Child => live(spec, groups, ids, &theirs, warden),
        }
    }

    /// A report without a process behind it.
    #[cfg(test)]
    pub(super) fn unreal(pid: Pid, report: OwnedFd) -> Self {
        Self {
            pid,
            report,
            deadline: Instant::now() + PATIENCE,
            collected: false,
        }
    }

    /// Time passes until it counts as stuck.
    #[cfg(test)]
    pub(super) fn stall(&mut self) {
        self.deadline = Instant::now();
    }

    pub(super) const fn pid(&self) -> Pid {
        self.pid
    }

    /// It has died and was waited for.
    pub(super) const fn collected(&mut self) {
        self.collected = true;
    }

    /// When it is to be given up.
    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Kills it. Its report ends, and so does an init that it has begun, which hears nothing more.
    pub(super) fn kill(&self, hands: &mut impl Hands) {
        if !self.collected {
            hands.kill_builder(self.pid);
        }
    }

    pub(super) fn report(&self) -> BorrowedFd<'_> {
        self.report.as_fd()
    }

    /// What it made, once its report is readable.
    pub(super) fn finish(&self) -> Result<Product, Failure> {
        let broken = || Failure {
            step: Step::Builder,
            errno: 0,
        };
        let mut packet = [0u8; 64];
        let (length, fds) =
            sys::receive_with_fds(self.report.as_fd(), &mut packet).map_err(|_| broken())?;
        let bytes = packet.get(..length).unwrap_or_default();
        match postcard::from_bytes(bytes).map_err(|_| broken())? {
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

/// The child's whole life.
#[expect(
    clippy::exit,
    reason = "a forked child must not return into the warden's loop"
)]
fn live(spec: &Spec, groups: &cgroup::Jail, ids: HostIds, report: &OwnedFd, warden: Pid) -> ! {
    // A warden that is killed leaves nothing behind; one that was killed before this line is not the parent any more.
    let alone = prctl::set_pdeathsig(Signal::SIGKILL).is_err() || getppid() != warden;
    if alone {
        std::process::exit(1);
    }
    let told = tell(report, &jail::host::build(spec, groups, ids));
    std::process::exit(i32::from(told.is_err()));
}

/// A builder's one report.
pub(super) fn tell(report: &OwnedFd, outcome: &Result<Built, Failure>) -> io::Result<()> {
    let built = match outcome {
        Ok(built) => built,
        Err(failure) => {
            let packet = postcard::to_allocvec(&Report::Failed(*failure));
            return sys::send_with_fds(report.as_fd(), &packet.map_err(io::Error::other)?, &[]);
        }
    };
    let packet = postcard::to_allocvec(&Report::Built(built.pid)).map_err(io::Error::other)?;
    let ends = built
        .stdio
        .iter()
        .flat_map(|stage| [&stage.stdin, &stage.stdout, &stage.stderr]);
    let fds = borrow(
        [&built.init, &built.oom, &built.control]
            .into_iter()
            .chain(ends),
    );
    let sent = sys::send_with_fds(report.as_fd(), &packet, &fds);
    if sent.is_err() {
        jail::host::kill(built.init.as_fd())?;
    }
    sent
}
