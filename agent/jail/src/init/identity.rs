//! Who init and the program are: user namespace, uids, capabilities, no_new_privs, Landlock, seccomp.

use super::channels::Builder;
use super::{INIT_ID, PROGRAM_ID};
use crate::proto::{At, Failure, FromBuilder, Step, ToBuilder};
use crate::{landlock, seccomp, sys};
use caps::{CapSet, Capability, CapsHashSet};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, setfsgid, setfsuid, setgroups, setresgid, setresuid};

/// Enters a user namespace that maps exactly two uids, and becomes init's. From here on no capability reaches
/// anything outside: the namespaces and mounts made so far belong to the host's user namespace.
pub(super) fn enter_user_namespace(builder: &Builder) -> Result<(), Failure> {
    unshare(CloneFlags::CLONE_NEWUSER).at(Step::UserNamespace)?;
    builder.send(&ToBuilder::WantMaps)?;
    let FromBuilder::Mapped = builder.receive()? else {
        return Err(super::protocol());
    };
    setgroups(&[]).at(Step::Identity)?;
    become_id(INIT_ID)?;
    keep_alive_with_parent()
}

/// Changes real, effective, saved and file system ids, uid and gid.
fn become_id(id: u32) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    setresgid(gid, gid, gid).at(Step::Identity)?;
    setresuid(uid, uid, uid).at(Step::Identity)
}

/// Dies with the warden. The kernel forgets this at every change of uid, so it follows each.
fn keep_alive_with_parent() -> Result<(), Failure> {
    prctl::set_pdeathsig(Signal::SIGKILL).at(Step::Identity)
}

/// Init after its preparations: files it makes belong to the program, it may change its uid (to sweep, below) and
/// nothing else.
pub(super) fn confine_init() -> Result<(), Failure> {
    setfsgid(Gid::from_raw(PROGRAM_ID));
    setfsuid(Uid::from_raw(PROGRAM_ID));
    // setfsuid tells no errors; asking again with an invalid id tells what is in force (setfsuid(2)).
    if setfsuid(Uid::from_raw(u32::MAX)) != Uid::from_raw(PROGRAM_ID)
        || setfsgid(Gid::from_raw(u32::MAX)) != Gid::from_raw(PROGRAM_ID)
    {
        return Err(Failure {
            step: Step::Identity,
            errno: libc::EPERM,
        });
    }
    hold_only(&CapsHashSet::from([Capability::CAP_SETUID]))?;
    prctl::set_dumpable(false).at(Step::Identity)?;
    prctl::set_no_new_privs().at(Step::Identity)?;
    keep_alive_with_parent()?;
    landlock::keep_init(super::SUBMISSION).at(Step::Landlock)?;
    seccomp::filters(seccomp::Subject::Init)?.install()
}

/// A stage holder while it waits: it can become the program and nothing else. The program's filters hold from here
/// on; they leave through what [`become_program`] needs, and compiling and installing them is off the job's way.
pub(super) fn confine_holder() -> Result<(), Failure> {
    hold_only(&CapsHashSet::from([
        Capability::CAP_SETUID,
        Capability::CAP_SETGID,
    ]))?;
    prctl::set_dumpable(false).at(Step::Identity)?;
    prctl::set_no_new_privs().at(Step::Identity)?;
    landlock::keep_program().at(Step::Landlock)?;
    seccomp::filters(seccomp::Subject::Program)?.install()
}

/// The last steps before exec. What fails here ends the process before a byte of the job's code ran.
pub(super) fn become_program() -> Result<(), Failure> {
    become_id(PROGRAM_ID)?;
    drop_capabilities(&CapsHashSet::new())?;
    let refused = Err(Failure {
        step: Step::Identity,
        errno: libc::EPERM,
    });
    if !prctl::get_no_new_privs().at(Step::Identity)?
        || !sys::process::is_filtered().at(Step::Seccomp)?
    {
        return refused;
    }
    Ok(())
}

/// Kills every process of the program's uid, as atomically as the kernel walks its list: a fork that races with it is
/// either on the list or fails, because its parent has a SIGKILL pending. That nobody is left is not for init to
/// tell: the host looks into the stage's cgroup.
///
/// Init takes the program's uid for the moment of the call, so that the kernel's own permission check spares the
/// holder of a later stage. It is not dumpable and pid 1, so the program can neither trace nor signal it meanwhile.
pub(super) fn kill_program_processes() -> Result<(), Failure> {
    let (program, init) = (Uid::from_raw(PROGRAM_ID), Uid::from_raw(INIT_ID));
    setresuid(program, program, init).at(Step::Sweep)?;
    let everybody = nix::unistd::Pid::from_raw(-1);
    let killed = nix::sys::signal::kill(everybody, Signal::SIGKILL);
    setresuid(init, init, init).at(Step::Sweep)?;
    keep_alive_with_parent()?;
    match killed {
        Ok(()) | Err(nix::errno::Errno::ESRCH) => Ok(()),
        Err(error) => Err(error).at(Step::Sweep),
    }
}

/// Reduces every capability set to at most `kept`, the bounding and ambient sets to nothing.
fn hold_only(kept: &CapsHashSet) -> Result<(), Failure> {
    for capability in caps::read(None, CapSet::Bounding).map_err(no_capability)? {
        caps::drop(None, CapSet::Bounding, capability).map_err(no_capability)?;
    }
    caps::clear(None, CapSet::Ambient).map_err(no_capability)?;
    drop_capabilities(kept)
}

/// Reduces the sets that a process has of its own to `kept`, and looks whether that is so.
fn drop_capabilities(kept: &CapsHashSet) -> Result<(), Failure> {
    let none = CapsHashSet::new();
    caps::set(None, CapSet::Inheritable, &none).map_err(no_capability)?;
    caps::set(None, CapSet::Effective, kept).map_err(no_capability)?;
    caps::set(None, CapSet::Permitted, kept).map_err(no_capability)?;
    for (set, expected) in [
        (CapSet::Bounding, &none),
        (CapSet::Permitted, kept),
        (CapSet::Effective, kept),
        (CapSet::Inheritable, &none),
    ] {
        if caps::read(None, set).map_err(no_capability)? != *expected {
            return Err(Failure {
                step: Step::Capabilities,
                errno: libc::EPERM,
            });
        }
    }
    Ok(())
}

fn no_capability(_: caps::errors::CapsError) -> Failure {
    Failure {
        step: Step::Capabilities,
        errno: libc::EPERM,
    }
}
