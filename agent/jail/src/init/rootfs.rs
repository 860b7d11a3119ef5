//! The file system that the jail sees.
//!
//! ```text
//! /                  base, read-only                    /dev        own tmpfs, read-only: null zero full random urandom
//! /piston/packages   runtimes, read-only                /dev/shm    own tmpfs
//! /box, /tmp         own tmpfs                          /dev/mqueue own POSIX queues
//!                                                       /proc       own pids only
//! ```
//!
//! All of it is mounted with the host's privilege, before the user namespace is entered: nothing inside owns a mount.

use super::{INIT_ID, SUBMISSION};
use crate::Bytes;
use crate::proto::{At, Failure, Setup, Step};
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, SFlag, makedev, mknod, umask};
use nix::unistd::{Gid, Uid, chown, fchdir, pivot_root};
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;

const NONE: Option<&str> = None;
/// No setuid, no device nodes: everywhere but /dev, which is read-only and made here.
const PLAIN: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);

/// The character devices of /dev: name, major, minor (kernel document admin-guide/devices).
const DEVICES: [(&str, u64, u64); 5] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
];

const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Makes the file system and moves into it; nothing of the host's stays mounted.
pub(super) fn enter(setup: &Setup) -> Result<(), Failure> {
    umask(Mode::empty());
    populate(setup).at(Step::Mounts)?;
    pivot(&setup.base).at(Step::PivotRoot)?;
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    Ok(())
}

fn populate(setup: &Setup) -> io::Result<()> {
    let root = &setup.base;
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    bind_read_only(root, root)?;
    bind_read_only(&setup.packages, &root.join("piston/packages"))?;
    let owner = setup.ids.program;
    tmpfs(
        &root.join("box"),
        setup.box_size,
        setup.inodes,
        owner,
        PLAIN,
    )?;
    tmpfs(
        &root.join("tmp"),
        setup.tmp_size,
        setup.inodes,
        owner,
        PLAIN,
    )?;
    devices(&root.join("dev"), setup)?;
    let proc_flags = PLAIN | MsFlags::MS_NOEXEC;
    // subset=pid leaves out everything that is the host's (sys, meminfo, kcore, ...); hidepid leaves out init.
    let own_pids = Some("subset=pid,hidepid=invisible");
    mount(
        Some("proc"),
        &root.join("proc"),
        Some("proc"),
        proc_flags,
        own_pids,
    )?;
    let submission = root.join(SUBMISSION.trim_start_matches('/'));
    std::fs::DirBuilder::new().mode(0o755).create(&submission)?;
    chown(
        &submission,
        Some(Uid::from_raw(owner)),
        Some(Gid::from_raw(owner)),
    )?;
    Ok(())
}

fn bind_read_only(source: &Path, target: &Path) -> io::Result<()> {
    mount(
        Some(source),
        target,
        NONE,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        NONE,
    )?;
    // What an operator has mounted inside (a package on a disk of its own) is protected as well.
    crate::sys::mount::protect(target)
}

fn tmpfs(target: &Path, size: Bytes, inodes: u32, owner: u32, flags: MsFlags) -> io::Result<()> {
    let options = format!(
        "size={},nr_inodes={inodes},mode=755,uid={owner},gid={owner}",
        size.get()
    );
    mount(
        Some("tmpfs"),
        target,
        Some("tmpfs"),
        flags,
        Some(options.as_str()),
    )?;
    Ok(())
}

fn devices(target: &Path, setup: &Setup) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    // Room for the nodes, links and shm; nobody can write here once it is read-only.
    tmpfs(target, Bytes::kib(64), 32, 0, flags)?;
    for (name, major, minor) in DEVICES {
        let everyone = Mode::from_bits_truncate(0o666);
        mknod(
            &target.join(name),
            SFlag::S_IFCHR,
            everyone,
            makedev(major, minor),
        )?;
    }
    for (name, to) in LINKS {
        symlink(to, target.join(name))?;
    }
    // Queues are files of this file system also for who opens them by mq_open(3), and Landlock goes by its place.
    let queues = target.join("mqueue");
    std::fs::create_dir(&queues)?;
    let kind = Some("mqueue");
    mount(kind, &queues, kind, PLAIN | MsFlags::MS_NOEXEC, NONE)?;
    let shm = target.join("shm");
    std::fs::create_dir(&shm)?;
    tmpfs(
        &shm,
        setup.tmp_size,
        setup.inodes,
        setup.ids.program,
        PLAIN | MsFlags::MS_NOEXEC,
    )?;
    mount(
        NONE,
        target,
        NONE,
        MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | flags,
        NONE,
    )?;
    Ok(())
}

/// pivot_root(".", "."): the new root lies over the old one, which is then detached (pivot_root(2), NOTES).
fn pivot(root: &Path) -> io::Result<()> {
    let root = open(
        root,
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    fchdir(&root)?;
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    nix::unistd::chdir("/")?;
    // A working directory outside the root would be a way out (the lesson of CVE-2024-21626).
    if nix::unistd::getcwd()? != Path::new("/") {
        return Err(io::Error::from_raw_os_error(libc::EXDEV));
    }
    const { assert!(INIT_ID != 0, "init must not be root in its user namespace") };
    Ok(())
}
