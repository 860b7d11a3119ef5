//! How a job's outcome is told, in Piston's words where Piston has words for it (contract: statuses and messages).

use super::output::Stream;
use super::phase::{Ending, Outcome};
use super::request::Job;
use agent_api::{ExecuteResponse, Limit, StageResult, Status};
use nix::sys::signal::Signal;

/// The answer to a job whose program ran.
pub(super) fn ran(job: &Job, compiled: Option<&Outcome>, ran: &Outcome) -> ExecuteResponse {
    answer(job, compiled.map(stage), stage(ran))
}

/// The answer to a job that did not get past its compiler: `run` repeats `compile`, as clients know it.
pub(super) fn not_compiled(job: &Job, compiled: &Outcome) -> ExecuteResponse {
    answer(job, Some(stage(compiled)), stage(compiled))
}

fn answer(job: &Job, compile: Option<StageResult>, run: StageResult) -> ExecuteResponse {
    ExecuteResponse {
        compile,
        run,
        language: job.runtime.language.clone(),
        version: job.runtime.version.clone(),
    }
}

fn stage(outcome: &Outcome) -> StageResult {
    let verdict = verdict(outcome);
    StageResult {
        signal: verdict.signal,
        stdout: outcome.output.stdout.clone(),
        stderr: outcome.output.stderr.clone(),
        code: verdict.code,
        output: outcome.output.merged.clone(),
        memory: outcome.usage.memory_peak,
        message: verdict.message,
        status: verdict.status,
        cpu_time: milliseconds(outcome.usage.cpu),
        wall_time: milliseconds(outcome.wall),
        limit: verdict.limit,
    }
}

fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Verdict {
    code: Option<i32>,
    signal: Option<String>,
    status: Option<Status>,
    message: Option<String>,
    limit: Option<Limit>,
}

fn verdict(outcome: &Outcome) -> Verdict {
    // A failure after refused forks is most likely because of them.
    let processes = outcome.usage.forks_refused.then_some(Limit::Processes);
    match outcome.ending {
        Ending::Exited(0) => Verdict {
            code: Some(0),
            ..Verdict::default()
        },
        Ending::Exited(code) => Verdict {
            code: Some(code),
            status: Some(Status::RuntimeError),
            message: Some(format!("Exited with error status {code}")),
            limit: processes,
            ..Verdict::default()
        },
        Ending::Signaled(signal) => Verdict {
            signal: Some(signal_name(signal)),
            status: Some(Status::Signal),
            message: Some(format!("Caught fatal signal {signal}")),
            limit: processes,
            ..Verdict::default()
        },
        Ending::WallTime => killed(
            Status::Timeout,
            "Time limit exceeded (wall clock)",
            Some(Limit::Wall),
        ),
        Ending::CpuTime => killed(Status::Timeout, "Time limit exceeded", Some(Limit::Cpu)),
        Ending::Output(Stream::Stdout) => killed(
            Status::OutputLimit,
            "stdout length exceeded",
            Some(Limit::Output),
        ),
        Ending::Output(Stream::Stderr) => killed(
            Status::ErrorOutputLimit,
            "stderr length exceeded",
            Some(Limit::Output),
        ),
        Ending::Memory => killed(Status::Signal, "Memory limit exceeded", Some(Limit::Memory)),
        Ending::Lost => killed(
            Status::Internal,
            "The sandbox was killed from outside",
            None,
        ),
    }
}

fn killed(status: Status, message: &str, limit: Option<Limit>) -> Verdict {
    Verdict {
        code: None,
        signal: Some("SIGKILL".to_owned()),
        status: Some(status),
        message: Some(message.to_owned()),
        limit,
    }
}

/// `SIGSEGV` for 11; real-time signals, which have no names of their own, as `SIG34`.
fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(
        |_| format!("SIG{number}"),
        |signal| signal.as_str().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::output::Output;
    use crate::warden::protocol::Usage;
    use std::time::Duration;

    fn outcome(ending: Ending) -> Outcome {
        let output = Output::new(10).finish();
        Outcome {
            ending,
            output,
            wall: Duration::from_micros(12_900),
            usage: Usage::default(),
        }
    }

    #[test]
    fn a_success_says_nothing() {
        let result = stage(&outcome(Ending::Exited(0)));
        assert_eq!(
            (result.code, result.status, result.message, result.signal),
            (Some(0), None, None, None)
        );
        assert_eq!(result.wall_time, 12);
    }

    #[test]
    fn code_and_signal_exclude_each_other() {
        for ending in [
            Ending::Exited(3),
            Ending::Signaled(11),
            Ending::WallTime,
            Ending::CpuTime,
            Ending::Output(Stream::Stdout),
            Ending::Memory,
            Ending::Lost,
        ] {
            let result = stage(&outcome(ending));
            assert!(
                result.code.is_some() != result.signal.is_some(),
                "{ending:?}"
            );
            assert!(
                result.status.is_some() && result.message.is_some(),
                "{ending:?}"
            );
        }
    }

    #[test]
    fn refused_forks_are_named_only_with_a_failure() {
        let mut failed = outcome(Ending::Exited(1));
        failed.usage.forks_refused = true;
        assert_eq!(stage(&failed).limit, Some(Limit::Processes));
        failed.ending = Ending::Exited(0);
        assert_eq!(stage(&failed).limit, None);
    }

    #[test]
    fn signals_have_their_usual_names() {
        assert_eq!(signal_name(11), "SIGSEGV");
        assert_eq!(signal_name(34), "SIG34");
    }
}
