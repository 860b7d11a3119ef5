//! What connections come over: TCP, or a socket file of this host. Above here nothing knows the difference.

use nix::sys::socket::{Shutdown, setsockopt, shutdown, sockopt};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Where clients come in.
#[derive(Debug)]
pub(crate) enum Listener {
    /// An address and port.
    Tcp(TcpListener),
    /// A socket file.
    Unix(UnixListener),
}

impl Listener {
    /// The next client.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        Poll::Ready(match self {
            Self::Tcp(listener) => {
                ready!(listener.poll_accept(cx)).map(|(tcp, _)| Stream::Tcp(tcp))
            }
            Self::Unix(listener) => {
                ready!(listener.poll_accept(cx)).map(|(unix, _)| Stream::Unix(unix))
            }
        })
    }
}

/// Where a connection is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// A program of this machine, which may be a proxy.
    ThisMachine,
    /// Another machine.
    Elsewhere,
}

/// One connection.
#[derive(Debug)]
pub(super) enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a socket file.
    Unix(UnixStream),
}

impl Stream {
    /// Sends without delay, and has the kernel cut off a client that takes nothing for `patience`. The kernel knows no
    /// such time for socket files: there the times for whole answers and for rests have to do.
    pub(super) fn prepare(&self, patience: Duration) -> io::Result<()> {
        if let Self::Tcp(tcp) = self {
            let patience = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
            tcp.set_nodelay(true)?;
            setsockopt(tcp, sockopt::TcpUserTimeout, &patience)?;
        }
        Ok(())
    }

    /// Where it is from.
    pub(super) fn peer(&self) -> Peer {
        let is_here = match self {
            Self::Tcp(tcp) => tcp
                .peer_addr()
                .is_ok_and(|peer| peer.ip().to_canonical().is_loopback()),
            Self::Unix(_) => true,
        };
        match is_here {
            true => Peer::ThisMachine,
            false => Peer::Elsewhere,
        }
    }

    /// What holds of `interest`, once anything does.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Tcp(tcp) => tcp.ready(interest).await,
            Self::Unix(unix) => unix.ready(interest).await,
        }
    }

    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_read_ready(cx),
            Self::Unix(unix) => unix.poll_read_ready(cx),
        }
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_write_ready(cx),
            Self::Unix(unix) => unix.poll_write_ready(cx),
        }
    }

    fn try_read(&self, buffer: &mut ReadBuf<'_>) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_read_buf(buffer),
            Self::Unix(unix) => unix.try_read_buf(buffer),
        }
    }

    fn try_write(&self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_write_vectored(pieces),
            Self::Unix(unix) => unix.try_write_vectored(pieces),
        }
    }

    fn close_sending(&self) -> io::Result<()> {
        let fd = match self {
            Self::Tcp(tcp) => tcp.as_fd(),
            Self::Unix(unix) => unix.as_fd(),
        };
        Ok(shutdown(fd.as_raw_fd(), Shutdown::Write)?)
    }
}

/// A connection that one part reads and writes while another watches it: one descriptor does for both.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Stream>);

impl Shared {
    /// Shares it.
    pub(super) fn new(stream: Stream) -> Self {
        Self(Arc::new(stream))
    }

    /// Ends when the client has closed its side or the connection is lost. Hyper looks for that only while it has no
    /// unread bytes of a further request. Urgent bytes, which are asked for, never come: that it is closed does.
    pub(super) async fn closed(&self) {
        while let Ok(ready) = self.0.ready(Interest::PRIORITY).await {
            if ready.is_read_closed() {
                return;
            }
        }
    }
}

impl AsyncRead for Shared {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.map(drop)),
            }
        }
    }
}

impl AsyncWrite for Shared {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(pieces) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.close_sending())
    }
}
