//! A stage holder: made with the jail, moved into its stage's cgroup ahead of the job, becomes the stage's program: when the job
//! starts it, or earlier, and then that program waits.

use super::channels::{Builder, Stdio};
use super::{SUBMISSION, identity, protocol};
use crate::proto::{
    At, Failure, FromHolder, MAX_ANSWER, MAX_FRAME, Program, Stage, Step, ToBuilder, ToHolder,
    receive, send,
};
use crate::sys;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use std::convert::Infallible;
use std::ffi::CString;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

/// Init's side: the waiting process and the channel to it.
pub(super) struct Holder {
    /// `None` once it has ended: the number may then be another process's.
    pub(super) pid: Option<Pid>,
    channel: UnixStream,
    /// Where a prepared program says that it waits, and hears that its job is there.
    go: Option<UnixStream>,
}

impl Holder {
    /// Forks the holder of a stage. It announces itself to the builder, which learns its pid from the kernel.
    pub(super) fn spawn(
        stage: Stage,
        builder: &Builder,
        stdio: &[Stdio; 2],
    ) -> Result<Self, Failure> {
        let (ours, theirs) = UnixStream::pair().at(Step::Holder)?;
        let (go, hears) = UnixStream::pair().at(Step::Holder)?;
        match sys::fork().at(Step::Holder)? {
            sys::Forked::Parent(pid) => Ok(Self {
                pid: Some(pid),
                channel: ours,
                go: Some(go),
            }),
            sys::Forked::Child => live(stage, builder, stdio, &theirs, &hears),
        }
    }

    /// Lets it finish its preparations, once it is in its cgroup.
    pub(super) fn prepare(&mut self) -> Result<(), Failure> {
        send(&mut self.channel, &ToHolder::Attached).at(Step::Holder)?;
        match receive(&mut self.channel, MAX_ANSWER).at(Step::Holder)? {
            FromHolder::Ready => Ok(()),
            FromHolder::Failed(failure) => Err(failure),
        }
    }

    /// Has it become the program.
    pub(super) fn start(&mut self, program: Program) -> Result<(), Failure> {
        send(&mut self.channel, &ToHolder::Start(program)).at(Step::Holder)
    }

    /// Has it become the program ahead of the job.
    pub(super) fn start_ahead(&mut self, program: Program) -> Result<(), Failure> {
        send(&mut self.channel, &ToHolder::Prepare(program)).at(Step::Holder)
    }

    /// Where a program that was started ahead says that it waits, by a byte.
    pub(super) fn says_ready(&self) -> Option<BorrowedFd<'_>> {
        self.go.as_ref().map(AsFd::as_fd)
    }

    /// Takes that byte. `false`: it never will.
    pub(super) fn is_ready(&mut self) -> bool {
        let go = self.go.as_mut();
        go.is_some_and(|go| go.read_exact(&mut [0]).is_ok())
    }

    /// Has the program that was started ahead go on, with these words. One that reads none of them keeps init waiting,
    /// which is the end of its own job only.
    pub(super) fn go(&mut self, words: &[String]) -> Result<(), Failure> {
        let mut go = self.go.take().ok_or_else(protocol)?;
        let text: Vec<u8> = words
            .iter()
            .flat_map(|word| word.bytes().chain([0]))
            .collect();
        match go.write_all(&text) {
            // What has ended needs no words; how it ended is told in its turn.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.at(Step::Holder),
        }
    }

    /// After its end: the failure that kept it from becoming the program, if any. exec has closed the channel.
    pub(super) fn failure(&mut self) -> Option<Failure> {
        match receive(&mut self.channel, MAX_ANSWER) {
            Ok(FromHolder::Failed(failure)) => Some(failure),
            Ok(FromHolder::Ready) => Some(protocol()),
            Err(_) => None,
        }
    }
}

/// The holder's whole life; leaves by exec or exit only.
#[expect(
    clippy::exit,
    reason = "a forked child must not return into its parent's code"
)]
fn live(
    stage: Stage,
    builder: &Builder,
    stdio: &[Stdio; 2],
    channel: &UnixStream,
    hears: &UnixStream,
) -> ! {
    let Ok((mut channel, hears)) = settle(stage, builder, stdio, channel, hears) else {
        // The builder waits for the announcement and sees init fail.
        std::process::exit(127);
    };
    let Err(failure) = wait_and_become(&mut channel, &hears);
    let told = send(&mut channel, &FromHolder::Failed(failure));
    std::process::exit(if told.is_ok() { 126 } else { 127 });
}

