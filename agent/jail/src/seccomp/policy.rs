//! The policy: which system calls a program may make, what it is told about the others, and why.
//!
//! An allowlist: what stands nowhere below is EPERM. Sources of the reasons: seccomp profiles and incidents of other
//! sandboxes, and what CPython 3.11, Node 18 and 20, OpenJDK 17 and GCC 12 were measured to need. The same in every build.

use libc::{
    AF_INET, AF_INET6, AF_UNIX, CLONE_NEWUSER, EINVAL, ENOSYS, F_NOTIFY, F_SETFL, F_SETLEASE,
    IPPROTO_TCP, IPPROTO_UDP, MADV_MERGEABLE, O_ACCMODE, O_CREAT, O_DIRECT, POSIX_FADV_DONTNEED,
    PR_CAPBSET_READ, PR_GET_CHILD_SUBREAPER, PR_GET_DUMPABLE, PR_GET_NAME, PR_GET_NO_NEW_PRIVS,
    PR_GET_PDEATHSIG, PR_GET_SECCOMP, PR_GET_THP_DISABLE, PR_GET_TIMERSLACK,
    PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG,
    PR_SET_THP_DISABLE, PR_SET_TIMERSLACK, PR_SET_VMA, PROT_EXEC, RLIMIT_CORE, S_IFIFO, S_IFMT,
    SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET,
};
use syscalls::Sysno;

/// One line of the policy: these calls, under any of these conditions, get this verdict, for this reason.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The calls.
    pub calls: &'static [Sysno],
    /// Alternatives, each a list of conditions that must all hold; empty: always.
    pub when: &'static [&'static [Condition]],
    /// What happens.
    pub verdict: Verdict,
    /// Why.
    pub why: &'static str,
    /// Who needs it where nothing in the tests' corpus does: `tests/seccomp` fails for a call that is allowed for nobody.
    pub kept_for: Option<&'static str>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call goes to the kernel.
    Allow,
    /// The call fails with an errno other than the default EPERM.
    Refuse(Refusal),
    /// The call says that all is well, and nothing is done.
    Ignore,
}

/// The errnos that refusals use besides EPERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// "This kernel has no such call": libraries fall back to an older one.
    NoSuchCall,
    /// "Not for these descriptors": libraries fall back to read and write.
    Invalid,
}

impl Verdict {
    /// What the call returns in place of going to the kernel.
    #[must_use]
    pub const fn errno(self) -> Option<u32> {
        match self {
            Self::Allow => None,
            Self::Ignore => Some(0),
            Self::Refuse(Refusal::NoSuchCall) => Some(ENOSYS as u32),
            Self::Refuse(Refusal::Invalid) => Some(EINVAL as u32),
        }
    }
}

/// A condition on one argument (0-5). The lower 32 bits are compared but for `Masked` and `Given`, which
/// see all 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Equal.
    Is(u8, u64),
    /// Not equal.
    IsNot(u8, u64),
    /// `argument & mask == value`.
    Masked(u8, u64, u64),
    /// Not 0, all 64 bits of it: a pointer that is given.
    Given(u8),
}

/// The errnos, other than EPERM, that a policy refuses with.
pub(super) fn errnos(policy: &[Rule]) -> Vec<u32> {
    let mut errnos: Vec<u32> = policy
        .iter()
        .filter_map(|rule| rule.verdict.errno())
        .collect();
    errnos.sort_unstable();
    errnos.dedup();
    errnos
}

macro_rules! calls {
    ($($name:ident)*) => { &[$(Sysno::$name),*] };
}

macro_rules! allow {
    ($why:literal: $($name:ident)*) => {
        Rule { calls: calls!($($name)*), when: &[], verdict: Verdict::Allow, why: $why, kept_for: None }
    };
    ($why:literal: $($name:ident)*; when $($when:expr),+) => {
        Rule { calls: calls!($($name)*), when: &[$($when),+], verdict: Verdict::Allow, why: $why, kept_for: None }
    };
}

