//! The front as the warden sees it: an unprivileged child with the listeners and one channel.

use super::protocol::{self, FromWarden, ToWarden};
use super::pulse::{Pulse, Sign};
use super::{Options, WardenError, system};
use crate::listen::Listener;
use crate::order::in_memory;
use jail::host::{Child, Network, Unprivileged, start_unprivileged};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::Pid;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// The front's descriptors: the channel, its configuration, the folder of packages, then the listeners.
pub(crate) const LINK_FD: i32 = 3;
pub(crate) const CONFIG_FD: i32 = 4;
pub(crate) const PACKAGES_FD: i32 = 5;
pub(crate) const FIRST_LISTENER_FD: i32 = 6;

/// A front that lived shorter than this is not started again at once.
const SHORT_LIFE: Duration = Duration::from_secs(1);
/// What a short life costs; still within the second in which a new front has to serve.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Front {
    child: Child,
    link: OwnedFd,
    started: Instant,
    pulse: Pulse,
}

impl Front {
    /// Starts the agent's own binary anew as the front: unprivileged, no environment, no memory of this process.
    pub(super) fn start(options: &Options, listeners: &[Listener]) -> Result<Self, WardenError> {
        let (link, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )
        .map_err(system("making the front's channel"))?;
        for end in [&link, &theirs] {
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
                .map_err(system("making the front's channel"))?;
        }
        let config =
            in_memory(&options.front_config).map_err(system("passing the configuration on"))?;
        let packages =
            File::open(&options.spec.packages).map_err(system("opening the package folder"))?;
        let mut fds = vec![theirs.as_fd(), config.as_fd(), packages.as_fd()];
        fds.extend(listeners.iter().map(AsFd::as_fd));
        let errors = io::stderr();
        let child = start_unprivileged(&Unprivileged {
            role: "front",
            ids: options.front_id,
            network: Network::None,
            streams: [None, None, Some(errors.as_fd())],
            fds: &fds,
        })
        .map_err(system("starting the front"))?;
        Ok(Self {
            child,
            link,
            started: Instant::now(),
            pulse: Pulse::new(Instant::now()),
        })
    }

    /// A channel without a process behind it.
    #[cfg(test)]
    pub(super) fn unreal(link: OwnedFd) -> Self {
        Self {
            child: Child {
                pid: Pid::from_raw(i32::MAX),
                process: File::open("/dev/null").unwrap().into(),
            },
            link,
            started: Instant::now(),
            pulse: Pulse::new(Instant::now()),
        }
    }

    pub(super) const fn pid(&self) -> Pid {
        self.child.pid
    }

    pub(super) fn link(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }

    /// The next message with its descriptors, if there is one. `Err`: the front is gone or breaks the protocol.
    pub(super) fn hear(&self) -> io::Result<Option<(ToWarden, Vec<OwnedFd>)>> {
        match protocol::receive(self.link.as_fd()) {
            Ok(Some(heard)) => Ok(Some(heard)),
            Ok(None) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says something. The front always reads: one that has let the channel fill up is stuck, and is killed.
    pub(super) fn tell(&self, message: &FromWarden, fds: &[BorrowedFd<'_>]) {
        if let Err(error) = protocol::send(self.link.as_fd(), message, fds) {
            tracing::error!(%error, "the front does not listen");
            self.kill();
        }
    }

    /// It has answered.
    pub(super) const fn is_alive(&mut self) {
        self.pulse.felt();
    }

    /// When to look after it next.
    pub(super) const fn next_look(&self) -> Instant {
        self.pulse.next()
    }

    /// Asks from time to time whether it is alive. One that stands still, stopped or stuck, is killed: another can serve.
    pub(super) fn look_after(&mut self) {
        match self.pulse.look(Instant::now()) {
            Sign::Fine => {}
            Sign::Ask => self.tell(&FromWarden::Ping, &[]),
            Sign::Still => {
                tracing::error!("the front stands still");
                self.kill();
            }
        }
    }

    pub(super) fn kill(&self) {
        // Dead already is as good: it is collected like any child.
        jail::host::kill(self.child.process.as_fd()).ok();
    }

    /// When to start the next one, this one being dead.
    pub(super) fn next_start(&self) -> Instant {
        let now = Instant::now();
        if self.started.elapsed() < SHORT_LIFE {
            now + PAUSE
        } else {
            now
        }
    }
}
