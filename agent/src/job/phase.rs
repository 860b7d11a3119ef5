//! One stage of a job: starts it, feeds it, reads it, ends it at its limits. Compile and run are two configurations
//! of the same thing.

use super::error::JobError;
use super::output::{Finished, Output, Stream};
use super::request::{Job, SourceFile};
use super::supervise::{Watch, supervise};
use crate::catalog::Runtime;
use crate::limits::{Ceilings, StageLimits};
use crate::pool::{Jail, Meter};
use crate::warden::protocol::Usage;
use jail::Bytes;
use jail::init::SUBMISSION;
use jail::proto::{Program, Stage, ToInit};
use packages::{Inputs, JobFile, Warnings};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long the killed children of a compiler may take to disappear, and between two looks.
const SETTLE: Duration = Duration::from_secs(5);
const SETTLE_PAUSE: Duration = Duration::from_millis(1);

/// What the health probe's program may take on a host that is very busy.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// The search path of a stage whose package sets none.
const PATH: (&str, &str) = ("PATH", "/usr/local/bin:/usr/bin:/bin");

/// The locale of a stage whose package sets none.
const LOCALE: (&str, &str) = ("LANG", "C.UTF-8");

/// A stage ready to start.
pub(super) struct Phase {
    stage: Stage,
    program: Program,
    /// What a program that was started ahead is told.
    words: Vec<String>,
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

    /// Whether the program alone decided how it ended: no limit, no signal, and nothing that it asked for was refused.
    pub(super) fn is_its_own(&self) -> bool {
        matches!(self.ending, Ending::Exited(_)) && !self.usage.forks_refused
    }
}

impl Phase {
    /// The compile stage, if the runtime has one.
    pub(super) fn compile(job: &Job, warnings: Warnings, cores: u32) -> Option<Self> {
        Some(Self {
            stage: Stage::Compile,
            program: compiler(job, warnings)?,
            words: Vec::new(),
            stdin: vec![b'\n'],
            limits: job.compile,
            output_limit: job.runtime.limits.output,
            cores,
        })
    }

    /// The run stage.
    pub(super) fn run_stage(job: &Job, cores: u32) -> Self {
        let command = &job.runtime.stages.run;
        let files: Vec<_> = job.files.iter().map(SourceFile::in_folder).collect();
        let inputs = inputs(job, &files, job.run.memory);
        let argv = command.argv(&inputs, &job.runtime.stages.files);
        Self {
            stage: Stage::Run,
            program: program(&job.runtime, argv, &command.env, job.run.memory),
            words: inputs.words(),
            stdin: job.stdin.clone(),
            limits: job.run,
            output_limit: job.runtime.limits.output,
            cores,
        }
    }

    /// The smallest program there is.
    pub(super) fn probe(ceilings: &Ceilings) -> Self {
        let program = Program {
            argv: vec!["/usr/bin/true".to_owned()],
            env: Vec::new(),
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
            words: Vec::new(),
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
        let is_ahead = self.stage == Stage::Run && jail.is_prepared();
        let mut output = Output::new(self.output_limit);
        let start = match is_ahead {
            true => ToInit::Go { words: self.words },
            false => ToInit::Start {
                stage: self.stage,
                program: self.program,
            },
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

/// What the compile stage of a job starts, if there is one.
pub(super) fn compiler(job: &Job, warnings: Warnings) -> Option<Program> {
    let command = &job.runtime.stages.compile.as_ref()?.command;
    let memory = job.compile.memory;
    let files: Vec<_> = job.files.iter().map(SourceFile::in_folder).collect();
    let inputs = Inputs {
        warnings,
        ..inputs(job, &files, memory)
    };
    let argv = command.argv(&inputs, &job.runtime.stages.files);
    Some(program(&job.runtime, argv, &command.env, memory))
}

/// What a command's places are filled with.
pub(super) fn inputs<'a>(job: &'a Job, files: &'a [JobFile<'a>], memory: Bytes) -> Inputs<'a> {
    Inputs {
        files,
        main: job.main,
        args: &job.args,
        memory: memory.get(),
        warnings: Warnings::NotAsked,
    }
}

/// A command of a runtime as a jail executes it.
pub(super) fn program(
    runtime: &Runtime,
    argv: Vec<String>,
    env: &[(String, String)],
    memory: Bytes,
) -> Program {
    let limits = &runtime.limits;
    Program {
        argv,
        env: environment(env, &runtime.language, memory),
        open_files: limits.open_files,
        processes: limits.processes,
        file_size: file_size(limits.file_size),
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

/// The package's variables, and ours, each name once. `HOME` and `PISTON_LANGUAGE` are Piston's, which sets them over what a
/// package says; the memory limit is for start scripts, which size heaps by it; the working folder is what a shell in front would tell. A search path and a UTF-8 locale (Java
/// prints `?` without one) are there where the package has none of its own.
fn environment(package: &[(String, String)], language: &str, memory: Bytes) -> Vec<String> {
    let nodes = [
        ("HOME", "/tmp".to_owned()),
        ("PISTON_LANGUAGE", language.to_owned()),
        ("CAPSULE_MEMORY_LIMIT", memory.get().to_string()),
        ("PWD", SUBMISSION.to_owned()),
    ];
    let has = |name: &str| package.iter().any(|(set, _)| set == name);
    let defaults = [PATH, LOCALE].into_iter();
    let defaults = defaults.filter(|(name, _)| !has(name));
    let own = package
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let own = own.filter(|(name, _)| nodes.iter().all(|(set, _)| set != name));
    let nodes = nodes.iter().map(|(name, value)| (*name, value.as_str()));
    let all = own.chain(defaults).chain(nodes);
    all.map(|(name, value)| format!("{name}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_sets_all_but_what_is_the_nodes() {
        let env = |package: &[(&str, &str)]| {
            let pairs = package.iter();
            let pairs = pairs.map(|&(name, value)| (name.to_owned(), value.to_owned()));
            environment(&pairs.collect::<Vec<_>>(), "c++", Bytes(5)).join(" ")
        };
        assert_eq!(
            env(&[]),
            "PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 HOME=/tmp PISTON_LANGUAGE=c++ CAPSULE_MEMORY_LIMIT=5 PWD=/box/submission"
        );
        assert_eq!(
            env(&[("PATH", "/p"), ("HOME", "/p"), ("LANG", "C"), ("X", "")]),
            "PATH=/p LANG=C X= HOME=/tmp PISTON_LANGUAGE=c++ CAPSULE_MEMORY_LIMIT=5 PWD=/box/submission"
        );
    }
}
