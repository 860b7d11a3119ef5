//! The seccomp filters: [`policy`] is the data, [`mod@compile`] turns a part of it into a program for the kernel, this file has
//! the stack of them.
//!
//! A filter of seccompiler has one answer besides its default, so there is a stack (seccomp(2): all run, the strongest
//! action wins, among equals the newest): one filter per errno, then the allowlist, which lets through what the others answer.

mod compile;
mod explain;
mod policy;

pub use explain::{Action, Call, Decider, Decision, Explanation, decide, explain};
pub use policy::{Condition, Refusal, Rule, Verdict};

use crate::proto::{Failure, Step};
use compile::compile;
use seccompiler::{BpfProgram, SeccompAction};
use syscalls::Sysno;

/// The highest system call number that the policy knows (x86-64, Linux 6.18). Higher ones answer ENOSYS, so that a
/// newer C library falls back to what it knows.
pub const NEWEST: Sysno = Sysno::file_setattr;

/// `AUDIT_ARCH_X86_64` of <linux/audit.h>: whose numbers the rules are about.
pub const NATIVE: u32 = 0xC000_003E;

/// Set in the number of every x32 call (<asm/unistd.h>, `__X32_SYSCALL_BIT`).
pub const X32_BIT: u32 = 0x4000_0000;

/// Calls that newer kernels (Linux 6.14 and 6.18) let past every filter of every process. They are the kernel's own way back
/// from a probe: who makes one elsewhere is killed by it.
pub const PAST_FILTERS: [Sysno; 2] = [Sysno::uretprobe, Sysno::uprobe];

/// Whose calls are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The submitted program, and the holder that becomes it.
    Program,
    /// Pid 1 of the jail.
    Init,
    /// The process that speaks HTTP, outside of jails.
    Front,
    /// The process that downloads packages, outside of jails.
    Fetcher,
    /// The process that unpacks packages, outside of jails.
    Unpacker,
}

impl Subject {
    /// Its policy.
    #[must_use]
    pub const fn rules(self) -> &'static [Rule] {
        match self {
            Self::Program => policy::PROGRAM,
            Self::Init => policy::INIT,
            Self::Front => policy::FRONT,
            Self::Fetcher => policy::FETCHER,
            Self::Unpacker => policy::UNPACKER,
        }
    }

    /// What becomes of calls that no rule speaks of. Init and unpacker make none of them, so one that they do make
    /// kills them, and with init the jail. Front and fetcher are code of ours and of many libraries: they are refused what only an attacker would
    /// want.
    const fn otherwise(self) -> (Action, &'static str) {
        const ALLOWLIST: &str = "an allowlist: no rule allows it";
        match self {
            Self::Program => (Action::Errno(libc::EPERM.cast_unsigned()), ALLOWLIST),
            Self::Init | Self::Unpacker => (Action::Kill, ALLOWLIST),
            Self::Front | Self::Fetcher => {
                (Action::Allow, "a list of refusals: no rule refuses it")
            }
        }
    }
}

/// Name and number of every call of x86-64 Linux up to [`NEWEST`].
pub fn calls() -> impl Iterator<Item = (&'static str, u32)> {
    Sysno::iter().map(|call| (call.name(), call.id().cast_unsigned()))
}

/// Compiled filters in the order in which they are to be installed.
#[derive(Debug)]
pub struct Filters(Vec<BpfProgram>);

impl Filters {
    /// Installs them for this thread and what it starts from here on, which must have given up new privileges.
    ///
    /// # Errors
    /// Step `Seccomp` with what seccomp(2) says.
    pub(crate) fn install(&self) -> Result<(), Failure> {
        for filter in self.programs() {
            seccompiler::apply_filter(filter).map_err(|error| {
                let errno = match error {
                    seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error) => {
                        error.raw_os_error()
                    }
                    _ => None,
                };
                Failure {
                    step: Step::Seccomp,
                    errno: errno.unwrap_or(0),
                }
            })?;
        }
        Ok(())
    }

    fn programs(&self) -> impl Iterator<Item = &BpfProgram> {
        self.0.iter()
    }
}

/// The filters.
///
/// # Errors
/// Step `Seccomp` when the policy does not compile, which a test rules out.
pub fn filters(subject: Subject) -> Result<Filters, Failure> {
    let mut filters = Vec::new();
    for errno in policy::errnos(subject.rules()) {
        let rules = subject
            .rules()
            .iter()
            .filter(|rule| rule.verdict.errno() == Some(errno));
        filters.push(compile(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(errno),
        )?);
    }
    // The allowlist is last: it refuses the seccomp call itself.
    let rules = subject.rules().iter();
    filters.push(match subject.otherwise().0 {
        Action::Allow => compile([].iter(), SeccompAction::Allow, SeccompAction::KillProcess)?,
        Action::Errno(errno) => compile(rules, SeccompAction::Errno(errno), SeccompAction::Allow)?,
        Action::Kill => compile(rules, SeccompAction::KillProcess, SeccompAction::Allow)?,
    });
    Ok(Filters(filters))
}

#[cfg(test)]
mod tests;
