//! What host, init and stage holders say to each other, and how it is framed.
//!
//! Three channels, each with its own two message types, so that a role can only say what it may:
//!
//! - setup: the builder (root, host side) and init while the jail is made; SEQPACKET, one message a packet;
//! - control: the front and init once the jail is ready; a stream of frames;
//! - stage: init and a stage holder; a stream of frames.
//!
//! A frame is a length (u32, little endian) and that many bytes of postcard. Every receiver caps the length
//! before it allocates.

use crate::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// The longest frame on the control channel: a piece of a file ([`PIECE`]) or a stage's arguments and environment, of
/// which the kernel takes up to 6 MiB (execve(2), "Limits on size of arguments and environment").
pub const MAX_FRAME: usize = 6 * 1024 * 1024;

/// The longest piece of a file in one [`ToInit::Piece`], in bytes.
pub const PIECE: usize = 512 * 1024;

/// The longest frame that init, or a stage holder, sends: a few numbers. Whoever hears a jail gives it no more memory
/// than that, whatever a jail that was taken over announces.
pub const MAX_ANSWER: usize = 64;

/// The longest frame of what a compile stage made: a piece of a file, or a name. Taken only by who has asked for it.
pub const MAX_MADE: usize = PIECE + MAX_ANSWER;

/// The longest packet on the setup channel.
pub(crate) const MAX_PACKET: usize = 8 * 1024;

/// The stages of a job. Each has its own cgroup, its own three pipes and its own holder process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Source files to a program.
    Compile,
    /// The program itself.
    Run,
}

impl Stage {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Compile, Self::Run];

    /// Position in [`Stage::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Compile => 0,
            Self::Run => 1,
        }
    }

    /// Name of its cgroup folder, and how it is called in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Run => "run",
        }
    }
}

/// How a jail is made; the same for all jails of a node but for `ids`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Host folder that becomes the read-only root.
    pub base: PathBuf,
    /// Host folder of runtime packages, seen at `/piston/packages`, read-only.
    pub packages: PathBuf,
    /// Host uids (and equal gids) of this jail.
    pub ids: HostIds,
    /// Inode of the host's network namespace, which the jail must not be in.
    pub host_network: u64,
    /// Size of the tmpfs at /box.
    pub box_size: Bytes,
    /// Size of each of the tmpfs at /tmp and /dev/shm.
    pub tmp_size: Bytes,
    /// Inodes of each tmpfs.
    pub inodes: u32,
}

/// The two host uids of one jail; each gid equals its uid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostIds {
    /// Who init and the waiting stage holders are.
    pub init: u32,
    /// Who the program is.
    pub program: u32,
}

/// Builder to init.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum FromBuilder {
    /// First message.
    Setup(Setup),
    /// The uid and gid maps of the new user namespace are written.
    Mapped,
    /// The stage holders are in their cgroups.
    Attached,
}

/// Init to builder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum ToBuilder {
    /// The user namespace is entered: write its maps.
    WantMaps,
    /// Sent by a holder itself; the pid comes from the kernel, attached to the packet.
    Holder(Stage),
    /// The jail waits for its job.
    Ready,
    /// A step failed; init exits.
    Failed(Failure),
}

/// A step that failed and the errno it failed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{step:?} failed: {}", io::Error::from_raw_os_error(*errno))]
pub struct Failure {
    /// What was tried.
    pub step: Step,
    /// The kernel's answer; 0 where there was none.
    pub errno: i32,
}

/// The steps of making and using a jail that can fail, as they are reported across process borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name is the step")]
pub enum Step {
    Cgroup,
    Pipes,
    Sockets,
    Clone,
    Exec,
    Handshake,
    Hostname,
    Loopback,
    NetworkCheck,
    Mounts,
    PivotRoot,
    UserNamespace,
    UidMaps,
    Identity,
    Capabilities,
    Landlock,
    Seccomp,
    Holder,
    Ahead,
    Attach,
    Files,
    Limits,
    Sweep,
    Builder,
}

/// Tags an error with the step it belongs to.
pub(crate) trait At<T> {
    fn at(self, step: Step) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            step,
            errno: error.into().raw_os_error().unwrap_or(0),
        })
    }
}

/// Front to init.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToInit {
    /// Makes a new, empty file below /box/submission, with the folders on the way.
    File {
        /// Relative, of plain components only; checked again by init and by the kernel.
        name: String,
        /// Permissions, of which those in [`MODES`] count.
        mode: u32,
    },
    /// Appends to the file made last.
    Piece(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Has the program of the run stage start ahead of the job, before any file and once. On descriptor 63, a stream, it
    /// writes a byte when it is ready, which [`FromInit::Prepared`] tells, and waits for the words of [`ToInit::Go`].
    Prepare(Program),
    /// The job is there: has the prepared program go on. Its end is told by [`FromInit::Ended`].
    Go {
        /// What it reads, each ended by a NUL, up to the end of the descriptor.
        words: Vec<String>,
    },
    /// Starts a stage; its program's end is told by [`FromInit::Ended`].
    Start {
        /// Which one; each at most once, compile before run.
        stage: Stage,
        /// What to execute.
        program: Program,
    },
    /// After the compile stage, when nothing of it lives: asks for the files in the submission folder, those that were sent
    /// among them. Answer: [`FromInit::Made`] and [`FromInit::Piece`] for each, then [`FromInit::Collected`].
    Collect {
        /// No more files than this.
        files: u32,
        /// No more bytes in all of them than this.
        bytes: Bytes,
    },
}

