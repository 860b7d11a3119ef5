//! What must be true around init before anything else: pid 1, a network of its own with nothing but `lo`.

use crate::proto::{At, Failure, Setup, Step};
use crate::sys;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use std::io;
use std::os::unix::fs::MetadataExt;

/// Host name inside every jail.
const HOSTNAME: &str = "capsule";

/// How the kernel shows that there is no domain.
const NO_DOMAIN: &str = "(none)";

/// Hard limit on open files that stages may be given up to; the kernel's default ceiling (`fs.nr_open`).
const OPEN_FILES: u64 = 1_048_576;

pub(super) fn check_and_name(setup: &Setup) -> Result<(), Failure> {
    if std::process::id() != 1 {
        return Err(Failure {
            step: Step::Clone,
            errno: libc::EINVAL,
        });
    }
    prctl::set_pdeathsig(Signal::SIGKILL).at(Step::Identity)?;
    nix::unistd::sethostname(HOSTNAME).at(Step::Hostname)?;
    sys::process::set_domain_name(NO_DOMAIN).at(Step::Hostname)?;
    sys::net::loopback_up().at(Step::Loopback)?;
    check_network(setup)?;
    raise(Resource::RLIMIT_NOFILE, OPEN_FILES)?;
    raise(Resource::RLIMIT_STACK, libc::RLIM_INFINITY)?;
    // Jobs are the first to go when the host itself runs out of memory; inherited, and not lowered without
    // CAP_SYS_RESOURCE (proc_pid_oom_score_adj(5)).
    std::fs::write("/proc/self/oom_score_adj", "1000").at(Step::Limits)
}

/// Raises a limit while this is still root of the host: later it may only be lowered. A host that does not grant
/// CAP_SYS_RESOURCE keeps its own limit, which is then the most that a stage can get.
fn raise(resource: Resource, to: u64) -> Result<(), Failure> {
    match setrlimit(resource, to, to) {
        Err(nix::errno::Errno::EPERM) => Ok(()),
        other => other.at(Step::Limits),
    }
}

/// The virtual machine's metadata addresses must not be in reach: no interface but loopback, and not the host's
/// namespace.
fn check_network(setup: &Setup) -> Result<(), Failure> {
    let own = std::fs::metadata("/proc/thread-self/ns/net").at(Step::NetworkCheck)?;
    let interfaces = nix::net::if_::if_nameindex().at(Step::NetworkCheck)?;
    let only_loopback = interfaces.iter().all(|i| i.name().to_bytes() == b"lo");
    if own.ino() == setup.host_network || !only_loopback {
        return Err(io::Error::from_raw_os_error(libc::ENOTUNIQ)).at(Step::NetworkCheck);
    }
    Ok(())
}