/// As `allow`, for what the corpus does not need: by whom it is.
macro_rules! keep {
    ($kept_for:expr, $why:literal: $($name:ident)*) => {
        Rule { calls: calls!($($name)*), when: &[], verdict: Verdict::Allow, why: $why, kept_for: Some($kept_for) }
    };
    ($kept_for:expr, $why:literal: $($name:ident)*; when $($when:expr),+) => {
        Rule { calls: calls!($($name)*), when: &[$($when),+], verdict: Verdict::Allow, why: $why, kept_for: Some($kept_for) }
    };
}

macro_rules! no_such_call {
    ($why:literal: $($name:ident)*) => {
        Rule { calls: calls!($($name)*), when: &[], verdict: Verdict::Refuse(Refusal::NoSuchCall), why: $why, kept_for: None }
    };
}

macro_rules! refuse {
    ($refusal:ident, $why:literal: $($name:ident)*; when $($when:expr),+) => {
        Rule {
            calls: calls!($($name)*), when: &[$($when),+], verdict: Verdict::Refuse(Refusal::$refusal), why: $why,
            kept_for: None,
        }
    };
}

macro_rules! ignore {
    ($why:literal: $($name:ident)*) => {
        Rule { calls: calls!($($name)*), when: &[], verdict: Verdict::Ignore, why: $why, kept_for: None }
    };
    ($why:literal: $($name:ident)*; when $($when:expr),+) => {
        Rule { calls: calls!($($name)*), when: &[$($when),+], verdict: Verdict::Ignore, why: $why, kept_for: None }
    };
}

/// Every `CLONE_NEW*` flag that clone(2) takes.
const NEW_NAMESPACES: u64 = 0x7E02_0000;
/// Socket types without their `SOCK_CLOEXEC` and `SOCK_NONBLOCK` flags (<bits/socket_type.h>).
const TYPE: u64 = 0xF;
/// `ADDR_NO_RANDOMIZE` of <sys/personality.h>.
const NO_RANDOMIZE: u64 = 0x004_0000;
const QUERY_PERSONALITY: u64 = 0xFFFF_FFFF;
/// <linux/fs.h>, <asm-generic/ioctls.h>.
const FICLONE: u64 = 0x4004_9409;
const FICLONERANGE: u64 = 0x4020_940D;
const FIDEDUPERANGE: u64 = 0xC018_9436;
const TIOCSTI: u64 = 0x5412;
const TIOCLINUX: u64 = 0x541C;
/// <linux/sockios.h>: the kernel loads its modules for bridges and VLANs for whoever asks, before it asks for a capability.
const SIOCGIFBR: u64 = 0x8940;
const SIOCSIFBR: u64 = 0x8941;
const SIOCGIFVLAN: u64 = 0x8982;
const SIOCSIFVLAN: u64 = 0x8983;
const SIOCBRADDBR: u64 = 0x89A0;
const SIOCBRDELBR: u64 = 0x89A1;
/// <linux/tcp.h>.
const TCP_ULP: u64 = 31;
const SO_ATTACH_FILTER: u64 = 26;
const SO_ATTACH_BPF: u64 = 50;
const SO_ATTACH_REUSEPORT_CBPF: u64 = 51;
const SO_ATTACH_REUSEPORT_EBPF: u64 = 52;
const SO_ZEROCOPY: u64 = 60;
/// <linux/udp.h>.
const UDP_ENCAP: u64 = 100;
/// <linux/fs.h>.
const RWF_NOWAIT: u64 = 8;

/// Who makes calls that the shipped C library does not.
const OTHER_LIBRARIES: &str = "older versions of glibc and musl, in packages and binaries built elsewhere, and lessons in assembly";
/// Those that a later release of a distribution ships.
const NEWER_LIBRARIES: &str = "newer versions of glibc, which make them in place of older calls";
/// Where the C library asks the kernel what it reads by itself elsewhere (vdso(7)).
const NO_VDSO: &str = "machines with a clock that the kernel can't give to programs, and programs that do not ask the vDSO";

use Condition::{Given, Is, IsNot, Masked};

