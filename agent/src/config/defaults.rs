//! What holds where nothing is configured, each with its reason. Sizes are in bytes. The example file tells
//! operators the same.

use super::{ImagePolicy, LogFormat};
use jail::Bytes;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// The configuration file, where `--config` and `CAPSULE_CONFIG` name no other.
pub(super) const FILE: &str = "/etc/codecapsule/agent.toml";

/// Loopback only: there is no authentication here, and the tunnel that leads to the node runs on the same machine.
pub(super) const BIND_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2000);

/// Whoever may connect may run programs: root, and the members of one group.
pub(super) const SOCKET_MODE: u32 = 0o660;

/// Account and group of socket files: only root takes one away, and the node's own group is there for those it lets in.
pub(super) const SOCKET_OWNER: (&str, &str) = ("root", "codecapsule");

/// Where the distribution's rules want a service's own data (hier(7)).
pub(super) const DATA_DIRECTORY: &str = "/var/lib/codecapsule";

/// A tmpfs on every distribution: what lies there is gone after a crash of the machine, as it has to be.
pub(super) const STATE_DIRECTORY: &str = "/run/codecapsule";

/// Images wherever the host can: what every job reads is worth the disk space.
pub(super) const RUNTIME_IMAGES: ImagePolicy = ImagePolicy::Auto;

/// A check reads all runtimes once, two seconds of one core: often enough that a node that was tampered with does not serve
/// for a day, rare enough to cost nothing.
pub(super) const VERIFY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// As in Piston, whose runbooks install packages by `curl` on the node.
pub(super) const TRUST_LOCAL_CLIENTS: bool = true;

/// The account that packaging makes for the process that faces the network.
pub(super) const USER: &str = "codecapsule";

/// Tells whose it is among the host's cgroups.
pub(super) const CGROUP: &str = "codecapsule";

/// Piston's. Starts, stops and what went wrong; jobs leave no line.
pub(super) const LOG_LEVEL: LevelFilter = LevelFilter::INFO;

/// Read by people first; journald keeps lines as they are.
pub(super) const LOG_FORMAT: LogFormat = LogFormat::Text;

/// Piston's public index of packages, whatever stands in front of it in a configuration.
pub(super) const PACKAGE_INDEX: &str =
    "https://github.com/engineer-man/piston/releases/download/pkgs/index";

/// Piston's, for wall-clock and processor time: a C++ program with many templates takes seconds.
pub(super) const COMPILE_TIME: Duration = Duration::from_secs(10);

/// Piston's, for wall-clock and processor time: a client that asks for more gets the same refusal as ever.
pub(super) const RUN_TIME: Duration = Duration::from_secs(3);

/// Piston's: enough for the threads of a JVM, few enough that a fork bomb is harmless.
pub(super) const MAX_PROCESS_COUNT: u32 = 64;

/// Piston's.
pub(super) const MAX_OPEN_FILES: u32 = 2048;

/// Piston's.
pub(super) const MAX_FILE_SIZE: Bytes = Bytes(10_000_000);

/// 64 KiB of text. Piston's 1 KiB cuts off the output of ordinary exercises, and every deployment raises it.
pub(super) const OUTPUT_MAX_SIZE: usize = 64 * 1024;

/// Well above what compile and run take together in ordinary use (20 s), and short enough that a forgotten program
/// does not hold its place for long.
pub(super) const JOB_TIME_CEILING: Duration = Duration::from_secs(60);

/// More than any of the five languages needs for an exercise; smaller hosts give half of what they have.
pub(super) const JOB_MEMORY_CEILING: Bytes = Bytes::mib(2048);

/// Below this not even the init of a jail and a small C program start.
pub(super) const MEMORY_FLOOR: Bytes = Bytes::mib(8);

/// Jobs that run at once for each core: while one waits for its files or its client, the other one computes. More
/// than two only make each other slow, and time limits are in wall-clock time.
pub(super) const JOBS_PER_CORE: usize = 2;

/// Jails that wait beyond one for each job: in them programs are started before their jobs come, and the others are as many
/// as a burst needs that fits.
pub(super) const POOL_SPARE: usize = 8;

/// Room for two waiting JVMs or twenty Pythons; hosts with less than 4 GiB give a sixteenth of what they have.
pub(super) const POOL_MEMORY: Bytes = Bytes::mib(256);

/// A class that presses the button at once finds room. At 30 jobs a second, which a small node manages, eight seconds of work,
/// which is less than a job waits.
pub(super) const QUEUE_LENGTH: usize = 256;

/// A client that has waited this long has usually given up; its place is better given to another.
pub(super) const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// Some three thousand small programs in C: a course's exercises and what its students try.
pub(super) const COMPILE_CACHE_SIZE: Bytes = Bytes::mib(64);

/// Room for files of some megabytes in base64. All bodies together may take 64 MiB, however many clients send some.
pub(super) const MAX_BODY_SIZE: Bytes = Bytes::mib(16);

/// On top of the longest job when the node stops: the answer still has to be sent and the jail removed.
pub(super) const DRAIN_MARGIN: Duration = Duration::from_secs(5);

/// A program's folder: its files, its binaries, and what it writes. It counts as the job's memory.
pub(super) const BOX_SIZE: Bytes = Bytes::mib(256);

/// Each of `/tmp` and `/dev/shm`: both hold buffers, not data. They count as the job's memory.
pub(super) const TMP_SIZE: Bytes = Bytes::mib(64);

/// An inode takes about 1 KiB of kernel memory, so this is 64 MiB per tmpfs at worst.
pub(super) const MAX_INODES: u32 = 65_536;

/// Host ids that no one else gives out: above people (1000-60000), systemd's dynamic users (61184-65519), subordinate
/// ids (100000-600100000), systemd-nspawn's containers (524288-1879048191) and SSSD's and FreeIPA's directories (up to
/// 2000200000), below systemd's foreign range (2147352576-2147418111) and the sign bit, which some tools can't print.
pub(super) const IDS: (u32, u32) = (2_100_000_000, 2_100_065_535);

/// Ids that no jail gets: the first two are the front's, the last two of what brings packages.
pub(super) const OTHER_IDS: u32 = 4;

/// Ids of one jail: its init and its program each have their own.
pub(super) const IDS_PER_JAIL: u32 = 2;

/// Jails beyond jobs and pool that may still be going away and hold their ids.
pub(super) const SPARE_JAILS: u32 = 32;
