//! One filter: a binary search for the number of the call, and where it ends an answer, or seccompiler's program for a call
//! whose arguments matter.
//!
//! seccompiler alone compares with one number after the other. The kernel runs a filter for every number when it is installed
//! (`seccomp_cache_prepare`, kernel/seccomp.c), hundreds of comparisons each time: a tenth of all that a job took.

use super::policy::{Condition, Rule};
use super::{NATIVE, NEWEST, X32_BIT};
use crate::proto::{Failure, Step};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};
use std::collections::BTreeMap;

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const GO_ON_AT: u16 = 0x05; // BPF_JMP | BPF_JA
const IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const IF_GREATER: u16 = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

/// The program that answers `matching` where one of the rules is met and `mismatch` where none is. Whatever it is, calls of
/// other architectures and x32 calls kill, and numbers above [`NEWEST`] are ENOSYS.
///
/// # Errors
/// Step `Seccomp` for rules of which no program can be made.
pub(super) fn compile<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    mismatch: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, Failure> {
    let mut ruled = by_number(rules)?;
    let mut answers: Vec<(u32, BpfProgram)> = Vec::new();
    for number in 0..=NEWEST as u32 {
        let answer = match ruled.remove(&number) {
            None => vec![line(RETURN, 0, 0, mismatch.clone().into())],
            Some(always) if always.is_empty() => {
                vec![line(RETURN, 0, 0, matching.clone().into())]
            }
            Some(chain) => {
                let table = BTreeMap::from([(i64::from(number), chain)]);
                let (mismatch, matching) = (mismatch.clone(), matching.clone());
                SeccompFilter::new(table, mismatch, matching, TargetArch::x86_64)
                    .and_then(TryInto::try_into)
                    .map_err(failed)?
            }
        };
        // Neighbours that are answered alike are one.
        if answers.last().is_none_or(|(_, last)| *last != answer) {
            answers.push((number, answer));
        }
    }
    let mut program = prelude().to_vec();
    program.extend(search(&answers)?);
    Ok(program)
}

/// The rules of each call that has any; none for one that is always met.
fn by_number<'a>(
    rules: impl Iterator<Item = &'a Rule>,
) -> Result<BTreeMap<u32, Vec<SeccompRule>>, Failure> {
    let mut table: BTreeMap<u32, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        for call in rule.calls {
            let chain = table.entry(call.id().cast_unsigned()).or_default();
            for alternative in rule.when {
                let conditions: Result<Vec<_>, _> = alternative.iter().map(condition).collect();
                chain.push(SeccompRule::new(conditions.map_err(failed)?).map_err(failed)?);
            }
        }
    }
    Ok(table)
}

/// Finds what a number is answered with: the last of those that begin with it or before. The number is in the accumulator.
fn search(answers: &[(u32, BpfProgram)]) -> Result<BpfProgram, Failure> {
    if let [(_, answer)] = answers {
        return Ok(answer.clone());
    }
    let (low, high) = answers.split_at(answers.len() / 2);
    let (first_high, _) = high.first().ok_or(FAILED)?;
    let (low, high) = (search(low)?, search(high)?);
    let mut program = match u8::try_from(low.len()) {
        Ok(over) => vec![line(IF_AT_LEAST, over, 0, *first_high)],
        Err(_) => vec![
            line(IF_AT_LEAST, 0, 1, *first_high),
            line(GO_ON_AT, 0, 0, u32::try_from(low.len()).map_err(failed)?),
        ],
    };
    program.extend(low);
    program.extend(high);
    Ok(program)
}

fn condition(condition: &Condition) -> Result<SeccompCondition, seccompiler::BackendError> {
    let (argument, length, operator, value) = match *condition {
        Condition::Is(argument, value) => {
            (argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
        }
        Condition::IsNot(argument, value) => {
            (argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value)
        }
        Condition::Masked(argument, mask, value) => (
            argument,
            SeccompCmpArgLen::Qword,
            SeccompCmpOp::MaskedEq(mask),
            value,
        ),
        Condition::Given(argument) => (argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0),
    };
    SeccompCondition::new(argument, length, operator, value)
}

/// Foreign architectures and x32 calls kill; numbers above [`NEWEST`] are ENOSYS. Falls through to what follows, with the
/// number in the accumulator.
fn prelude() -> [sock_filter; 8] {
    const NUMBER_AT: u32 = 0; // offsetof(struct seccomp_data, nr)
    const ARCH_AT: u32 = 4; // offsetof(struct seccomp_data, arch)
    const KILL_PROCESS: u32 = 0x8000_0000;
    const ERRNO: u32 = 0x0005_0000;
    [
        line(LOAD, 0, 0, ARCH_AT),
        line(IF_EQUAL, 1, 0, NATIVE),
        line(RETURN, 0, 0, KILL_PROCESS),
        line(LOAD, 0, 0, NUMBER_AT),
        line(IF_AT_LEAST, 0, 1, X32_BIT),
        line(RETURN, 0, 0, KILL_PROCESS),
        line(IF_GREATER, 0, 1, NEWEST as u32),
        line(RETURN, 0, 0, ERRNO | libc::ENOSYS.cast_unsigned()),
    ]
}

const fn line(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

const FAILED: Failure = Failure {
    step: Step::Seccomp,
    errno: libc::EINVAL,
};

fn failed<E>(_: E) -> Failure {
    FAILED
}