/// What the submitted program may do.
pub(super) const PROGRAM: &[Rule] = &[
    // Files.
    allow!("read and write what it has open":
        read write readv writev pread64 pwrite64 preadv pwritev pwritev2 lseek close close_range dup dup2 dup3 pipe2
        readahead getdents64),
    allow!("reading with flags": preadv2; when &[Masked(5, RWF_NOWAIT, 0)]),
    refuse!(Invalid, "whether a read would wait tells what is in the page cache, so what other jobs ran": preadv2;
        when &[Masked(5, RWF_NOWAIT, RWF_NOWAIT)]),
    ignore!("a tmpfs has nothing to sync; on a shared runtime file it would flush the host's disk, over and over":
        fsync fdatasync sync_file_range),
    allow!("advice on how a file will be read": fadvise64; when &[IsNot(3, POSIX_FADV_DONTNEED as u64)]),
    ignore!("dropping runtime files from the page cache would slow every other job down": fadvise64;
        when &[Is(3, POSIX_FADV_DONTNEED as u64)]),
    allow!("open and look at files; the jail's mounts and uids decide which":
        creat fstat newfstatat statx access faccessat2 readlink readlinkat statfs fstatfs getcwd umask),
    keep!(OTHER_LIBRARIES, "as the calls that replaced them, under the same conditions":
        pipe getdents stat lstat faccessat utime utimes fork select nanosleep eventfd signalfd tkill semop getrlimit),
    keep!(OTHER_LIBRARIES, "open through the page cache": open; when &[Masked(1, O_DIRECT as u64, 0)]),
    allow!("open through the page cache": openat; when &[Masked(2, O_DIRECT as u64, 0)]),
    refuse!(Invalid, "reading runtime files past the page cache would load the host's disk without end": open;
        when &[Masked(1, O_DIRECT as u64, O_DIRECT as u64)]),
    refuse!(Invalid, "as open": openat; when &[Masked(2, O_DIRECT as u64, O_DIRECT as u64)]),
    no_such_call!("its flags are behind a pointer where no filter sees them; callers fall back to openat": openat2),
    allow!("change the files of its own tmpfs":
        truncate ftruncate fallocate rename renameat renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink
        symlinkat chmod fchmod fchmodat chown fchown lchown fchownat utimensat chdir
        fchdir),
    keep!(NEWER_LIBRARIES, "as fchmodat": fchmodat2),
    allow!("reading extended attributes is part of copying a file (shutil, cp)":
        getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr),
    keep!(OTHER_LIBRARIES, "named pipes; device nodes would need a capability besides":
        mknod; when &[Masked(1, S_IFMT as u64, S_IFIFO as u64)]),
    allow!("named pipes, as mknod": mknodat; when &[Masked(2, S_IFMT as u64, S_IFIFO as u64)]),
    allow!("descriptor flags and locks (SQLite); directory notices and leases tell what other jobs do with shared files":
        fcntl; when &[IsNot(1, F_NOTIFY as u64), IsNot(1, F_SETLEASE as u64), IsNot(1, F_SETFL as u64)],
            &[Is(1, F_SETFL as u64), Masked(2, O_DIRECT as u64, 0)]),
    refuse!(Invalid, "as opening with the flag": fcntl;
        when &[Is(1, F_SETFL as u64), Masked(2, O_DIRECT as u64, O_DIRECT as u64)]),
    allow!("locks between its own processes": flock),
    allow!("terminals and pipes; not pushing input, not the console, not sharing blocks between files, no modules for \
        networks":
        ioctl; when &[IsNot(1, TIOCSTI), IsNot(1, TIOCLINUX), IsNot(1, FICLONE), IsNot(1, FICLONERANGE),
            IsNot(1, FIDEDUPERANGE), IsNot(1, SIOCGIFBR), IsNot(1, SIOCSIFBR), IsNot(1, SIOCGIFVLAN),
            IsNot(1, SIOCSIFVLAN), IsNot(1, SIOCBRADDBR), IsNot(1, SIOCBRDELBR)]),
    // Memory.
    allow!("memory, executable too: V8, the JVM and ctypes compile at run time":
        mmap munmap mremap mprotect brk msync mincore mlock mlock2 munlock mlockall munlockall memfd_create
        pkey_alloc pkey_free pkey_mprotect membarrier),
    keep!(NEWER_LIBRARIES, "takes rights from memory only": mseal),
    allow!("advice on its memory; merging equal pages would tell by time what other jobs hold": madvise;
        when &[IsNot(2, MADV_MERGEABLE as u64)]),
    // Processes and threads.
    allow!("threads and processes, in no new namespace": clone; when &[Masked(0, NEW_NAMESPACES, 0)]),
    allow!("start, wait for and end processes":
        vfork execve execveat exit exit_group wait4 waitid set_tid_address pidfd_open pidfd_send_signal),
    allow!("threads wait for each other":
        futex set_robust_list rseq sched_yield),
    allow!("signals, inside the pid namespace only":
        kill tgkill rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo
        rt_tgsigqueueinfo rt_sigsuspend sigaltstack pause restart_syscall signalfd4),
    allow!("who and where it is":
        getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid getpgrp getsid setpgid
        setsid capget uname sysinfo getrusage times),
    allow!("without a capability these change nothing that the kernel would not allow; runtimes call them":
        setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid capset),
    keep!(OTHER_LIBRARIES, "lower its own limits, but for core files": setrlimit; when &[IsNot(0, RLIMIT_CORE as u64)]),
    allow!("limits of itself only, those on core files to read": prlimit64;
        when &[Is(0, 0), IsNot(1, RLIMIT_CORE as u64)], &[Is(0, 0), Is(1, RLIMIT_CORE as u64), Masked(2, u64::MAX, 0)]),
    ignore!("the limit is 1 and stays so: under 0 a crash would start the host's core_pattern helper, as root": setrlimit;
        when &[Is(0, RLIMIT_CORE as u64)]),
    ignore!("as setrlimit": prlimit64;
        when &[Is(0, 0), Is(1, RLIMIT_CORE as u64), Given(2)]),
    allow!("its own scheduling; priorities can't be raised":
        sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler sched_setscheduler
        sched_get_priority_max sched_get_priority_min sched_rr_get_interval getpriority setpriority),
    allow!("names, parent death, dumpability, timer slack and the like; nothing of privileges, seccomp or memory maps":
        prctl; when
        &[Is(0, PR_SET_NAME as u64)], &[Is(0, PR_GET_NAME as u64)], &[Is(0, PR_SET_PDEATHSIG as u64)],
        &[Is(0, PR_GET_PDEATHSIG as u64)], &[Is(0, PR_GET_DUMPABLE as u64)], &[Is(0, PR_SET_DUMPABLE as u64)],
        &[Is(0, PR_SET_TIMERSLACK as u64)], &[Is(0, PR_GET_TIMERSLACK as u64)], &[Is(0, PR_CAPBSET_READ as u64)],
        &[Is(0, PR_SET_NO_NEW_PRIVS as u64)], &[Is(0, PR_GET_NO_NEW_PRIVS as u64)], &[Is(0, PR_GET_SECCOMP as u64)],
        &[Is(0, PR_SET_CHILD_SUBREAPER as u64)], &[Is(0, PR_GET_CHILD_SUBREAPER as u64)],
        &[Is(0, PR_SET_THP_DISABLE as u64)], &[Is(0, PR_GET_THP_DISABLE as u64)]),
    keep!(NEWER_LIBRARIES, "names for memory": prctl; when &[Is(0, PR_SET_VMA as u64)]),
    allow!("thread-local storage": arch_prctl),
    allow!("asking which personality, and no address randomisation (debuggers, gcc's precompiled headers)":
        personality; when &[Is(0, 0)], &[Is(0, QUERY_PERSONALITY)], &[Is(0, NO_RANDOMIZE)]),
    // Time.
    allow!("clocks, sleep and timers":
        clock_gettime clock_getres clock_nanosleep alarm getitimer setitimer timer_create
        timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_gettime),
    keep!(NO_VDSO,
        "clocks, and on which processor it is": time gettimeofday getcpu),
    // Waiting.
    allow!("wait for descriptors":
        poll ppoll pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
        eventfd2),
    // Sockets: the network namespace holds nothing but the jail's own loopback.
    allow!("UNIX sockets between its own processes": socket;
        when &[Is(0, AF_UNIX as u64), Masked(1, TYPE, SOCK_STREAM as u64)],
            &[Is(0, AF_UNIX as u64), Masked(1, TYPE, SOCK_DGRAM as u64)],
            &[Is(0, AF_UNIX as u64), Masked(1, TYPE, SOCK_SEQPACKET as u64)]),
    allow!("TCP and UDP on the jail's loopback; no raw sockets, no rarer protocols": socket;
        when &[Is(0, AF_INET as u64), Masked(1, TYPE, SOCK_STREAM as u64), Is(2, 0)],
            &[Is(0, AF_INET as u64), Masked(1, TYPE, SOCK_STREAM as u64), Is(2, IPPROTO_TCP as u64)],
            &[Is(0, AF_INET as u64), Masked(1, TYPE, SOCK_DGRAM as u64), Is(2, 0)],
            &[Is(0, AF_INET as u64), Masked(1, TYPE, SOCK_DGRAM as u64), Is(2, IPPROTO_UDP as u64)],
            &[Is(0, AF_INET6 as u64), Masked(1, TYPE, SOCK_STREAM as u64), Is(2, 0)],
            &[Is(0, AF_INET6 as u64), Masked(1, TYPE, SOCK_STREAM as u64), Is(2, IPPROTO_TCP as u64)],
            &[Is(0, AF_INET6 as u64), Masked(1, TYPE, SOCK_DGRAM as u64), Is(2, 0)],
            &[Is(0, AF_INET6 as u64), Masked(1, TYPE, SOCK_DGRAM as u64), Is(2, IPPROTO_UDP as u64)]),
    allow!("pipes between processes (asyncio, Node, the JVM)": socketpair; when &[Is(0, AF_UNIX as u64)]),
    allow!("use the sockets it could make":
        connect accept accept4 bind listen shutdown getsockname getpeername getsockopt sendto recvfrom sendmsg recvmsg
        sendmmsg recvmmsg),
    allow!("socket options, but no upper-layer protocols (espintcp, kTLS, ESP in UDP), no packet filters in the kernel, no \
        pages of files in packets": setsockopt;
        when &[IsNot(1, IPPROTO_TCP as u64), IsNot(1, IPPROTO_UDP as u64), IsNot(1, SOL_SOCKET as u64)],
            &[Is(1, IPPROTO_TCP as u64), IsNot(2, TCP_ULP)],
            &[Is(1, IPPROTO_UDP as u64), IsNot(2, UDP_ENCAP)],
            &[Is(1, SOL_SOCKET as u64), IsNot(2, SO_ATTACH_FILTER), IsNot(2, SO_ATTACH_BPF),
                IsNot(2, SO_ATTACH_REUSEPORT_CBPF), IsNot(2, SO_ATTACH_REUSEPORT_EBPF),
                IsNot(2, SO_ZEROCOPY)]),
    // System V and POSIX IPC: the namespace is the jail's own and dies with it.
    allow!("IPC between its own processes, as courses teach it":
        shmget shmat shmctl shmdt semget semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink
        mq_timedsend mq_timedreceive mq_notify mq_getsetattr),
    allow!("random numbers": getrandom),
    // Refusals with an errno of their own.
    no_such_call!("its flags are behind a pointer where no filter sees them; the C library falls back to clone": clone3),
    no_such_call!("Node and Java fall back to read and write; EPERM would be an error to them": copy_file_range),
    no_such_call!("bypasses these filters and is the richest source of kernel exploits":
        io_uring_setup io_uring_enter io_uring_register),
    no_such_call!("keyrings are shared by uid and not needed": add_key request_key keyctl),
    no_such_call!("the new mount interface needs no mount(2) to attack the kernel (CVE-2022-0185)":
        open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr),
    no_such_call!("widens races in the kernel": userfaultfd),
    no_such_call!("watching shared runtime files would tell what other jobs run":
        inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark),
    no_such_call!("kernel asynchronous I/O: no runtime uses it": io_setup io_destroy io_getevents io_submit io_cancel
        io_pgetevents),
    no_such_call!("tells what is in the page cache, so what other jobs ran": cachestat),
    no_such_call!("memory outside of what the memory cgroup reclaims": memfd_secret),
    no_such_call!("newer calls that libraries try first and do without":
        landlock_create_ruleset landlock_add_rule landlock_restrict_self process_mrelease process_madvise
        futex_waitv futex_wake futex_wait futex_requeue),
    Rule {
        calls: calls!(sendfile),
        when: &[],
        verdict: Verdict::Refuse(Refusal::Invalid),
        why: "page-cache bugs live in splice's family; on EINVAL Java and libstdc++ fall back, on EPERM they fail",
        kept_for: None,
    },
];

