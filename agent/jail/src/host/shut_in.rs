//! What an unprivileged process of the host's side does to itself once it has all it needs, before it meets a client.

use crate::landlock;
use crate::proto::Failure;
use crate::seccomp::{Subject, filters};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// Keeps this thread, and what it starts from here on, to the files below `folder` (Landlock, where the kernel has it)
/// and to the sockets it has (a filter). It must have given up new privileges.
///
/// # Errors
/// A step that the kernel refuses: the process must not go on.
pub fn shut_in(folder: BorrowedFd<'_>) -> io::Result<()> {
    landlock::keep_to(folder)?;
    install(Subject::Front)
}

/// Keeps this thread, and what it starts from here on, to making and writing files below `folder` (Landlock, where the
/// kernel has it), and to the few system calls for that (a filter that kills it for any other). It must have given up new
/// privileges.
///
/// # Errors
/// As [`shut_in`].
pub fn shut_in_to_fill(folder: BorrowedFd<'_>) -> io::Result<()> {
    landlock::keep_to_filling(folder)?;
    install(Subject::Unpacker)
}

/// Keeps this thread, and what it starts from here on, to reading below `folders` (Landlock, where the kernel has it; one
/// that does not exist is passed over) and to being a client over IPv4 and IPv6 (a filter). It must have given up new
/// privileges.
///
/// # Errors
/// As [`shut_in`].
pub fn shut_in_with_network(folders: &[&Path]) -> io::Result<()> {
    landlock::keep_to_reading(folders)?;
    install(Subject::Fetcher)
}

fn install(subject: Subject) -> io::Result<()> {
    filters(subject)
        .and_then(|filters| filters.install())
        .map_err(|failure: Failure| io::Error::from_raw_os_error(failure.errno))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::process::Command;

    /// In a thread of its own: what one thread does to itself is none of the others'.
    #[test]
    fn only_what_was_there_before_is_within_reach() {
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("service");
        let _service = UnixListener::bind(&service).unwrap();
        let handed = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = handed.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let inside = || {
            nix::sys::prctl::set_no_new_privs().unwrap();
            shut_in(File::open(folder.path()).unwrap().as_fd()).unwrap();
            let refused = |error: io::Error| assert_eq!(error.raw_os_error(), Some(libc::ENOSYS));
            refused(UnixStream::connect(&service).unwrap_err());
            refused(TcpStream::connect(address).unwrap_err());
            refused(UnixListener::bind(folder.path().join("own")).unwrap_err());
            refused(
                nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER)
                    .unwrap_err()
                    .into(),
            );
            assert!(Command::new("/bin/true").status().is_err());
            // What a front does.
            handed.accept().unwrap();
            UnixStream::pair().unwrap();
            std::thread::spawn(|| ()).join().unwrap();
        };
        std::thread::scope(|scope| scope.spawn(inside).join().unwrap());
        drop(client);
    }

    #[test]
    fn a_client_reads_its_folders_and_serves_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("service");
        let _service = UnixListener::bind(&service).unwrap();
        std::fs::write(folder.path().join("mine"), "").unwrap();
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let missing = folder.path().join("missing");
        let inside = || {
            nix::sys::prctl::set_no_new_privs().unwrap();
            shut_in_with_network(&[&missing, folder.path()]).unwrap();
            let refused = |error: io::Error| assert_eq!(error.raw_os_error(), Some(libc::ENOSYS));
            refused(UnixStream::connect(&service).unwrap_err());
            refused(TcpListener::bind("127.0.0.1:0").unwrap_err());
            refused(std::net::UdpSocket::bind("127.0.0.1:0").unwrap_err());
            assert!(Command::new("/bin/true").status().is_err());
            // What a client does.
            TcpStream::connect(elsewhere.local_addr().unwrap()).unwrap();
            File::open(folder.path().join("mine")).unwrap();
            let kept = landlock::version().is_ok();
            assert_eq!(File::open("/etc/passwd").is_err(), kept);
            assert_eq!(File::create(folder.path().join("new")).is_err(), kept);
        };
        std::thread::scope(|scope| scope.spawn(inside).join().unwrap());
    }
}
