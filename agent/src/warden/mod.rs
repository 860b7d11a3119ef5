//! The warden: the main process, root, single-threaded, synchronous.
//!
//! It owns the listeners, the front process, the jails and their cgroups. It parses nothing a client wrote. Its loop
//! waits in one poll and never blocks otherwise: making a jail happens in a builder, checking the runtimes in a
//! helper; what it does itself are writes to cgroup files, kills, and removals that are tried again later when the kernel
//! is not ready.

mod builder;
mod front;
mod hands;
mod integrity;
mod jails;
mod life;
pub(crate) mod protocol;
mod pulse;
mod refresh;
mod signals;
mod slots;
mod supplies;
mod upkeep;

pub(crate) use builder::{BUILD, main as build_main};
pub(crate) use front::{CONFIG_FD, FIRST_LISTENER_FD, LINK_FD, PACKAGES_FD};
pub(crate) use signals::hold_checks;

use crate::listen::Listener;
use crate::runtimes;
use crate::supply::Office;
use front::Front;
use integrity::Integrity;
use jail::cgroup::{CgroupError, Tree};
use jails::Jails;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use protocol::{FromWarden, ToWarden};
use refresh::Refresh;
use signals::Signals;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use supplies::Supplies;

/// What the warden needs to know, resolved from the configuration.
#[derive(Debug)]
pub(crate) struct Options {
    /// How jails are made.
    pub(crate) spec: jail::host::Spec,
    /// Their cgroups, prepared.
    pub(crate) tree: Tree,
    /// First of the host uids that may be used.
    pub(crate) first_id: u32,
    /// The most jails alive at once.
    pub(crate) max_jails: u32,
    /// Uid and gid of the front.
    pub(crate) front_id: (u32, u32),
    /// The front's part of the configuration, as it reads it.
    pub(crate) front_config: Vec<u8>,
    /// How long a drain may take before what still runs is killed.
    pub(crate) drain_timeout: Duration,
    /// What is checked while the node serves; nothing where nothing was sealed.
    pub(crate) check: Option<runtimes::Order>,
    /// What has the runtimes follow the store.
    pub(crate) refresh: runtimes::Refresh,
    /// What lists and changes packages.
    pub(crate) office: Office,
    /// Where commands of root's look whether the front has read the packages.
    pub(crate) taken_over: PathBuf,
    /// How long a runtime that was removed is there for jobs that asked for it before.
    pub(crate) retired_for: Duration,
    /// How often; `None` is only when somebody asks for it.
    pub(crate) verify_interval: Option<Duration>,
}