/// The permissions that a file of a submission may have: those that init's umask leaves as they are.
pub const MODES: u32 = 0o755;

/// What a stage executes, and under which rlimits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Argument vector; the first names the executable by absolute path.
    pub argv: Vec<String>,
    /// Environment as `KEY=value`, complete.
    pub env: Vec<String>,
    /// Open files of one process.
    pub open_files: u32,
    /// Processes and threads.
    pub processes: u32,
    /// Bytes of one written file.
    pub file_size: Bytes,
}

/// Init to front.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromInit {
    /// A step failed; the jail is of no use any more.
    Failed(Failure),
    /// The program that was started ahead waits for its job.
    Prepared,
    /// The main process of the stage has ended. After compile, what it left behind is killed, but may be dying yet.
    Ended {
        /// Which stage.
        stage: Stage,
        /// How it ended.
        end: End,
        /// From its start, or from the go, to its end, in nanoseconds.
        wall_ns: u64,
        /// The most memory that any one process of it had resident.
        largest: Bytes,
    },
    /// A file follows.
    Made {
        /// As in [`ToInit::File`].
        name: String,
        /// Its permissions, all in [`MODES`].
        mode: u32,
    },
    /// More of the file named last.
    Piece(#[serde(with = "serde_bytes")] Vec<u8>),
    /// That was what there is.
    Collected(Collected),
}

/// Whether what was sent is all that the compile stage has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Collected {
    /// It is: written into a blank jail it is the same folder.
    All,
    /// There is more than was asked for, something else than files in folders with plain permissions, or something outside of
    /// the submission folder.
    NotAll,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Exit status 0-255.
    Exited(i32),
    /// Killed by this signal number.
    Signaled(i32),
}

/// Init to a stage holder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum ToHolder {
    /// It is in its cgroup: finish preparing.
    Attached,
    /// Become the program.
    Start(Program),
    /// Become the program, with the channel on which it waits as descriptor 63.
    Prepare(Program),
}

/// A stage holder to init.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum FromHolder {
    /// Prepared; waits for [`ToHolder::Start`].
    Ready,
    /// Could not become the program; exits.
    Failed(Failure),
}

/// A message did not decode, was too long, or the peer is gone.
#[derive(Debug, thiserror::Error)]
pub enum ProtoError {
    /// More bytes announced than the receiver takes.
    #[error("frame of {0} bytes is over the limit")]
    TooLong(usize),
    /// The bytes are no message of this channel.
    #[error("message can't be decoded")]
    Decode(#[source] postcard::Error),
    /// The message can't be written down.
    #[error("message can't be encoded")]
    Encode(#[source] postcard::Error),
    /// The socket failed or was closed.
    #[error("channel closed")]
    Io(#[source] io::Error),
}

impl From<ProtoError> for io::Error {
    fn from(error: ProtoError) -> Self {
        match error {
            ProtoError::Io(error) => error,
            // EPROTO, so that the step and an errno still cross the next border.
            _ => Self::from_raw_os_error(libc::EPROTO),
        }
    }
}

/// Writes one message down as a frame.
///
/// # Errors
/// [`ProtoError::TooLong`] when the receiver would refuse it.
pub fn frame<M: Serialize>(message: &M) -> Result<Vec<u8>, ProtoError> {
    let body = postcard::to_allocvec(message).map_err(ProtoError::Encode)?;
    let length = u32::try_from(body.len())
        .ok()
        .filter(|_| body.len() <= MAX_FRAME)
        .ok_or(ProtoError::TooLong(body.len()))?;
    let mut frame = Vec::with_capacity(body.len() + 4);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&body);
    Ok(frame)
}

/// Length of a frame's body from its four-byte head, at most `limit`: [`MAX_FRAME`], [`MAX_ANSWER`] or [`MAX_MADE`].
///
/// # Errors
/// [`ProtoError::TooLong`] past the limit.
pub fn body_length(head: [u8; 4], limit: usize) -> Result<usize, ProtoError> {
    usize::try_from(u32::from_le_bytes(head))
        .ok()
        .filter(|length| *length <= limit)
        .ok_or(ProtoError::TooLong(u32::from_le_bytes(head) as usize))
}

/// Reads a message back from a frame's body.
///
/// # Errors
/// [`ProtoError::Decode`] when the bytes are no such message.
pub fn decode<M: DeserializeOwned>(body: &[u8]) -> Result<M, ProtoError> {
    postcard::from_bytes(body).map_err(ProtoError::Decode)
}

/// Sends one message over a blocking stream.
pub(crate) fn send<M: Serialize>(stream: &mut impl Write, message: &M) -> Result<(), ProtoError> {
    let frame = frame(message)?;
    stream.write_all(&frame).map_err(ProtoError::Io)
}

/// Receives one message, of `limit` bytes at most, from a blocking stream.
pub(crate) fn receive<M: DeserializeOwned>(
    stream: &mut impl Read,
    limit: usize,
) -> Result<M, ProtoError> {
    let mut head = [0u8; 4];
    stream.read_exact(&mut head).map_err(ProtoError::Io)?;
    let mut body = vec![0u8; body_length(head, limit)?];
    stream.read_exact(&mut body).map_err(ProtoError::Io)?;
    decode(&body)
}

#[cfg(test)]
mod tests;
