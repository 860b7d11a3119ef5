//! What this kernel lets jails be made of, found out by doing it: versions say little, since distributions carry
//! features back and containers take them away.
//!
//! What would change the caller is done in a child that ends right away. Nothing is left behind; needs root and, for
//! the fork, a single thread.

use crate::host;
use crate::proto::{Failure, HostIds};
use crate::{seccomp, sys};
use caps::{CapSet, Capability};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, chdir, pivot_root, setresgid, setresuid};
use std::io::{self, Read, Write};
use std::path::Path;

/// Where a child mounts what it tries out, in a mount namespace of its own.
const SCRATCH: &str = "/tmp";

/// What the warden can't do without, whatever its other rights: CAP_* of capabilities(7).
const NEEDED: [Capability; 9] = [
    Capability::CAP_CHOWN,
    Capability::CAP_DAC_OVERRIDE,
    Capability::CAP_KILL,
    Capability::CAP_MKNOD,
    Capability::CAP_NET_ADMIN,
    Capability::CAP_SETGID,
    Capability::CAP_SETPCAP,
    Capability::CAP_SETUID,
    Capability::CAP_SYS_ADMIN,
];

/// Capabilities of this process that making jails needs and that are missing, by name.
///
/// # Errors
/// When the kernel does not tell.
pub fn missing_capabilities() -> io::Result<Vec<String>> {
    let held = caps::read(None, CapSet::Effective).map_err(io::Error::other)?;
    let missing = NEEDED.iter().filter(|needed| !held.contains(needed));
    Ok(missing.map(ToString::to_string).collect())
}

/// Whether this process may raise hard limits (CAP_SYS_RESOURCE).
///
/// # Errors
/// When the kernel does not tell.
pub fn may_raise_limits() -> io::Result<bool> {
    caps::has_cap(None, CapSet::Effective, Capability::CAP_SYS_RESOURCE).map_err(io::Error::other)
}

/// Makes a namespace: one `CLONE_NEW*` flag.
///
/// # Errors
/// What unshare(2) says.
pub fn namespace(kind: CloneFlags) -> io::Result<()> {
    in_child(|| Ok(unshare(kind)?))
}

/// Makes all namespaces of a jail in one call, as its init gets them, and gets a pidfd for it.
///
/// # Errors
/// What clone3(2) says.
pub fn jail_namespaces() -> io::Result<()> {
    let flags = host::NAMESPACES
        .try_into()
        .map_err(|_| io::Error::other("namespace flags"))?;
    match sys::process::clone_into(flags, None)? {
        sys::process::Cloned::Child => end_child(Ok(())),
        sys::process::Cloned::Parent(pid, _) => result_of(pid),
    }
}

/// Makes a user namespace that maps exactly these two ids, and becomes one of them.
///
/// # Errors
/// The step that the kernel refuses.
pub fn two_ids(ids: HostIds) -> io::Result<()> {
    let (mut entered, tell_entered) = io::pipe()?;
    let (mut mapped, tell_mapped) = io::pipe()?;
    match sys::fork()? {
        sys::Forked::Child => {
            drop((entered, tell_mapped));
            end_child(become_mapped(tell_entered, &mut mapped))
        }
        sys::Forked::Parent(child) => {
            drop((tell_entered, mapped));
            // No byte: the child has failed, and its status says why.
            let outcome = match entered.read_exact(&mut [0]) {
                Ok(()) => host::map_ids(child, ids),
                Err(_) => Ok(()),
            };
            if outcome.is_ok() {
                // A child that has failed does not read it.
                (&tell_mapped).write_all(b"m").ok();
            }
            drop(tell_mapped);
            let status = result_of(child);
            outcome.and(status)
        }
    }
}

fn become_mapped(mut tell_entered: io::PipeWriter, mapped: &mut io::PipeReader) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER)?;
    tell_entered.write_all(b"e")?;
    mapped.read_exact(&mut [0])?;
    let id = crate::init::PROGRAM_ID;
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    setresgid(gid, gid, gid)?;
    Ok(setresuid(uid, uid, uid)?)
}

/// Installs the filters that programs get.
///
/// # Errors
/// What seccomp(2) says.
pub fn program_filters() -> io::Result<()> {
    let filters = seccomp::filters(seccomp::Subject::Program)
        .map_err(|f| io::Error::from_raw_os_error(f.errno))?;
    in_child(move || {
        nix::sys::prctl::set_no_new_privs()?;
        let refused = |f: Failure| io::Error::from_raw_os_error(f.errno);
        filters.install().map_err(refused)
    })
}

