//! Landlock (landlock(7)): what of the file system a process reaches, kept by the kernel on its own account.
//!
//! A second layer. The first one is what is mounted, read-only or not at all, and who owns it. Should it fail (a
//! descriptor of the host that leaked into a jail, a hole in the kernel's mounts), a process still reaches only what
//! lies below the folders named here, because the rule sits on the file's place and not on the name that led to it.
//!
//! Used from [`OLDEST`] on: version 1 (Linux 5.13 to 5.18) can't allow a file to be moved from one folder to another.

use crate::sys;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// The first version that is of use.
pub const OLDEST: i64 = 2;

/// What is asked for, as far as the kernel knows it: 3 adds truncation, 4 TCP, 5 calls on devices, 6 signals and
/// abstract sockets.
const ASKED: ABI = ABI::V6;

/// What a process may do below a folder.
#[derive(Clone, Copy)]
enum May {
    /// Read and execute.
    Run,
    /// And write what is there.
    Write,
    /// And make, move and remove, all but device nodes.
    Own,
}

impl May {
    fn rights(self) -> BitFlags<AccessFs> {
        let run = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
        match self {
            Self::Run => run,
            Self::Write => run | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev,
            Self::Own => AccessFs::from_all(ASKED) & !(AccessFs::MakeChar | AccessFs::MakeBlock),
        }
    }
}

/// What a program reaches. /proc for what concerns itself (the names of its threads), which owners and modes keep it to;
/// /dev for null and its like.
const PROGRAM: [(&str, May); 7] = [
    ("/", May::Run),
    ("/dev", May::Write),
    ("/proc", May::Write),
    ("/box", May::Own),
    ("/tmp", May::Own),
    ("/dev/shm", May::Own),
    ("/dev/mqueue", May::Own),
];

/// Whether this kernel has a Landlock that is of use: its version.
///
/// # Errors
/// `ENOSYS` or `EOPNOTSUPP` where it is missing or off; [`io::ErrorKind::Unsupported`] before version [`OLDEST`].
pub fn version() -> io::Result<i64> {
    let version = sys::features::landlock()?;
    if version < OLDEST {
        let why = "version 1 can't allow moving files between folders";
        return Err(io::Error::new(io::ErrorKind::Unsupported, why));
    }
    Ok(version)
}

/// The program, seen from a stage holder: besides its files, no process outside gets a signal of it and no abstract
/// socket outside is reached.
pub(crate) fn keep_program() -> io::Result<()> {
    restrict(&PROGRAM, |rules| rules.scope(Scope::from_all(ASKED)))
}

/// Init: the submitted files and no other. It must be able to signal the program, which is outside of its domain.
pub(crate) fn keep_init(submission: &str) -> io::Result<()> {
    restrict(&[(submission, May::Own)], |rules| {
        rules.handle_access(AccessNet::from_all(ASKED))
    })
}

/// This thread, and what it starts from here on, reads below `folder` and reaches no other file, connects nowhere by TCP
/// and listens on no TCP socket but those it has, signals nobody outside. Nothing where the kernel has no Landlock.
/// Sockets with a path are no matter of Landlock yet.
///
/// # Errors
/// A step that the kernel refuses though it has Landlock: the process must not go on.
pub(crate) fn keep_to(folder: BorrowedFd<'_>) -> io::Result<()> {
    keep_below(folder, AccessFs::ReadFile | AccessFs::ReadDir)
}

/// As [`keep_to`], for a process that makes, links and writes files below `folder`, and runs none.
///
/// # Errors
/// As [`keep_to`].
pub(crate) fn keep_to_filling(folder: BorrowedFd<'_>) -> io::Result<()> {
    keep_below(folder, May::Own.rights() & !AccessFs::Execute)
}

fn keep_below(folder: BorrowedFd<'_>, rights: BitFlags<AccessFs>) -> io::Result<()> {
    if version().is_err() {
        return Ok(());
    }
    enforce(
        handled()
            .and_then(|rules| rules.handle_access(AccessNet::from_all(ASKED)))
            .and_then(|rules| rules.scope(Scope::from_all(ASKED)))
            .and_then(Ruleset::create)
            .and_then(|rules| rules.add_rule(PathBeneath::new(folder, rights))),
    )
}

/// This thread, and what it starts from here on, reads below these folders, those of them that exist, and reaches no
/// other file, listens on no TCP socket, signals nobody outside. It may connect. Nothing where the kernel has no Landlock.
///
/// # Errors
/// As [`keep_to`].
pub(crate) fn keep_to_reading(folders: &[&Path]) -> io::Result<()> {
    if version().is_err() {
        return Ok(());
    }
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut rules = handled()
        .and_then(|rules| rules.handle_access(AccessNet::BindTcp))
        .and_then(|rules| rules.scope(Scope::from_all(ASKED)))
        .and_then(Ruleset::create);
    for &path in folders {
        let folder = match open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()) {
            Err(Errno::ENOENT) => continue,
            folder => folder?,
        };
        rules = rules.and_then(|rules| rules.add_rule(PathBeneath::new(folder.as_fd(), read)));
    }
    enforce(rules)
}

fn restrict(
    reach: &[(&str, May)],
    more: impl FnOnce(Ruleset) -> Result<Ruleset, RulesetError>,
) -> io::Result<()> {
    if version().is_err() {
        return Ok(());
    }
    let mut rules = handled().and_then(more).and_then(Ruleset::create);
    for &(path, may) in reach {
        let folder = open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
        rules =
            rules.and_then(|rules| rules.add_rule(PathBeneath::new(folder.as_fd(), may.rights())));
    }
    enforce(rules)
}

