//! The seccomp filters: [`policy`] is the data, this file turns it into programs for the kernel.
//!
//! seccompiler gives one action per filter and knows no arch but its own and no ranges, so the program's filters
//! are a stack (seccomp(2): all run, the strongest action wins, among equals the newest): one per errno, then the
//! allowlist, which lets through what the others answer. A prelude by hand goes in front of the allowlist.

mod explain;
mod policy;

pub use explain::{Action, Call, Decider, Decision, Explanation, decide, explain};
pub use policy::{Condition, Refusal, Rule, Verdict};

use crate::proto::{Failure, Step};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};
use std::collections::BTreeMap;
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
    let allow = SeccompAction::Allow;
    // The allowlist is last: it refuses the seccomp call itself.
    let last = match subject.otherwise().0 {
        Action::Allow => vec![ALLOWED],
        Action::Errno(errno) => {
            compile(subject.rules().iter(), SeccompAction::Errno(errno), allow)?
        }
        Action::Kill => compile(subject.rules().iter(), SeccompAction::KillProcess, allow)?,
    };
    filters.push(prelude().into_iter().chain(last).collect());
    Ok(Filters(filters))
}

fn compile<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    mismatch: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, Failure> {
    let failed = |_| Failure {
        step: Step::Seccomp,
        errno: libc::EINVAL,
    };
    let mut table: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        for call in rule.calls {
            let chain = table.entry(i64::from(call.id())).or_default();
            for alternative in rule.when {
                let conditions: Result<Vec<_>, _> = alternative.iter().map(condition).collect();
                chain.push(SeccompRule::new(conditions.map_err(failed)?).map_err(failed)?);
            }
        }
    }
    SeccompFilter::new(table, mismatch, matching, TargetArch::x86_64)
        .and_then(TryInto::try_into)
        .map_err(failed)
}

fn condition(condition: &Condition) -> Result<SeccompCondition, seccompiler::BackendError> {
    let (argument, length, operator, value) = match *condition {
        Condition::Is(argument, value) => {
            (argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
        }
        Condition::IsNot(argument, value) => {
            (argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value)
        }
        Condition::Masked(argument, mask, value) => (
            argument,
            SeccompCmpArgLen::Qword,
            SeccompCmpOp::MaskedEq(mask),
            value,
        ),
        Condition::Given(argument) => (argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0),
    };
    SeccompCondition::new(argument, length, operator, value)
}

/// `BPF_RET | BPF_K` with `SECCOMP_RET_ALLOW`.
const ALLOWED: sock_filter = sock_filter {
    code: 0x06,
    jt: 0,
    jf: 0,
    k: 0x7fff_0000,
};

/// Foreign architectures and x32 calls kill; numbers above [`NEWEST`] are ENOSYS. Falls through to what follows.
fn prelude() -> [sock_filter; 8] {
    const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const IF_GREATER: u16 = 0x25; // BPF_JMP | BPF_JGT | BPF_K
    const IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    const NUMBER_AT: u32 = 0; // offsetof(struct seccomp_data, nr)
    const ARCH_AT: u32 = 4; // offsetof(struct seccomp_data, arch)
    const KILL_PROCESS: u32 = 0x8000_0000;
    const ERRNO: u32 = 0x0005_0000;
    let line = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    [
        line(LOAD, 0, 0, ARCH_AT),
        line(IF_EQUAL, 1, 0, NATIVE),
        line(RETURN, 0, 0, KILL_PROCESS),
        line(LOAD, 0, 0, NUMBER_AT),
        line(IF_AT_LEAST, 0, 1, X32_BIT),
        line(RETURN, 0, 0, KILL_PROCESS),
        line(IF_GREATER, 0, 1, NEWEST as u32),
        line(RETURN, 0, 0, ERRNO | libc::ENOSYS.cast_unsigned()),
    ]
}

#[cfg(test)]
mod tests;