/// What init does once it is prepared (see `init::serve`); anything else kills the jail.
pub(super) const INIT: &[Rule] = &[
    allow!("messages and pipes": read write recvfrom sendto poll close),
    allow!("the submitted files": openat2 mkdirat),
    allow!("what the compile stage left in folders that are open: names, kinds and permissions": getdents64 fstat),
    allow!("collect dead processes": wait4),
    allow!("kill what the compile stage left, under the program's uid": kill setresuid),
    allow!("die with the warden": prctl; when &[Is(0, PR_SET_PDEATHSIG as u64)]),
    allow!("memory, for the pieces of files": brk mmap munmap),
    allow!("a wait that was interrupted goes on": restart_syscall),
    allow!("its stack for signals goes with it": sigaltstack),
    keep!("the C library's allocator and Rust's library: when memory is short, in debug builds, on the way to a panic",
        "bookkeeping of memory, descriptors, signals and locks":
        mremap madvise mprotect fcntl futex rt_sigaction rt_sigprocmask rt_sigreturn getrandom exit),
    keep!(NO_VDSO, "time": clock_gettime),
    allow!("end": exit_group),
];

/// What the unpacker does once it has its descriptors and is shut in; anything else kills it. No memory of it becomes code.
pub(super) const UNPACKER: &[Rule] = &[
    allow!("its order, the archive and its answer": read pread64 write close),
    allow!("how long the archive is": statx),
    allow!("folders, files and links below the folder that it fills":
        openat2 mkdirat symlinkat linkat newfstatat fstat fchmod utimensat),
    allow!("what a package says of itself, to be read": openat; when &[Masked(2, (O_ACCMODE | O_CREAT) as u64, 0)]),
    allow!("memory": brk mremap madvise munmap),
    allow!("memory, but no code": mmap mprotect; when &[Masked(2, PROT_EXEC as u64, 0)]),
    allow!("keys of its tables": getrandom),
    allow!("its stack for signals goes with it": sigaltstack),
    allow!("the C library's and Rust's bookkeeping of descriptors, signals and locks":
        fcntl lseek futex rt_sigaction rt_sigprocmask rt_sigreturn restart_syscall),
    allow!("end": exit exit_group),
];

