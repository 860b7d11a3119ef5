//! Init's one job: take the files, start the stages, tell how they ended.

use super::collect::{Elsewhere, collect};
use super::files::Files;
use super::holder::Holder;
use super::reaper::Reaper;
use super::{identity, protocol};
use crate::proto::{
    At, Failure, FromInit, MAX_FRAME, ProtoError, Stage, Step, ToInit, receive, send,
};
use crate::sys::process::Dead;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

struct Running {
    stage: Stage,
    since: Instant,
}

/// Init with everything it needs open: after it is confined it opens nothing but submitted files.
pub(super) struct Service {
    control: UnixStream,
    holders: [Holder; 2],
    reaper: Reaper,
    files: Files,
    elsewhere: Elsewhere,
    running: Option<Running>,
    /// Where in its one job this is.
    stage: Progress,
    /// How far the program of the run stage is that was started ahead.
    ahead: Ahead,
}

/// A program that is started ahead of its job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ahead {
    /// There is none.
    None,
    /// It has not come to wait yet.
    Starting,
    /// It waits.
    Ready,
}

/// The order of a job: files, then compile, then run, any of them left out, none twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Files,
    Compiled,
    Ran,
}

impl From<Stage> for Progress {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Compile => Self::Compiled,
            Stage::Run => Self::Ran,
        }
    }
}

impl Service {
    pub(super) fn new(control: UnixStream, holders: [Holder; 2]) -> Result<Self, Failure> {
        Ok(Self {
            control,
            holders,
            reaper: Reaper::new()?,
            files: Files::open()?,
            elsewhere: Elsewhere::open()?,
            running: None,
            stage: Progress::Files,
            ahead: Ahead::None,
        })
    }

    /// Serves until the control channel closes; then init ends, and with it everything in the jail.
    pub(super) fn run(mut self) -> Result<(), Failure> {
        loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(failure) => {
                    send(&mut self.control, &FromInit::Failed(failure)).at(Step::Handshake)?;
                    return Err(failure);
                }
            }
        }
    }

    /// Waits for one event and deals with it. `false`: the channel is closed.
    fn step(&mut self) -> Result<bool, Failure> {
        let run = &self.holders[Stage::Run.index()];
        let starting = run.says_ready().filter(|_| self.ahead == Ahead::Starting);
        let awaited = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut events = [
            awaited(self.control.as_fd()),
            awaited(self.reaper.as_fd()),
            // The same again where there is nothing else to wait for.
            awaited(starting.unwrap_or(self.control.as_fd())),
        ];
        match poll(&mut events, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error).at(Step::Handshake),
        }
        let [control, children, said] = events.map(|event| event.any().unwrap_or(false));
        if children {
            self.collect()?;
        }
        if said && self.ahead == Ahead::Starting {
            self.is_ready()?;
        }
        if control { self.listen() } else { Ok(true) }
    }

    /// None while a program starts: what it does then has no file to meet.
    fn takes_files(&self) -> bool {
        self.stage == Progress::Files && self.ahead != Ahead::Starting
    }

    fn listen(&mut self) -> Result<bool, Failure> {
        match receive(&mut self.control, MAX_FRAME) {
            Ok(ToInit::File { name, mode }) if self.takes_files() => {
                self.files.create(&name, mode)?;
            }
            Ok(ToInit::Piece(piece)) if self.takes_files() => {
                self.files.append(&piece)?;
            }
            Ok(ToInit::Start { stage, program })
                if self.running.is_none()
                    && self.ahead == Ahead::None
                    && self.stage < stage.into() =>
            {
                self.begin(stage);
                self.holders[stage.index()].start(program)?;
            }
            // What compile leaves behind is killed, and a program that waits would be with it. No file of a job is there yet.
            Ok(ToInit::Prepare(program))
                if self.ahead == Ahead::None
                    && self.stage == Progress::Files
                    && !self.files.is_writing() =>
            {
                self.ahead = Ahead::Starting;
                self.holders[Stage::Run.index()].start_ahead(program)?;
            }
            Ok(ToInit::Go { words })
                if self.ahead == Ahead::Ready && self.stage == Progress::Files =>
            {
                self.begin(Stage::Run);
                self.holders[Stage::Run.index()].go(&words)?;
            }
            Ok(ToInit::Collect { files, bytes })
                if self.running.is_none() && self.stage == Progress::Compiled =>
            {
                let most = (files, bytes);
                collect(&self.files, &self.elsewhere, most, &mut self.control)?;
            }
            Ok(_) => return Err(protocol()),
            Err(ProtoError::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                return Ok(false);
            }
            Err(error) => return Err(error).at(Step::Handshake),
        }
        Ok(true)
    }

    /// The program that is started ahead says that it waits, or has closed the channel and is of no use.
    fn is_ready(&mut self) -> Result<(), Failure> {
        if !self.holders[Stage::Run.index()].is_ready() {
            return Err(Failure {
                step: Step::Ahead,
                errno: libc::EPIPE,
            });
        }
        self.ahead = Ahead::Ready;
        send(&mut self.control, &FromInit::Prepared).at(Step::Handshake)
    }

    fn begin(&mut self, stage: Stage) {
        self.stage = stage.into();
        self.files.finish();
        self.running = Some(Running {
            stage,
            since: Instant::now(),
        });
    }

    /// Collects the dead. Only the holder of the running stage may be among them; without one that still waits for its
    /// stage the jail is of no use, and whoever has it had better know at once.
    fn collect(&mut self) -> Result<(), Failure> {
        let running = self.running.as_ref().map(|running| running.stage.index());
        let (mut of_stage, mut lost) = (None, None);
        let holders = &self.holders;
        self.reaper.collect(|dead| {
            match holders
                .iter()
                .position(|holder| holder.pid == Some(dead.pid))
            {
                Some(index) if Some(index) == running => of_stage = Some(dead),
                Some(index) => lost = Some(index),
                // An orphan of the program's, handed to pid 1.
                None => {}
            }
        })?;
        if let Some(holder) = lost {
            let failure = self.holders.get_mut(holder).and_then(Holder::failure);
            return Err(failure.unwrap_or(Failure {
                step: Step::Holder,
                errno: libc::ESRCH,
            }));
        }
        match (of_stage, self.running.take()) {
            (Some(dead), Some(running)) => self.ended(&running, &dead),
            (_, running) => {
                self.running = running;
                Ok(())
            }
        }
    }

    fn ended(&mut self, running: &Running, dead: &Dead) -> Result<(), Failure> {
        let wall = running.since.elapsed();
        let holder = &mut self.holders[running.stage.index()];
        holder.pid = None;
        if let Some(failure) = holder.failure() {
            return Err(failure);
        }
        // After the last stage the jail is destroyed at once, which kills what is left more surely than this.
        if running.stage == Stage::Compile {
            identity::kill_program_processes()?;
        }
        let wall_ns = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
        let message = FromInit::Ended {
            stage: running.stage,
            end: dead.end,
            wall_ns,
            largest: dead.largest,
        };
        send(&mut self.control, &message).at(Step::Handshake)
    }
}
