//! What front and warden say to each other: a few fixed messages, one per SEQPACKET packet, capped in length.
//!
//! Nothing a client wrote is in them: a jail is a number that the warden gave out, limits are numbers that it caps.

pub(crate) use jail::cgroup::Share;
use jail::proto::{Failure, Stage};
use jail::{Bytes, cgroup};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

/// The longest packet in either direction, in bytes.
pub(crate) const MAX_PACKET: usize = 512;

/// Number of a jail, never given twice by one warden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct JailId(pub(crate) u64);

/// Number of a question, chosen by the front, repeated in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct RequestId(pub(crate) u64);

/// Front to warden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ToWarden {
    /// The front accepts connections.
    Serving,
    /// Make a blank jail. Answer: `Created` or `NotCreated`.
    Create(RequestId),
    /// Set the limits of the stages that will run, once, and the jail's share of the processor. Answer: `Armed` or
    /// `NoSuchJail`.
    Arm(RequestId, JailId, [Option<StageLimits>; 2], Share),
    /// Give the jail its full share, and read what its run stage has used. Answer: `Used` or `NoSuchJail`.
    Begin(RequestId, JailId),
    /// Read what a stage has used. Answer: `Used` or `NoSuchJail`.
    Usage(RequestId, JailId, Stage),
    /// Kill and remove. No answer.
    Destroy(JailId),
    /// With a socket: start a process that lists or changes packages as is said on it. Answer: `Supplied`.
    Supply(RequestId, Purpose),
    /// The answer to [`FromWarden::Ping`].
    Alive,
    /// The answer to [`FromWarden::RuntimesChanged`]: from now on jobs get those.
    RuntimesRead,
}

/// What a process for packages is started for: one for each at once, so that lists, which anybody may ask for, keep no
/// change waiting. That it keeps to it matters to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// To say what there is.
    List,
    /// To install or remove.
    Change,
}

/// Warden to front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FromWarden {
    /// With the descriptors: control channel, then stdin, stdout, stderr of compile and of run.
    Created(RequestId, JailId),
    /// The step that failed.
    NotCreated(RequestId, Failure),
    /// The limits hold.
    Armed(RequestId),
    /// What the stage has used.
    Used(RequestId, Usage),
    /// There is no such jail (any more), or its cgroup did not answer.
    NoSuchJail(RequestId),
    /// The process for packages has ended, or there was none, and the runtimes are those of the store, or not.
    Supplied(RequestId, bool),
    /// Stop accepting, finish what runs, exit.
    Drain,
    /// Say [`ToWarden::Alive`].
    Ping,
    /// There are other packages now, or some are retired: read them anew, use no blank jail made before.
    RuntimesChanged,
    /// The runtimes are not what was sealed: run nothing more, and say so.
    Unsound,
}

/// Descriptors that come with [`FromWarden::Created`].
pub(crate) const CREATED_FDS: usize = 7;

/// Kernel-enforced limits of one stage. The warden caps memory at the node's ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StageLimits {
    pub(crate) memory: Bytes,
    pub(crate) processes: u32,
}

/// What a stage has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) memory_peak: u64,
    /// Whether that is the peak, or what there is now.
    pub(crate) is_peak: bool,
    pub(crate) out_of_memory: bool,
    pub(crate) forks_refused: bool,
    /// Bytes of files read again since they had been dropped for want of memory.
    pub(crate) read_back: u64,
    /// Something of the stage is still there.
    pub(crate) alive: bool,
}

impl From<cgroup::Usage> for Usage {
    fn from(usage: cgroup::Usage) -> Self {
        Self {
            cpu: usage.cpu,
            memory_peak: usage.memory_peak,
            is_peak: usage.is_peak,
            out_of_memory: usage.oom_kills > 0,
            forks_refused: usage.forks_refused > 0,
            read_back: usage.read_back,
            alive: usage.alive > 0,
        }
    }
}

/// Sends one message with descriptors.
pub(crate) fn send<M: Serialize>(
    socket: BorrowedFd<'_>,
    message: &M,
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let packet = postcard::to_allocvec(message).map_err(io::Error::other)?;
    if packet.len() > MAX_PACKET {
        return Err(io::ErrorKind::InvalidData.into());
    }
    jail::sys::send_with_fds(socket, &packet, fds)
}

/// Receives one message with its descriptors; `None`: the other side is gone.
pub(crate) fn receive<M: DeserializeOwned>(
    socket: BorrowedFd<'_>,
) -> io::Result<Option<(M, Vec<OwnedFd>)>> {
    let mut packet = [0u8; MAX_PACKET];
    let (length, fds) = jail::sys::receive_with_fds(socket, &mut packet)?;
    if length == 0 {
        return Ok(None);
    }
    let bytes = packet.get(..length).unwrap_or_default();
    let message = postcard::from_bytes(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Some((message, fds)))
}

#[cfg(test)]
pub(super) mod tests;