/// Whether filters can kill a whole process (`SECCOMP_RET_KILL_PROCESS`).
///
/// # Errors
/// `EOPNOTSUPP` when not.
pub fn filters_kill() -> io::Result<()> {
    sys::features::filter_action(libc::SECCOMP_RET_KILL_PROCESS)
}

/// Whether filters can answer with an errno (`SECCOMP_RET_ERRNO`).
///
/// # Errors
/// `EOPNOTSUPP` when not.
pub fn filters_refuse() -> io::Result<()> {
    sys::features::filter_action(libc::SECCOMP_RET_ERRNO)
}

/// Whether filters can log (`SECCOMP_RET_LOG`).
///
/// # Errors
/// `EOPNOTSUPP` when not.
pub fn filters_log() -> io::Result<()> {
    sys::features::filter_action(libc::SECCOMP_RET_LOG)
}

/// Mounts a proc that shows only own processes and nothing of the host (`subset=pid`, `hidepid=invisible`).
///
/// # Errors
/// What mount(2) says.
pub fn private_proc() -> io::Result<()> {
    in_child(|| {
        private_mounts()?;
        let options = Some("subset=pid,hidepid=invisible");
        let none = MsFlags::empty();
        Ok(mount(Some("proc"), SCRATCH, Some("proc"), none, options)?)
    })
}

/// Makes a device node on a tmpfs and opens it.
///
/// # Errors
/// The step that the kernel refuses.
pub fn device_nodes() -> io::Result<()> {
    in_child(|| {
        private_tmpfs()?;
        let node = Path::new(SCRATCH).join("null");
        let mode = Mode::from_bits_truncate(0o666);
        mknod(&node, SFlag::S_IFCHR, mode, makedev(1, 3))?;
        std::fs::File::options().write(true).open(node).map(drop)
    })
}

/// Replaces the root and detaches the old one. The initial root of a machine that runs from its initramfs refuses it.
///
/// # Errors
/// The step that the kernel refuses.
pub fn new_root() -> io::Result<()> {
    in_child(|| {
        private_tmpfs()?;
        chdir(SCRATCH)?;
        pivot_root(".", ".")?;
        Ok(umount2(".", MntFlags::MNT_DETACH)?)
    })
}

/// Protects a mount as those of the runtimes are.
///
/// # Errors
/// The step that the kernel refuses.
pub fn protected_mounts() -> io::Result<()> {
    in_child(|| {
        private_tmpfs()?;
        sys::mount::protect(Path::new(SCRATCH))
    })
}

/// close_range(2).
///
/// # Errors
/// `ENOSYS` where it is missing.
pub fn close_range() -> io::Result<()> {
    sys::features::close_range()
}

/// openat2(2).
///
/// # Errors
/// `ENOSYS` where it is missing.
pub fn openat2() -> io::Result<()> {
    sys::features::openat2()
}

/// pidfd_open(2).
///
/// # Errors
/// `ENOSYS` where it is missing.
pub fn pidfd_open() -> io::Result<()> {
    sys::features::pidfd_open()
}

/// Whether this kernel has io_uring, be it refused to this process.
#[must_use]
pub fn io_uring() -> bool {
    sys::features::io_uring()
}

fn private_mounts() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    Ok(mount(
        None::<&str>,
        "/",
        None::<&str>,
        private,
        None::<&str>,
    )?)
}

fn private_tmpfs() -> io::Result<()> {
    private_mounts()?;
    let none = MsFlags::empty();
    Ok(mount(
        Some("tmpfs"),
        SCRATCH,
        Some("tmpfs"),
        none,
        Some("size=64k"),
    )?)
}

/// Runs `work` in a child and tells how it went.
pub(crate) fn in_child(work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    match sys::fork()? {
        sys::Forked::Child => end_child(work()),
        sys::Forked::Parent(child) => result_of(child),
    }
}

/// Ends a child: its status is 0 or the errno.
#[expect(
    clippy::exit,
    reason = "a forked child must not return into its parent's code"
)]
pub(crate) fn end_child(result: io::Result<()>) -> ! {
    let code = result.map_or_else(|error| error.raw_os_error().unwrap_or(libc::EIO), |()| 0);
    std::process::exit(code)
}

/// What a child made with [`end_child`] found out.
pub(crate) fn result_of(child: Pid) -> io::Result<()> {
    loop {
        match waitpid(child, None) {
            Err(nix::errno::Errno::EINTR) => {}
            Ok(WaitStatus::Exited(_, 0)) => return Ok(()),
            Ok(WaitStatus::Exited(_, errno)) => return Err(io::Error::from_raw_os_error(errno)),
            Ok(status) => return Err(io::Error::other(format!("the trial ended with {status:?}"))),
            Err(error) => return Err(error.into()),
        }
    }
}
