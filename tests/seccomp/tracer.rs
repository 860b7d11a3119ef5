//! Follows a jail's processes from outside, by ptrace: every call that they make, held against what the policy's own
//! explanation says of it. The jail is as in production, so what is seen is what programs get.
//!
//! At the stop on entry the kernel has not asked the filters yet (ptrace(2), seccomp(2)); at the stop on exit their
//! answer is there.

use crate::jail::Jail;
use jail::seccomp::{Action, Call, Decision, Subject, decide};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rustix::process::{WaitOptions, WaitStatus, wait};
use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::Sender;

/// `op` of `struct ptrace_syscall_info` (ptrace(2)).
const ENTRY: u8 = 1;
const EXIT: u8 = 2;

/// Bits of a status that tell of an event (ptrace(2)): which one.
const EVENT_SHIFT: u32 = 16;

/// Processes of other threads of this test, the node's first one among them, are not this thread's to collect; those it
/// traces are, threads included (<linux/wait.h>).
const WNOTHREAD: u32 = 0x2000_0000;
const WALL: u32 = 0x4000_0000;

/// Who makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Caller {
    /// The compile stage's holder, then its program and all below.
    Compile,
    /// The run stage's.
    Run,
    /// Pid 1.
    Init,
}

impl Caller {
    /// Whose filters hold for it.
    pub(crate) const fn subject(self) -> Subject {
        match self {
            Self::Compile | Self::Run => Subject::Program,
            Self::Init => Subject::Init,
        }
    }

    /// A process is in the group that its jail's builder or its parent put it in; it can't leave.
    fn of(pid: Pid) -> Option<Self> {
        let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        let mut leaves = groups.lines().filter_map(|line| line.rsplit('/').next());
        leaves.find_map(|leaf| match leaf {
            "compile" => Some(Self::Compile),
            "run" => Some(Self::Run),
            "init" => Some(Self::Init),
            _ => None,
        })
    }
}

/// A call that was made, and what the policy says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) by: Caller,
    pub(crate) call: Call,
    pub(crate) decision: Decision,
}

/// What to do with a process whose call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    GoesOn,
    /// By SIGSYS, so that nothing hides the refusal.
    Dies,
}

/// Follows a jail to its end. `ready` is told when every call from now on is seen; `see` is told of each. Returns where
/// the kernel has answered otherwise than the explanation says.
pub(crate) fn follow(
    jail: &Jail,
    ready: &Sender<()>,
    see: &mut dyn FnMut(&Made) -> Fate,
) -> Vec<String> {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    for pid in jail.processes() {
        ptrace::seize(pid, options).expect("root may trace a jail");
        ptrace::interrupt(pid).expect("a traced process can be stopped");
    }
    let mut tracer = Tracer {
        see,
        callers: BTreeMap::new(),
        refused: BTreeMap::new(),
        wrong: Vec::new(),
    };
    let mut to_stop = jail.processes().len();
    let options = WaitOptions::from_bits_retain(WALL | WNOTHREAD);
    // Until nobody is left: the end of init is the end of all.
    while let Ok(Some((pid, status))) = wait(options) {
        let pid = Pid::from_raw(pid.as_raw_nonzero().get());
        tracer.stopped(pid, status);
        if to_stop > 0 {
            to_stop -= 1;
            if to_stop == 0 {
                ready.send(()).expect("somebody waits for this");
            }
        }
    }
    tracer.wrong
}

struct Tracer<'a> {
    see: &'a mut dyn FnMut(&Made) -> Fate,
    callers: BTreeMap<Pid, Caller>,
    /// Calls on their way that the kernel has to refuse, and what follows.
    refused: BTreeMap<Pid, (Made, Fate)>,
    wrong: Vec<String>,
}

impl Tracer<'_> {
    fn stopped(&mut self, pid: Pid, status: WaitStatus) {
        let Some(signal) = status.stopping_signal() else {
            self.callers.remove(&pid);
            if let Some((made, _)) = self.refused.remove(&pid)
                && made.decision.action != Action::Kill
            {
                self.wrong.push(format!("{made:x?} did not return"));
            }
            return;
        };
        let event = status.as_raw().cast_unsigned() >> EVENT_SHIFT != 0;
        let passed_on = if signal == nix::libc::SIGTRAP | 0x80 {
            self.at_call(pid)
        } else if event {
            None
        } else {
            // Real-time signals have no name here; a corpus that uses them says so loudly.
            Some(Signal::try_from(signal).expect("a signal with a name"))
        };
        // One that was killed at its stop is gone; its end is told next.
        ptrace::syscall(pid, passed_on).ok();
    }

    /// A stop at a call; the signal to send.
    fn at_call(&mut self, pid: Pid) -> Option<Signal> {
        let info = ptrace::syscall_info(pid).ok()?;
        match info.op {
            ENTRY => {
                let registers = ptrace::getregs(pid).ok()?;
                let args = [
                    registers.rdi,
                    registers.rsi,
                    registers.rdx,
                    registers.r10,
                    registers.r8,
                    registers.r9,
                ];
                // The kernel reads the lower half as the number (arch/x86/entry/common.c).
                let number = u32::try_from(registers.orig_rax & 0xffff_ffff).expect("32 bits");
                let call = Call {
                    arch: info.arch,
                    ..Call::native(number, args)
                };
                self.entered(pid, call);
                None
            }
            EXIT => {
                let (made, fate) = self.refused.remove(&pid)?;
                let returned = ptrace::getregs(pid).ok()?.rax.cast_signed();
                if made.decision.action
                    != Action::Errno(u32::try_from(-returned).unwrap_or(u32::MAX))
                {
                    self.wrong.push(format!("{made:x?} returned {returned}"));
                }
                (fate == Fate::Dies).then_some(Signal::SIGSYS)
            }
            other => panic!("a stop at a call is at its entry or its exit, not {other}"),
        }
    }

    fn entered(&mut self, pid: Pid, call: Call) {
        let known = self.callers.get(&pid).copied().or_else(|| Caller::of(pid));
        let by = known.expect("a process of a jail is in one of its groups");
        self.callers.insert(pid, by);
        let made = Made {
            by,
            call,
            decision: decide(by.subject(), &call),
        };
        let fate = (self.see)(&made);
        if made.decision.action != Action::Allow {
            self.refused.insert(pid, (made, fate));
        }
    }
}