/// Announces itself, and reduces its descriptors to the stage's three pipes and the two channels, which it returns.
fn settle(
    stage: Stage,
    builder: &Builder,
    stdio: &[Stdio; 2],
    channel: &UnixStream,
    hears: &UnixStream,
) -> Result<(UnixStream, OwnedFd), Failure> {
    prctl::set_name(c"capsule-holder").at(Step::Holder)?;
    builder.send(&ToBuilder::Holder(stage))?;
    let [input, output, errors] = &stdio[stage.index()];
    let kept = [
        input.as_fd(),
        output.as_fd(),
        errors.as_fd(),
        hears.as_fd(),
        channel.as_fd(),
    ];
    sys::fd::place_all(&kept, 0).at(Step::Holder)?;
    let hears = sys::inherited(GO_FD).at(Step::Holder)?;
    let channel = sys::inherited(GO_FD + 1).map(UnixStream::from);
    Ok((channel.at(Step::Holder)?, hears))
}

/// Where a program that was started ahead says that it waits, and hears of its job.
const GO_FD: RawFd = 3;

fn wait_and_become(channel: &mut UnixStream, hears: &OwnedFd) -> Result<Infallible, Failure> {
    let ToHolder::Attached = receive(channel, MAX_FRAME).at(Step::Holder)? else {
        return Err(protocol());
    };
    // Made in its own cgroup, so that this is the root of what the program sees in /proc/self/cgroup.
    unshare(CloneFlags::CLONE_NEWCGROUP).at(Step::Holder)?;
    nix::unistd::setsid().at(Step::Holder)?;
    nix::unistd::chdir(SUBMISSION).at(Step::Holder)?;
    // Before the program's filters hold, which leave the limit on core files as it is.
    set(&FIXED_LIMITS)?;
    identity::confine_holder()?;
    send(channel, &FromHolder::Ready).at(Step::Holder)?;

    let program = match receive(channel, MAX_FRAME).at(Step::Holder)? {
        ToHolder::Start(program) => program,
        ToHolder::Prepare(program) => {
            fcntl(hears, FcntlArg::F_SETFD(FdFlag::empty())).at(Step::Holder)?;
            program
        }
        ToHolder::Attached => return Err(protocol()),
    };
    set(&limits_of(&program))?;
    sys::process::default_signals().at(Step::Exec)?;
    let argv = strings(&program.argv)?;
    let env = strings(&program.env)?;
    let path = argv.first().ok_or_else(protocol)?;
    identity::become_program()?;
    nix::unistd::execve(path, &argv, &env).at(Step::Exec)
}

/// Bytes of a core file: too few for one to be written, and the one number under which the kernel does not start the
/// helper that core_pattern may name either. Under 0 it would (core(5)): a root process of the host, fed by the program.
const NO_CORE: u64 = 1;

/// What rlimits can hold, they hold, besides the cgroup. These are the same for every program: no core files, no locked
/// memory, no raised priorities.
const FIXED_LIMITS: [(Resource, u64); 5] = [
    (Resource::RLIMIT_CORE, NO_CORE),
    (Resource::RLIMIT_MEMLOCK, 0),
    (Resource::RLIMIT_NICE, 0),
    (Resource::RLIMIT_RTPRIO, 0),
    (Resource::RLIMIT_MSGQUEUE, 819_200),
];

fn limits_of(program: &Program) -> [(Resource, u64); 3] {
    // One more than the cgroup takes, which so refuses first, and counts it: by that the answer names the limit.
    let processes = u64::from(program.processes).saturating_add(1);
    [
        (Resource::RLIMIT_NOFILE, u64::from(program.open_files)),
        (Resource::RLIMIT_NPROC, processes),
        (Resource::RLIMIT_FSIZE, program.file_size.get()),
    ]
}

/// Sets each limit, soft and hard, or leaves a lower one, and looks whether it holds.
fn set(limits: &[(Resource, u64)]) -> Result<(), Failure> {
    for &(resource, value) in limits {
        let (_, most) = getrlimit(resource).at(Step::Limits)?;
        let value = value.min(most);
        setrlimit(resource, value, value).at(Step::Limits)?;
        // A filter can have the call say yes and do nothing.
        if getrlimit(resource).at(Step::Limits)? != (value, value) {
            return Err(Failure {
                step: Step::Limits,
                errno: libc::EPERM,
            });
        }
    }
    Ok(())
}

fn strings(list: &[String]) -> Result<Vec<CString>, Failure> {
    list.iter()
        .map(|text| CString::new(text.as_str()))
        .collect::<Result<_, _>>()
        .map_err(|_| Failure {
            step: Step::Exec,
            errno: libc::EINVAL,
        })
}
