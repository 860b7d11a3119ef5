//! Notices that a client has closed its side, also where the server reads nothing: hyper looks for the end of the
//! stream only while it has no unread bytes of a further request.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;

/// Watches a connection without reading from it.
#[derive(Debug)]
pub(super) struct Hangup(AsyncFd<OwnedFd>);

impl Hangup {
    /// Watches a stream through a descriptor of its own.
    pub(super) fn watch(stream: &TcpStream) -> io::Result<Self> {
        let fd = stream.as_fd().try_clone_to_owned()?;
        AsyncFd::with_interest(fd, Interest::READABLE).map(Self)
    }

    /// Ends when the client has closed its side or the connection is lost.
    pub(super) async fn closed(&self) {
        while let Ok(mut event) = self.0.ready(Interest::READABLE).await {
            if event.ready().is_read_closed() {
                return;
            }
            // Bytes that others read: wait for the next event.
            event.clear_ready();
        }
    }
}
