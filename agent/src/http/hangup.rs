//! Notices that a client has closed its side, also where the server reads nothing: hyper looks for the end of the
//! stream only while it has no unread bytes of a further request.

use std::io;
use std::os::fd::AsFd;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Watches a connection without reading from it.
#[derive(Debug)]
pub(super) struct Hangup(TcpStream);

impl Hangup {
    /// Watches a stream through a descriptor of its own.
    pub(super) fn watch(stream: &TcpStream) -> io::Result<Self> {
        let fd = stream.as_fd().try_clone_to_owned()?;
        TcpStream::from_std(fd.into()).map(Self)
    }

    /// Ends when the client has closed its side or the connection is lost.
    pub(super) async fn closed(&self) {
        while let Ok(ready) = self.0.ready(Interest::READABLE).await {
            if ready.is_read_closed() {
                return;
            }
            // Bytes that others read: claiming to have found none waits for the next event.
            let none = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
            if self.0.try_io(Interest::READABLE, none).is_ok() {
                return;
            }
        }
    }
}
