//! Names of the values that rules compare arguments with.

use jail::seccomp::Condition;
use nix::libc;

/// The value of a name.
pub(super) fn value(name: &str) -> Option<u64> {
    let mut values = VALUES.iter();
    values
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

macro_rules! values {
    ($($name:ident)*; $($more:ident = $value:literal)*) => {
        &[$((stringify!($name), libc::$name as u64),)* $((stringify!($more), $value),)*]
    };
}

/// Values of arguments that people ask about: what rules compare with, and what attacks have used.
pub(super) const VALUES: &[(&str, u64)] = values!(
    AF_UNSPEC AF_UNIX AF_INET AF_AX25 AF_IPX AF_APPLETALK AF_NETROM AF_X25 AF_INET6 AF_ROSE AF_KEY AF_NETLINK
    AF_PACKET AF_RDS AF_PPPOX AF_LLC AF_CAN AF_TIPC AF_BLUETOOTH AF_IEEE802154 AF_ALG AF_NFC AF_VSOCK AF_XDP
    SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP SOCK_CLOEXEC SOCK_NONBLOCK
    IPPROTO_IP IPPROTO_ICMP IPPROTO_TCP IPPROTO_UDP IPPROTO_UDPLITE IPPROTO_SCTP IPPROTO_IPV6 IPPROTO_ICMPV6 IPPROTO_ESP
    IPPROTO_RAW IPPROTO_MPTCP
    SOL_SOCKET SO_ATTACH_FILTER SO_ATTACH_BPF SO_ATTACH_REUSEPORT_CBPF SO_ATTACH_REUSEPORT_EBPF SO_ZEROCOPY SO_REUSEADDR
    SO_KEEPALIVE TCP_ULP TCP_NODELAY UDP_ENCAP
    CLONE_VM CLONE_FS CLONE_FILES CLONE_SIGHAND CLONE_THREAD CLONE_VFORK CLONE_PARENT CLONE_NEWTIME CLONE_NEWNS
    CLONE_NEWCGROUP CLONE_NEWUTS CLONE_NEWIPC CLONE_NEWUSER CLONE_NEWPID CLONE_NEWNET SIGCHLD
    O_RDONLY O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND O_NONBLOCK O_DIRECT O_PATH O_CLOEXEC O_TMPFILE
    F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_NOTIFY F_GETLEASE F_SETLEASE F_SETPIPE_SZ
    F_ADD_SEALS
    S_IFMT S_IFIFO S_IFCHR S_IFBLK S_IFREG S_IFDIR S_IFSOCK
    TIOCSTI TIOCLINUX TIOCGWINSZ TCGETS FIONREAD FIONBIO FICLONE FICLONERANGE
    MADV_NORMAL MADV_DONTNEED MADV_FREE MADV_HUGEPAGE MADV_MERGEABLE POSIX_FADV_SEQUENTIAL POSIX_FADV_WILLNEED
    POSIX_FADV_DONTNEED RWF_NOWAIT
    PR_SET_PDEATHSIG PR_GET_PDEATHSIG PR_GET_DUMPABLE PR_SET_DUMPABLE PR_SET_NAME PR_GET_NAME PR_GET_SECCOMP PR_SET_SECCOMP
    PR_CAPBSET_READ PR_CAPBSET_DROP PR_SET_TIMERSLACK PR_GET_TIMERSLACK PR_SET_MM PR_SET_CHILD_SUBREAPER
    PR_GET_CHILD_SUBREAPER PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS PR_SET_THP_DISABLE PR_GET_THP_DISABLE PR_CAP_AMBIENT
    PR_GET_SPECULATION_CTRL PR_SET_SPECULATION_CTRL PR_SET_PTRACER PR_SET_VMA
    RLIMIT_CORE RLIMIT_CPU RLIMIT_DATA RLIMIT_FSIZE RLIMIT_NOFILE RLIMIT_NPROC RLIMIT_STACK RLIMIT_AS
    ADDR_NO_RANDOMIZE READ_IMPLIES_EXEC;
    FIDEDUPERANGE = 0xC018_9436
);

/// Which of the names an argument of a call takes. A value means something there only.
const FAMILIES: &[(&str, u8, &str)] = &[
    ("socket", 0, "AF_"),
    ("socket", 1, "SOCK_"),
    ("socket", 2, "IPPROTO_"),
    ("socketpair", 0, "AF_"),
    ("setsockopt", 1, "SOL_"),
    ("setsockopt", 1, "IPPROTO_"),
    ("clone", 0, "CLONE_"),
    ("open", 1, "O_"),
    ("openat", 2, "O_"),
    ("fcntl", 1, "F_"),
    ("fcntl", 2, "O_"),
    ("mknod", 1, "S_"),
    ("mknodat", 2, "S_"),
    ("ioctl", 1, "TIOC"),
    ("ioctl", 1, "FI"),
    ("madvise", 2, "MADV_"),
    ("fadvise64", 3, "POSIX_FADV_"),
    ("preadv2", 5, "RWF_"),
    ("prctl", 0, "PR_"),
    ("setrlimit", 0, "RLIMIT_"),
    ("prlimit64", 1, "RLIMIT_"),
    ("personality", 0, "ADDR_"),
];

/// A value as an argument of a call, by name where it has one.
fn named(call: &str, argument: u8, value: u64) -> String {
    let of_argument = |name: &str| {
        FAMILIES
            .iter()
            .any(|(c, a, family)| *c == call && *a == argument && name.starts_with(family))
    };
    VALUES
        .iter()
        .find(|(name, known)| *known == value && of_argument(name))
        .map_or_else(|| format!("{value:#x}"), |(name, _)| (*name).to_owned())
}

/// A condition on a call in words; arguments count from 1, as people count them.
pub(super) fn condition(call: &str, condition: Condition) -> String {
    let place = condition.argument() + 1;
    let name = |value| named(call, condition.argument(), value);
    match condition {
        Condition::Is(_, value) => format!("argument {place} is {}", name(value)),
        Condition::IsNot(_, value) => format!("argument {place} is not {}", name(value)),
        Condition::Masked(_, u64::MAX, 0) => format!("argument {place} is 0"),
        Condition::Masked(_, mask, 0) => format!("argument {place} has none of {}", name(mask)),
        Condition::Masked(_, mask, value) if mask == value => {
            format!("argument {place} has {}", name(mask))
        }
        Condition::Masked(_, mask, value) => {
            format!("argument {place} & {} is {}", name(mask), name(value))
        }
        Condition::Given(_) => format!("argument {place} is not 0"),
    }
}