/// What processes outside of jails are refused beside rules of their own. Their threads are made by clone, into which
/// clone3 falls back.
macro_rules! outside {
    ($($own:expr),+) => {
        &[
            $($own,)+
            no_such_call!("it runs no other program": execve execveat),
            no_such_call!("it looks into no other process":
                ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp),
            no_such_call!("as in a jail: the richest sources of kernel exploits, and what it has no use for":
                io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd add_key request_key keyctl
                splice vmsplice tee),
            no_such_call!("a user namespace would make it root of the rest": unshare setns clone3),
            refuse!(Invalid, "as unshare": clone; when &[Masked(0, CLONE_NEWUSER as u64, CLONE_NEWUSER as u64)]),
            no_such_call!("its mounts are the host's": mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig
                fsmount fspick mount_setattr),
        ]
    };
}

/// What the front is refused once it has all that it was handed.
pub(super) const FRONT: &[Rule] = outside![no_such_call!(
    "its sockets are handed to it; by name it would reach those of every service of the host":
    socket connect bind
)];

/// What the fetcher is refused before it meets a server.
pub(super) const FETCHER: &[Rule] = outside![
    refuse!(NoSuchCall, "it is a client over IPv4 and IPv6; a socket file would be that of a service of the host": socket;
        when &[IsNot(0, AF_INET as u64), IsNot(0, AF_INET6 as u64)]),
    no_such_call!("it serves nobody": bind listen accept accept4)
];
