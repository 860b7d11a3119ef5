//! One stage of a job: starts it, feeds it, reads it, ends it at its limits. Compile and run are two configurations
//! of the same thing.

use super::error::JobError;
use super::output::{Finished, Output, Stream};
use super::request::Job;
use super::supervise::{Watch, supervise};
use crate::limits::{Ceilings, StageLimits};
use crate::pool::{Jail, Meter};
use crate::warden::protocol::Usage;
use jail::Bytes;
use jail::proto::{Program, Stage, ToInit};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long the killed children of a compiler may take to disappear, and between two looks.
const SETTLE: Duration = Duration::from_secs(5);
const SETTLE_PAUSE: Duration = Duration::from_millis(1);

/// What the health probe's program may take on a host that is very busy.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// `PATH` of a stage whose package sets none.
const PATH: &str = "PATH=/usr/local/bin:/usr/bin:/bin";

/// A stage ready to start.
pub(super) struct Phase {
    stage: Stage,
    program: Program,
    stdin: Vec<u8>,
    limits: StageLimits,
    output_limit: usize,
    cores: u32,
}

/// How a stage ended and what it used.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) ending: Ending,
    pub(super) output: Finished,
    pub(super) wall: Duration,
    pub(super) usage: Usage,
}

/// What ended a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// Its wall-clock time was over.
    WallTime,
    /// Its processor time was over.
    CpuTime,
    /// It wrote too much to this stream.
    Output(Stream),
    /// A process was killed for want of memory, or had none left to go on with.
    Memory,
    /// The jail died under it.
    Lost,
}

impl Ending {
    /// Whether the stage ended by itself, so that another one may follow in the same jail.
    const fn is_own(self) -> bool {
        matches!(self, Self::Exited(_) | Self::Signaled(_))
    }
}

impl Outcome {
    pub(super) fn is_success(&self) -> bool {
        self.ending == Ending::Exited(0)
    }
}

impl Phase {
    /// The compile stage, if the runtime has one: all sources, in order.
    pub(super) fn compile(job: &Job, cores: u32) -> Option<Self> {
        let sources = job.files.iter().filter(|file| file.is_source);
        let mut argv = job.runtime.compile.clone()?;
        argv.extend(sources.map(|file| file.name.as_str().to_owned()));
        Some(Self::new(job, Stage::Compile, argv, vec![b'\n'], cores))
    }

    /// The run stage: the main file and the arguments.
    pub(super) fn run_stage(job: &Job, cores: u32) -> Self {
        let mut argv = job.runtime.run.clone();
        argv.extend(
            job.files
                .get(job.main)
                .map(|file| file.name.as_str().to_owned()),
        );
        argv.extend(job.args.iter().cloned());
        Self::new(job, Stage::Run, argv, job.stdin.clone(), cores)
    }

    fn new(job: &Job, stage: Stage, argv: Vec<String>, stdin: Vec<u8>, cores: u32) -> Self {
        let limits = *job.limits(stage);
        let runtime = &job.runtime.limits;
        let program = Program {
            argv,
            env: environment(job, &limits),
            open_files: runtime.open_files,
            processes: runtime.processes,
            file_size: file_size(runtime.file_size),
        };
        Self {
            stage,
            program,
            stdin,
            limits,
            output_limit: runtime.output,
            cores,
        }
    }

    /// The smallest program there is.
    pub(super) fn probe(ceilings: &Ceilings) -> Self {
        let program = Program {
            argv: vec!["/usr/bin/true".to_owned()],
            env: vec![PATH.to_owned()],
            open_files: 64,
            processes: 8,
            file_size: Bytes::mib(1),
        };
        let limits = StageLimits {
            wall: PROBE_TIME,
            cpu: PROBE_TIME,
            memory: ceilings.memory,
        };
        Self {
            stage: Stage::Run,
            program,
            stdin: Vec::new(),
            limits,
            output_limit: 1024,
            cores: 1,
        }
    }

    /// Runs it to its end.
    pub(super) async fn run(self, jail: &mut Jail) -> Result<Outcome, JobError> {
        let pipes = jail
            .take_pipes(self.stage)
            .ok_or(JobError::stage_used_twice())?;
        let meter = jail.meter(self.stage);
        let mut output = Output::new(self.output_limit);
        let start = ToInit::Start {
            stage: self.stage,
            program: self.program,
        };
        let since = Instant::now();
        // An init that stands still takes no longer messages.
        let sent = timeout(self.limits.wall, jail.send(&start)).await;
        let watch = Watch {
            limits: self.limits,
            cores: self.cores,
            since,
            meter: &meter,
        };
        let (ending, told) = match sent {
            Ok(sent) => {
                sent?;
                supervise(jail, pipes, &self.stdin, &mut output, &watch).await?
            }
            Err(_elapsed) => (Ending::WallTime, None),
        };
        let wall = told
            .as_ref()
            .map_or_else(|| since.elapsed(), |told| told.wall);
        let mut usage = if ending.is_own() {
            settled(&meter, self.stage).await?
        } else {
            meter.read().await?
        };
        if !usage.is_peak {
            // This kernel keeps no peak, and of what has ended nothing is left.
            usage.memory_peak = usage.memory_peak.max(told.map_or(0, |told| told.largest));
        }
        // Whatever else it looks like: when the kernel had to kill for memory, that is why it ended.
        let ending = if usage.out_of_memory {
            Ending::Memory
        } else {
            ending
        };
        Ok(Outcome {
            ending,
            output: output.finish(),
            wall,
            usage,
        })
    }
}

/// Piston hands its limit to its sandbox in thousands, which takes them for KiB: 10,000,000 bytes allow 10,240,000.
fn file_size(configured: Bytes) -> Bytes {
    Bytes(configured.get().div_ceil(1000).saturating_mul(1024))
}

/// What a stage used, read when nothing of it is left: no process of compile may see run. The run stage is followed
/// by the end of the jail, so nobody waits for what it left behind.
async fn settled(meter: &Meter, stage: Stage) -> Result<Usage, JobError> {
    let end = Instant::now() + SETTLE;
    loop {
        let usage = meter.read().await?;
        if !usage.alive || stage == Stage::Run {
            return Ok(usage);
        }
        if Instant::now() > end {
            return Err(JobError::stage_left_processes());
        }
        sleep(SETTLE_PAUSE).await;
    }
}

/// `HOME` and `PISTON_LANGUAGE` are Piston's; a UTF-8 locale is ours (Java prints `?` without one); the memory limit
/// is for start scripts, which size heaps by it.
fn environment(job: &Job, limits: &StageLimits) -> Vec<String> {
    let mut env: Vec<String> = job
        .runtime
        .env
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if !env.iter().any(|entry| entry.starts_with("PATH=")) {
        env.push(PATH.to_owned());
    }
    env.push("HOME=/tmp".to_owned());
    env.push("LANG=C.UTF-8".to_owned());
    env.push(format!("PISTON_LANGUAGE={}", job.runtime.language));
    env.push(format!("CAPSULE_MEMORY_LIMIT={}", limits.memory.get()));
    env
}
