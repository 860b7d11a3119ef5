//! Log lines of warden and front, on stderr. Nothing a user submitted or a program wrote is ever in one.
//!
//! Logging is best effort: whoever reads stderr may stall, leave, or be a full disk, and neither the warden's loop nor
//! the front may wait for that or die of it. A line that does not go out at once is lost.

use crate::config::LogFormat;
use nix::fcntl::{OFlag, open};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::stat::{Mode, SFlag, fstat};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use tracing::level_filters::LevelFilter;

/// Starts logging. Once per process.
pub(crate) fn start(level: LevelFilter, format: LogFormat) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(Stderr::new)
        .with_target(false);
    match format {
        LogFormat::Text => lines.with_ansi(false).init(),
        LogFormat::Json => lines.json().init(),
    }
}

/// Opens stderr anew, non-blocking, where it is a pipe or a terminal: setting the flag on what was inherited would
/// set it for every other process that has it too. What is started later inherits the new one. A file never stalls
/// for a reader, and for a socket each call says that it does not wait.
pub(crate) fn never_wait_for_stderr() {
    let kind = fstat(io::stderr().as_fd())
        .map(|stat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT);
    if !matches!(kind, Ok(SFlag::S_IFIFO | SFlag::S_IFCHR)) {
        return;
    }
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    // Where it can't be opened anew, the old one is as good as before.
    if let Ok(anew) = open("/proc/self/fd/2", flags, Mode::empty()) {
        nix::unistd::dup2_stderr(anew).ok();
    }
}

/// Stderr, which takes what it can take now and forgets the rest.
#[derive(Debug)]
struct Stderr;

impl Stderr {
    const fn new() -> Self {
        Self
    }
}

impl io::Write for Stderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let stderr = io::stderr();
        // The subscriber reports a failed write on stderr, and panics when that fails too: so there is none.
        let sent = send(
            stderr.as_raw_fd(),
            line,
            MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
        );
        if sent == Err(nix::errno::Errno::ENOTSOCK) {
            nix::unistd::write(stderr, line).ok();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_line_is_always_taken() {
        assert_eq!(Stderr.write(b"").unwrap(), 0);
        assert!(Stderr.flush().is_ok());
    }
}
