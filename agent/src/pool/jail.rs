//! A leased jail: the one owner of its control channel and pipes. Dropping it destroys the jail, whatever runs in it.

use super::link::{Link, LinkError};
use crate::warden::protocol::{CREATED_FDS, JailId, Share, StageLimits, ToWarden, Usage};
use jail::proto::{self, Failure, FromInit, Program, ProtoError, Stage, ToInit};
use nix::sys::socket::{MsgFlags, recv};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::time::timeout;

/// How long a program that is started ahead may take until it waits, on a node whose jobs go before it.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// A program is not there ahead of its job.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotPrepared {
    /// Its limits can't be set or read.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Its jail can't be told.
    #[error(transparent)]
    Tell(#[from] ProtoError),
    /// Its init can't go on.
    #[error("the program that was started ahead has ended")]
    Failed(#[from] Failure),
    /// It has ended.
    #[error("the program that was started ahead ended before its job")]
    Ended,
    /// It does not come to wait.
    #[error("the program that was started ahead did not say in time that it waits")]
    Late,
    /// Its init told something else.
    #[error("the jail's init tells what it can't")]
    OutOfTurn,
}

/// The front's ends of a stage's pipes.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(crate) stdin: Sender,
    pub(crate) stdout: Receiver,
    pub(crate) stderr: Receiver,
}

/// A program that can be started before its job comes: the same for all jobs of a runtime with the same limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// Name and version of its runtime, for the figures.
    pub(crate) runtime: Arc<str>,
    /// What is started.
    pub(crate) program: Program,
    /// Of the run stage, which is the only one.
    pub(crate) limits: StageLimits,
}

/// Sets the limits of a jail.
#[derive(Debug)]
pub(crate) struct Limiter {
    id: JailId,
    link: Arc<Link>,
}

impl Limiter {
    /// Sets the limits of the stages that will run, before any of them is started.
    pub(crate) async fn set(&self, limits: [Option<StageLimits>; 2]) -> Result<(), LinkError> {
        self.link.arm(self.id, limits, Share::Full).await
    }

    /// The job of a program that was started ahead is there: it has its full share of the processor from now on. Gives the
    /// processor time that it has used.
    pub(crate) async fn begin(&self) -> Result<Duration, LinkError> {
        Ok(self.link.begin(self.id).await?.cpu)
    }
}

/// Asks what a stage of a jail has used.
#[derive(Debug)]
pub(crate) struct Meter {
    id: JailId,
    link: Arc<Link>,
    stage: Stage,
    /// Processor time that is not the job's.
    before: Duration,
}

impl Meter {
    /// What it has used so far.
    pub(crate) async fn read(&self) -> Result<Usage, LinkError> {
        let mut usage = self.link.usage(self.id, self.stage).await?;
        usage.cpu = usage.cpu.saturating_sub(self.before);
        Ok(usage)
    }
}

/// A jail for one job.
#[derive(Debug)]
pub(crate) struct Jail {
    id: JailId,
    link: Arc<Link>,
    control: UnixStream,
    pipes: [Option<Pipes>; 2],
    /// Whether its program was started ahead, and its limits are set.
    prepared: bool,
    /// Processor time of the run stage that is not the job's.
    before: Duration,
}

impl Jail {
    /// From the descriptors as [`FromWarden::Created`](crate::warden::protocol::FromWarden) brings them.
    pub(super) fn new(
        id: JailId,
        link: Arc<Link>,
        fds: [OwnedFd; CREATED_FDS],
    ) -> io::Result<Self> {
        let [
            control,
            compile_in,
            compile_out,
            compile_err,
            run_in,
            run_out,
            run_err,
        ] = fds;
        let control = std::os::unix::net::UnixStream::from(control);
        let pipes = |stdin, stdout, stderr| -> io::Result<Option<Pipes>> {
            Ok(Some(Pipes {
                stdin: Sender::from_owned_fd(stdin)?,
                stdout: Receiver::from_owned_fd(stdout)?,
                stderr: Receiver::from_owned_fd(stderr)?,
            }))
        };
        Ok(Self {
            id,
            link,
            control: UnixStream::from_std(control)?,
            pipes: [
                pipes(compile_in, compile_out, compile_err)?,
                pipes(run_in, run_out, run_err)?,
            ],
            prepared: false,
            before: Duration::ZERO,
        })
    }