fn handled() -> Result<Ruleset, RulesetError> {
    Ruleset::default().handle_access(AccessFs::from_all(ASKED))
}

fn enforce(rules: Result<landlock::RulesetCreated, RulesetError>) -> io::Result<()> {
    let errno = |error| io::Error::from_raw_os_error(*landlock::Errno::from(error));
    let status = rules
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(errno)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(io::Error::from_raw_os_error(libc::ENOTSUP));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    /// Does something in a thread of its own: the restriction of one thread is none of the others'.
    fn restricted(work: impl FnOnce() + Send) {
        std::thread::scope(|scope| scope.spawn(work).join().unwrap());
    }

    /// The kernel's version, if it has one; it must have where `CAPSULE_REQUIRE_LANDLOCK` is set.
    fn found() -> Option<i64> {
        let version = version().ok();
        let required = std::env::var_os("CAPSULE_REQUIRE_LANDLOCK").is_some();
        assert!(version.is_some() || !required, "there is no Landlock here");
        version
    }

    /// `EACCES` where the kernel has Landlock; else, as root, it just works.
    fn refused<T>(outcome: io::Result<T>) -> bool {
        match (found(), outcome) {
            (Some(_), Err(error)) => error.raw_os_error() == Some(libc::EACCES),
            (Some(_), Ok(_)) => false,
            (None, outcome) => outcome.is_ok(),
        }
    }

    #[test]
    fn a_file_outside_the_folder_is_out_of_reach_by_whatever_way() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(inside.path().join("mine"), "").unwrap();
        fs::write(outside.path().join("secret"), "").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), inside.path().join("link"))
            .unwrap();
        let folder = File::open(inside.path()).unwrap();
        // As one that leaked into the process.
        let leaked = File::open(outside.path()).unwrap();
        restricted(|| {
            keep_to(folder.as_fd()).unwrap();
            let reached = |name: &Path| File::open(name);
            assert!(reached(&inside.path().join("mine")).is_ok());
            assert!(refused(reached(&inside.path().join("link"))));
            assert!(refused(reached(&outside.path().join("secret"))));
            let number = std::os::fd::AsRawFd::as_raw_fd(&leaked);
            assert!(refused(reached(Path::new(&format!(
                "/proc/self/fd/{number}/secret"
            )))));
            assert!(refused(fs::write(inside.path().join("new"), "")));
        });
    }

    #[test]
    fn who_fills_a_folder_writes_nowhere_else() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("secret"), "").unwrap();
        let folder = File::open(inside.path()).unwrap();
        restricted(|| {
            keep_to_filling(folder.as_fd()).unwrap();
            let own = |name: &str| inside.path().join(name);
            fs::create_dir_all(own("a/b")).unwrap();
            fs::write(own("a/file"), "").unwrap();
            fs::hard_link(own("a/file"), own("a/b/file")).unwrap();
            std::os::unix::fs::symlink("file", own("link")).unwrap();
            let secret = outside.path().join("secret");
            assert!(refused(File::open(&secret)));
            assert!(refused(fs::write(&secret, "")));
            assert!(refused(fs::write(outside.path().join("new"), "")));
            // EXDEV: what is outside may not be linked to from anywhere else.
            let stolen = fs::hard_link(&secret, own("stolen"));
            assert_eq!(stolen.is_err(), found().is_some());
        });
    }

    #[test]
    fn a_connection_is_not_opened() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let folder = File::open(folder.path()).unwrap();
        restricted(|| {
            keep_to(folder.as_fd()).unwrap();
            // The business of Landlock since version 4.
            let kept = found().is_some_and(|version| version >= 4);
            let address = listener.local_addr().unwrap();
            assert_eq!(std::net::TcpStream::connect(address).is_err(), kept);
            assert_eq!(std::net::TcpListener::bind("127.0.0.1:0").is_err(), kept);
        });
    }

    #[test]
    fn what_may_be_done_depends_on_the_folder() {
        let here = tempfile::tempdir().unwrap();
        let path = |name: &str| here.path().join(name).to_str().unwrap().to_owned();
        for name in ["run", "write", "own", "own/a", "own/b"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name) + "/file", "").unwrap();
        }
        let rules = [
            (path("run"), May::Run),
            (path("write"), May::Write),
            (path("own"), May::Own),
        ];
        let rules = rules.each_ref().map(|(path, may)| (path.as_str(), *may));
        restricted(|| {
            restrict(&rules, Ok).unwrap();
            for name in ["run/file", "write/file", "own/file"] {
                assert!(File::open(path(name)).is_ok(), "{name}");
            }
            assert!(refused(fs::write(path("run/file"), "")));
            fs::write(path("write/file"), "").unwrap();
            assert!(refused(fs::write(path("write/new"), "")));
            assert!(refused(fs::remove_file(path("write/file"))));
            fs::write(path("own/new"), "").unwrap();
            // Version 1 would refuse this.
            fs::rename(path("own/a/file"), path("own/b/moved")).unwrap();
            fs::hard_link(path("own/b/moved"), path("own/a/linked")).unwrap();
            assert!(refused(fs::rename(path("own/new"), path("write/new"))));
        });
    }
}
