//! The six limits of a request. Whatever is asked for, what comes out is finite: "no limit", by a request or by the
//! configuration, means the node's ceiling.

use super::{Refusal, Wire};
use crate::limits::{Ceilings, RuntimeLimits, StageLimits};
use jail::Bytes;
use serde_json::Value;
use std::time::Duration;

/// The shortest time limit: zero must never reach anything that reads it as "none".
const MIN_TIME: Duration = Duration::from_micros(1);

/// What a request says about one limit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked {
    /// Nothing: the configured limit.
    Nothing,
    /// As much as there is.
    NoLimit,
    /// A number above zero, in the field's unit.
    At(f64),
}

/// Checks the fields in Piston's order and gives the limits of compile and of run.
pub(super) fn check(
    wire: &mut Wire,
    configured: &RuntimeLimits,
    ceilings: &Ceilings,
) -> Result<(StageLimits, StageLimits), Refusal> {
    let (compile, run) = (configured.compile, configured.run);
    let mut memory = |field, configured: Option<Bytes>| {
        let asked = asked(wire.take(field), field, configured.map(in_bytes))?;
        Ok(memory_limit(asked, configured, ceilings))
    };
    let compile_memory = memory("compile_memory_limit", compile.memory)?;
    let run_memory = memory("run_memory_limit", run.memory)?;
    let mut time = |field, configured: Option<Duration>, ceiling| {
        let asked = asked(wire.take(field), field, configured.map(in_milliseconds))?;
        Ok(time_limit(asked, configured, ceiling))
    };
    let compile_wall = time("compile_timeout", compile.wall, ceilings.wall)?;
    let run_wall = time("run_timeout", run.wall, ceilings.wall)?;
    let compile_cpu = time("compile_cpu_time", compile.cpu, ceilings.cpu)?;
    let run_cpu = time("run_cpu_time", run.cpu, ceilings.cpu)?;
    Ok((
        StageLimits {
            wall: compile_wall,
            cpu: compile_cpu,
            memory: compile_memory,
        },
        StageLimits {
            wall: run_wall,
            cpu: run_cpu,
            memory: run_memory,
        },
    ))
}

/// What is false in JavaScript counts as not given; only where a limit is configured there is a range.
fn asked(value: Value, field: &'static str, configured: Option<f64>) -> Result<Asked, Refusal> {
    let number = match value {
        Value::Null | Value::Bool(false) => return Ok(Asked::Nothing),
        Value::String(text) if text.is_empty() => return Ok(Asked::Nothing),
        Value::Number(number) => number.as_f64().ok_or(Refusal::LimitNotANumber { field })?,
        _ => return Err(Refusal::LimitNotANumber { field }),
    };
    if number == 0.0 {
        return Ok(Asked::Nothing);
    }
    match configured {
        Some(limit) if number > limit => Err(Refusal::LimitTooHigh { field, limit }),
        Some(_) if number < 0.0 => Err(Refusal::LimitNegative { field }),
        None if number < 0.0 => Ok(Asked::NoLimit),
        _ => Ok(Asked::At(number)),
    }
}

fn time_limit(asked: Asked, configured: Option<Duration>, ceiling: Duration) -> Duration {
    let limit = match asked {
        Asked::Nothing => configured.unwrap_or(ceiling),
        Asked::NoLimit => ceiling,
        Asked::At(milliseconds) => {
            Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(ceiling)
        }
    };
    limit.min(ceiling).max(MIN_TIME)
}

fn memory_limit(asked: Asked, configured: Option<Bytes>, ceilings: &Ceilings) -> Bytes {
    let limit = match asked {
        Asked::Nothing => configured.unwrap_or(ceilings.memory),
        Asked::NoLimit => ceilings.memory,
        Asked::At(bytes) if bytes >= in_bytes(ceilings.memory) => ceilings.memory,
        Asked::At(bytes) => whole_bytes(bytes),
    };
    limit.max(ceilings.memory_floor).min(ceilings.memory)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "above zero and below a ceiling that is an u64: only the fraction of a byte goes"
)]
fn whole_bytes(bytes: f64) -> Bytes {
    Bytes(bytes as u64)
}

fn in_bytes(limit: Bytes) -> f64 {
    limit.get() as f64
}

fn in_milliseconds(limit: Duration) -> f64 {
    limit.as_nanos() as f64 / 1e6
}
