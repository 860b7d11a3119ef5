//! Watches a running stage: feeds it, reads it, and ends it at the limits that are kept here and not by the kernel.

use super::error::JobError;
use super::output::{Output, Stream};
use super::phase::Ending;
use super::thrashing::{self, Thrashing};
use crate::limits::StageLimits;
use crate::pool::{Jail, Meter, Pipes};
use jail::proto::{End, FromInit, ProtoError};
use std::io;
use std::os::fd::AsFd;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::time::{Instant, sleep, sleep_until};

/// Bytes read at once from a pipe; what a pipe holds by default.
const CHUNK: usize = 64 * 1024;

/// The least time between two looks at the cpu clock: a limit is hit within about this.
const CPU_LOOK: Duration = Duration::from_millis(2);

/// What init tells of a stage that ended by itself.
pub(super) struct Told {
    pub(super) wall: Duration,
    /// The most memory that any one process had resident, in bytes.
    pub(super) largest: u64,
}

/// The limits that are kept here.
pub(super) struct Watch<'a> {
    pub(super) limits: StageLimits,
    /// Cores of the host.
    pub(super) cores: u32,
    /// When the stage was started.
    pub(super) since: Instant,
    pub(super) meter: &'a Meter,
}

impl Watch<'_> {
    async fn wall_time(&self) {
        sleep_until(self.since + self.limits.wall).await;
    }

    /// Ends when the program does nothing but read its own files again and again.
    async fn thrashes(&self) {
        let mut thrashing = Thrashing::new(self.limits.memory);
        loop {
            sleep(thrashing::LOOK).await;
            let Ok(usage) = self.meter.read().await else {
                continue;
            };
            if thrashing.shows(usage.read_back) {
                return;
            }
        }
    }

    /// Ends when the processor time is used up. Looks first when it could be at the earliest, on all cores.
    async fn cpu_time(&self) {
        let mut left = self.limits.cpu;
        loop {
            sleep((left / self.cores.max(1)).max(CPU_LOOK)).await;
            // One that can't be asked has most likely ended, which is noticed elsewhere; if not, the next look tells.
            let Ok(usage) = self.meter.read().await else {
                continue;
            };
            left = self.limits.cpu.saturating_sub(usage.cpu);
            if left.is_zero() {
                return;
            }
        }
    }
}

/// Until the program has ended or must be ended. Also gives the wall time as init measured it, where it did.
pub(super) async fn supervise(
    jail: &mut Jail,
    pipes: Pipes,
    input: &[u8],
    output: &mut Output,
    watch: &Watch<'_>,
) -> Result<(Ending, Option<Told>), JobError> {
    let Pipes {
        stdin,
        mut stdout,
        mut stderr,
    } = pipes;
    let (mut out, mut err) = (vec![0; CHUNK], vec![0; CHUNK]);
    let (mut out_open, mut err_open, mut feeding) = (true, true, true);
    let mut ended = pin!(jail.hear());
    let mut feed = pin!(feed(stdin, input));
    let mut wall = pin!(watch.wall_time());
    let mut cpu = pin!(watch.cpu_time());
    let mut thrashes = pin!(watch.thrashes());
    loop {
        tokio::select! {
            message = &mut ended => return finish(message, [(&stdout, Stream::Stdout), (&stderr, Stream::Stderr)], output),
            () = &mut wall => return Ok((Ending::WallTime, None)),
            () = &mut cpu => return Ok((Ending::CpuTime, None)),
            () = &mut thrashes => return Ok((Ending::Memory, None)),
            () = &mut feed, if feeding => feeding = false,
            read = stdout.read(&mut out), if out_open => {
                let bytes = taken(&out, read);
                out_open = !bytes.is_empty();
                if !output.push(Stream::Stdout, bytes) {
                    return Ok((Ending::Output(Stream::Stdout), None));
                }
            }
            read = stderr.read(&mut err), if err_open => {
                let bytes = taken(&err, read);
                err_open = !bytes.is_empty();
                if !output.push(Stream::Stderr, bytes) {
                    return Ok((Ending::Output(Stream::Stderr), None));
                }
            }
        }
    }
}

/// What was read; nothing at the end of the stream, and after an error, which pipes do not have.
fn taken(buffer: &[u8], read: io::Result<usize>) -> &[u8] {
    buffer.get(..read.unwrap_or(0)).unwrap_or_default()
}

/// Writes all of stdin and closes it. A program that does not read it is free not to.
async fn feed(mut stdin: Sender, bytes: &[u8]) {
    stdin.write_all(bytes).await.ok();
}

/// What init told, and what is still in the pipes. A child that was left running and still writes does not hold the
/// answer back.
fn finish(
    message: Result<FromInit, ProtoError>,
    pipes: [(&Receiver, Stream); 2],
    output: &mut Output,
) -> Result<(Ending, Option<Told>), JobError> {
    let mut too_long = None;
    for (pipe, stream) in pipes {
        if !drain(pipe, stream, output) {
            too_long = Some(Ending::Output(stream));
        }
    }
    match message {
        Ok(FromInit::Ended {
            end,
            wall_ns,
            largest,
            ..
        }) => {
            let ending = match end {
                End::Exited(status) => Ending::Exited(status),
                End::Signaled(signal) => Ending::Signaled(signal),
            };
            Ok((
                too_long.unwrap_or(ending),
                Some(Told {
                    wall: Duration::from_nanos(wall_ns),
                    largest: largest.get(),
                }),
            ))
        }
        Ok(FromInit::Failed(failure)) => Err(failure.into()),
        Ok(
            FromInit::Prepared
            | FromInit::Made { .. }
            | FromInit::Piece(_)
            | FromInit::Collected(_),
        ) => Err(JobError::init_out_of_turn()),
        Err(ProtoError::Io(_)) => Ok((Ending::Lost, None)),
        Err(error) => Err(error.into()),
    }
}

/// Reads what is there now, at most as much as the output may hold. `false`: it is too long.
fn drain(pipe: &Receiver, stream: Stream, output: &mut Output) -> bool {
    let mut buffer = vec![0; CHUNK];
    loop {
        match nix::unistd::read(pipe.as_fd(), &mut buffer) {
            Ok(0) | Err(_) => return true,
            Ok(length) => {
                if !output.push(stream, buffer.get(..length).unwrap_or_default()) {
                    return false;
                }
            }
        }
    }
}
