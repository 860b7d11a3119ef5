//! The descriptors that init starts with, and its end of the setup channel.

use crate::proto::{At, Failure, FromBuilder, MAX_PACKET, ProtoError, Step, ToBuilder, decode};
use crate::sys;
use nix::sys::socket::{MsgFlags, recv, send};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

/// Number of the first descriptor that init is given: setup, control, then three pipe ends per stage.
pub(crate) const FIRST_FD: RawFd = 3;

/// Read end of stdin, write ends of stdout and stderr.
pub(super) type Stdio = [OwnedFd; 3];

/// Everything that the process was started with.
pub(super) struct Inherited {
    pub(super) builder: Builder,
    pub(super) control: UnixStream,
    /// By [`Stage::index`](crate::proto::Stage::index).
    pub(super) stdio: [Stdio; 2],
}

impl Inherited {
    pub(super) fn take() -> io::Result<Self> {
        let fd = |offset| sys::inherited(FIRST_FD + offset);
        Ok(Self {
            builder: Builder(fd(0)?),
            control: UnixStream::from(fd(1)?),
            stdio: [[fd(2)?, fd(3)?, fd(4)?], [fd(5)?, fd(6)?, fd(7)?]],
        })
    }
}

/// Init's end of the setup channel: it can only say [`ToBuilder`] and hear [`FromBuilder`].
pub(super) struct Builder(OwnedFd);

impl Builder {
    pub(super) fn send(&self, message: &ToBuilder) -> Result<(), Failure> {
        let packet = postcard::to_allocvec(message)
            .map_err(ProtoError::Encode)
            .at(Step::Handshake)?;
        send(self.0.as_raw_fd(), &packet, MsgFlags::MSG_NOSIGNAL).at(Step::Handshake)?;
        Ok(())
    }

    pub(super) fn receive(&self) -> Result<FromBuilder, Failure> {
        let mut packet = [0u8; MAX_PACKET];
        let length =
            recv(self.0.as_raw_fd(), &mut packet, MsgFlags::empty()).at(Step::Handshake)?;
        decode(packet.get(..length).unwrap_or_default()).at(Step::Handshake)
    }
}