    /// Whether its init lives and has said nothing more, as it does until its job comes.
    pub(super) fn is_silent(&self) -> bool {
        let mut byte = [0u8; 1];
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        matches!(
            recv(self.control.as_raw_fd(), &mut byte, flags),
            Err(nix::errno::Errno::EAGAIN)
        )
    }

    /// Starts a program ahead of its job, and waits until it waits. Gives what it uses by then.
    pub(super) async fn prepare(&mut self, ahead: &Ahead) -> Result<Usage, NotPrepared> {
        let limits = [None, Some(ahead.limits)];
        self.link.arm(self.id, limits, Share::Least).await?;
        self.prepared = true;
        self.send(&ToInit::Prepare(ahead.program.clone())).await?;
        let said = timeout(STARTS_WITHIN, self.hear()).await;
        match said.map_err(|_elapsed| NotPrepared::Late)?? {
            FromInit::Prepared => Ok(self.meter(Stage::Run).read().await?),
            FromInit::Failed(failure) => Err(failure.into()),
            FromInit::Ended { .. } => Err(NotPrepared::Ended),
            FromInit::Made { .. } | FromInit::Piece(_) | FromInit::Collected(_) => {
                Err(NotPrepared::OutOfTurn)
            }
        }
    }

    /// Whether its program was started ahead.
    pub(crate) const fn is_prepared(&self) -> bool {
        self.prepared
    }

    /// To set its limits while the jail itself is busy.
    pub(crate) fn limiter(&self) -> Limiter {
        Limiter {
            id: self.id,
            link: Arc::clone(&self.link),
        }
    }

    /// What the program that was started ahead has used until [`Limiter::begin`] is not counted.
    pub(crate) fn begun(&mut self, before: Duration) {
        self.before = before;
    }

    /// To ask what a stage has used while the jail itself is busy.
    pub(crate) fn meter(&self, stage: Stage) -> Meter {
        Meter {
            id: self.id,
            link: Arc::clone(&self.link),
            stage,
            before: match stage {
                Stage::Compile => Duration::ZERO,
                Stage::Run => self.before,
            },
        }
    }

    /// Says something to init.
    pub(crate) async fn send(&mut self, message: &ToInit) -> Result<(), ProtoError> {
        let frame = proto::frame(message)?;
        self.control.write_all(&frame).await.map_err(ProtoError::Io)
    }

    /// What init says next. Not safe to drop halfway: the jail is of no use afterwards.
    pub(crate) async fn hear(&mut self) -> Result<FromInit, ProtoError> {
        self.hear_within(proto::MAX_ANSWER).await
    }

    /// As [`Jail::hear`], for an answer to [`ToInit::Collect`].
    pub(crate) async fn hear_made(&mut self) -> Result<FromInit, ProtoError> {
        self.hear_within(proto::MAX_MADE).await
    }

    async fn hear_within(&mut self, limit: usize) -> Result<FromInit, ProtoError> {
        let mut head = [0u8; 4];
        self.control
            .read_exact(&mut head)
            .await
            .map_err(ProtoError::Io)?;
        let mut body = vec![0u8; proto::body_length(head, limit)?];
        self.control
            .read_exact(&mut body)
            .await
            .map_err(ProtoError::Io)?;
        proto::decode(&body)
    }

    /// The pipes of a stage, once.
    pub(crate) fn take_pipes(&mut self, stage: Stage) -> Option<Pipes> {
        self.pipes.get_mut(stage.index())?.take()
    }
}

impl Drop for Jail {
    fn drop(&mut self) {
        self.link.tell(ToWarden::Destroy(self.id));
    }
}
