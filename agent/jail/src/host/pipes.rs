//! The three pipes of a stage.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{Gid, Uid, fchown, pipe2};
use std::io;
use std::os::fd::OwnedFd;

/// The front's ends of a stage's pipes, non-blocking.
#[derive(Debug)]
pub struct StageEnds {
    /// Write end of stdin.
    pub stdin: OwnedFd,
    /// Read end of stdout.
    pub stdout: OwnedFd,
    /// Read end of stderr.
    pub stderr: OwnedFd,
}

/// Makes the pipes of one stage: the program's ends and the front's.
///
/// They belong to the program's uid: opening `/dev/stdin` or `/proc/self/fd/1` asks for permission on the pipe anew,
/// and every language has an idiom that does.
pub(super) fn make(owner: u32) -> io::Result<([OwnedFd; 3], StageEnds)> {
    let pipe = || -> io::Result<(OwnedFd, OwnedFd)> {
        let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
        fchown(
            &read,
            Some(Uid::from_raw(owner)),
            Some(Gid::from_raw(owner)),
        )?;
        Ok((read, write))
    };
    let (stdin, stdin_front) = pipe()?;
    let (stdout_front, stdout) = pipe()?;
    let (stderr_front, stderr) = pipe()?;
    // Each end is an open file of its own: the program's ends stay blocking.
    for end in [&stdin_front, &stdout_front, &stderr_front] {
        fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    }
    let front = StageEnds {
        stdin: stdin_front,
        stdout: stdout_front,
        stderr: stderr_front,
    };
    Ok(([stdin, stdout, stderr], front))
}