/// The warden can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WardenError {
    /// A system call that has no reason to fail did.
    #[error("{what} failed")]
    System {
        /// What was tried.
        what: &'static str,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// The cgroup above all jobs.
    #[error("cgroups can't be used")]
    Cgroup(#[from] CgroupError),
    /// No front has ever served.
    #[error("the front can't serve: its own log lines, above, say why")]
    FrontFails,
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> WardenError {
    move |source| WardenError::System {
        what,
        source: source.into(),
    }
}

/// Serves on these listeners until SIGTERM or SIGINT, then drains; leaves nothing behind.
pub(crate) fn run(options: Options, listeners: Vec<Listener>) -> Result<(), WardenError> {
    let signals = Signals::take_over().map_err(system("taking over signals"))?;
    let mut warden = Warden {
        jails: Jails::new(&options),
        front: Front::start(&options, &listeners)?,
        integrity: Integrity::new(&options),
        refresh: Refresh::new(&options),
        supplies: Supplies::new(options.office.clone()),
        listeners,
        options,
        signals,
        restart: None,
        drain: None,
        hung_up: false,
        announced: false,
        judged: false,
        failed_starts: 0,
    };
    let ended = loop {
        match warden.step() {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    warden.jails.destroy_all();
    warden.jails.settle(SETTLE);
    warden.options.tree.remove()?;
    tracing::info!("stopped");
    ended
}

/// Messages of the front that are dealt with before anything else is looked at again: a front that never stops talking
/// must not keep the warden from its signals, its children and its clock.
const MESSAGES_AT_ONCE: usize = 64;

/// How long the last jails get to disappear before the warden exits.
const SETTLE: Duration = Duration::from_secs(5);

/// The front cuts off what outlasts the drain, and gets this long for it before it is killed.
const CUT_OFF: Duration = Duration::from_secs(1);

/// How often the clock of a drain is looked at.
const DRAIN_LOOK: Duration = Duration::from_millis(100);

/// After so many fronts that died before any served, it is not an accident: the node says so and stops.
const FAILED_STARTS: u32 = 10;

/// Pause after a front could not be started.
const START_RETRY: Duration = Duration::from_millis(500);

struct Warden {
    options: Options,
    listeners: Vec<Listener>,
    signals: Signals,
    front: Front,
    /// When the front, which is dead, is to be started again.
    restart: Option<Instant>,
    jails: Jails,
    integrity: Integrity,
    refresh: Refresh,
    supplies: Supplies,
    /// When the drain began.
    drain: Option<Instant>,
    /// The front has closed its channel at the end of a drain, and is about to end.
    hung_up: bool,
    /// Whether the addresses have been printed: a front has served.
    announced: bool,
    /// Whether the end of its runtimes has been dealt with.
    judged: bool,
    /// Fronts that died before any had served.
    failed_starts: u32,
}

impl Warden {
    /// Waits for events and deals with them. `false`: everything is done.
    fn step(&mut self) -> Result<bool, WardenError> {
        let (signaled, spoken) = self.wait()?;
        if signaled {
            while let Some(signal) = self.signals.next().map_err(system("reading a signal"))? {
                match signal {
                    Signal::SIGTERM | Signal::SIGINT => self.begin_drain(),
                    Signal::SIGHUP => self.refresh.ask(),
                    Signal::SIGUSR1 => self.integrity.ask(),
                    Signal::SIGUSR2 => self.integrity.found_broken(),
                    // Of children, which are looked for below.
                    _ => {}
                }
            }
        }
        // Kills and questions of the front come before anything that takes longer.
        if spoken {
            self.listen();
        }
        self.jails.collect_built(Some(&self.front));
        if self.collect_dead()? {
            self.jails.destroy_all();
            self.refresh.forget_questions();
            self.supplies.forget_questions();
            self.failed_starts += u32::from(!self.announced);
            if self.failed_starts >= FAILED_STARTS {
                return Err(WardenError::FrontFails);
            }
            self.restart = Some(self.front.next_start());
        }
        if self.hears() {
            self.front.look_after();
        }
        self.jails.watch_memory();
        self.jails.remove_dead();
        self.keep_up();
        self.judge();
        match (self.restart, self.drain) {
            (Some(_), Some(_)) => return Ok(false),
            (Some(at), None) if at <= Instant::now() => self.restart_front(),
            (None, Some(since)) if since.elapsed() > self.options.drain_timeout + CUT_OFF => {
                self.front.kill();
            }
            _ => {}
        }
        Ok(true)
    }

    /// Whether there was a signal, and whether the front said something.
    fn wait(&self) -> Result<(bool, bool), WardenError> {
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![readable(self.signals.as_fd())];
        let hears = self.hears();
        fds.extend(hears.then(|| readable(self.front.link())));
        fds.extend(self.jails.awaited().map(readable));
        match poll(&mut fds, self.pause()) {
            Ok(_) => {}
            Err(nix::errno::Errno::EINTR) => return Ok((false, false)),
            Err(error) => return Err(system("poll")(error)),
        }
        let ready = |n: usize| fds.get(n).and_then(PollFd::any).unwrap_or(false);
        Ok((ready(0), hears && ready(1)))
    }

    /// Whether there is a front to listen to. The end of a channel would be news for ever: poll(2) tells of it whatever
    /// it is asked for.
    const fn hears(&self) -> bool {
        self.restart.is_none() && !self.hung_up
    }

    /// How long nothing but news can make work.
    fn pause(&self) -> PollTimeout {
        let front = if self.hears() {
            Some(self.front.next_look())
        } else {
            self.restart
        };
        let front = front.map(|at| at.saturating_duration_since(Instant::now()));
        let drain = self.drain.map(|_| DRAIN_LOOK);
        // Each waits for the other, whose end is a signal.
        let check = self
            .integrity
            .next_check()
            .filter(|_| !self.refresh.is_running());
        let refresh = self
            .refresh
            .next()
            .filter(|_| !self.is_looking_at_runtimes());
        let soonest = [self.jails.next_retry(), front, drain, check, refresh]
            .into_iter()
            .flatten()
            .min();
        // Rounded up to whole milliseconds: what is due in half of one is not to be waited for by looking all the time.
        soonest.map_or(PollTimeout::NONE, |pause| {
            PollTimeout::try_from(pause + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX)
        })
    }

    fn begin_drain(&mut self) {
        if self.drain.is_none() {
            tracing::info!("draining");
            self.drain = Some(Instant::now());
            // With the front's copies closed too, new connections are refused from here on.
            self.listeners.clear();
            self.front.tell(&FromWarden::Drain, &[]);
        }
    }

    /// Deals with what the front has said. A front that breaks the protocol is killed, and a new one
    /// started when it is dead.
    fn listen(&mut self) {
        for _ in 0..MESSAGES_AT_ONCE {
            match self.front.hear() {
                // It has read the packages, as it does at its start.
                Ok(Some((ToWarden::Serving, _))) => {
                    self.announce();
                    self.refresh.taken_over();
                }
                Ok(Some((ToWarden::RuntimesRead, _))) => self.refresh.taken_over(),
                Ok(Some((ToWarden::Alive, _))) => self.front.is_alive(),
                Ok(Some((ToWarden::Supply(request, purpose), fds))) => {
                    self.supply(request, purpose, &fds);
                }
                Ok(Some((message, _))) => self.jails.obey(message, &self.front),
                Ok(None) => return,
                // One that does not end all the same is killed when the time for the drain is over.
                Err(error)
                    if self.drain.is_some() && error.kind() == io::ErrorKind::UnexpectedEof =>
                {
                    self.hung_up = true;
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "the front's channel is closed or broken");
                    self.front.kill();
                    return;
                }
            }
        }
    }

    fn announce(&mut self) {
        if !std::mem::replace(&mut self.announced, true) {
            for listener in &self.listeners {
                let address = listener.address();
                tracing::info!(%address, "serving");
                // Scripts wait for this line; a closed stdout is their choice.
                writeln!(io::stdout(), "listening on {}", address.url()).ok();
            }
        }
    }

    /// Collects every child that has died. Whether the front was among them.
    fn collect_dead(&mut self) -> Result<bool, WardenError> {
        let mut front_ended = false;
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::ECHILD) => {
                    return Ok(front_ended);
                }
                Ok(status) => {
                    let Some(pid) = status.pid() else { continue };
                    if pid == self.front.pid() {
                        front_ended = true;
                        self.report_front_end(status);
                    } else if let Some((request, changed)) = self.supplies.ended(status) {
                        self.supplied(request, changed);
                    } else if !self.integrity.ended(status) && !self.refresh.ended(status) {
                        self.jails.died(pid);
                    }
                }
                Err(error) => return Err(system("waitpid")(error)),
            }
        }
    }

    fn report_front_end(&self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(_, 0) if self.drain.is_some() => {
                tracing::debug!("front has drained")
            }
            status => tracing::error!(?status, "front died"),
        }
    }

    /// The sockets stay open meanwhile: clients wait instead of being refused. What keeps a front from being started
    /// (no memory, no process number free) passes.
    fn restart_front(&mut self) {
        match Front::start(&self.options, &self.listeners) {
            Ok(front) => {
                self.front = front;
                self.restart = None;
                tracing::warn!("front started again");
                if self.integrity.is_broken() {
                    self.front.tell(&FromWarden::Unsound, &[]);
                }
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the front can't be started, trying again"
                );
                self.restart = Some(Instant::now() + START_RETRY);
            }
        }
    }
}

/// Descriptors as borrowed ones, for messages that carry them.
fn borrow<'a>(fds: impl IntoIterator<Item = &'a std::os::fd::OwnedFd>) -> Vec<BorrowedFd<'a>> {
    fds.into_iter().map(AsFd::as_fd).collect()
}
