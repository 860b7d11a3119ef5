//! What the kernel does with filters: classic BPF, and the strongest of several answers.

use super::super::{Action, Call, Filters};
use seccompiler::sock_filter;

/// seccomp(2): all filters run; the strongest action wins, among equals that of the newest filter.
pub(super) fn answer(filters: &Filters, call: &Call) -> Action {
    let data = data(call);
    let answers: Vec<u32> = filters
        .programs()
        .map(|program| run(program, &data).0)
        .collect();
    let strongest = answers.iter().rev().min_by_key(|answer| strength(**answer));
    match *strongest.unwrap() {
        0x8000_0000 => Action::Kill,
        0x7fff_0000 => Action::Allow,
        errno if errno & 0xffff_0000 == 0x0005_0000 => Action::Errno(errno & 0xffff),
        other => panic!("{other:#x} is no answer of these filters"),
    }
}

/// <linux/seccomp.h>: the smaller the stronger, KILL_PROCESS (negative) before all.
fn strength(answer: u32) -> i32 {
    (answer & 0xffff_0000).cast_signed()
}

/// `struct seccomp_data`: number, architecture, instruction pointer, arguments; little-endian.
fn data(call: &Call) -> [u8; 64] {
    let mut data = [0; 64];
    data[..4].copy_from_slice(&call.number.to_le_bytes());
    data[4..8].copy_from_slice(&call.arch.to_le_bytes());
    for (place, arg) in data[16..].chunks_exact_mut(8).zip(call.args) {
        place.copy_from_slice(&arg.expect("a call has all its arguments").to_le_bytes());
    }
    data
}

/// The most instructions that one of the filters takes for the call.
pub(super) fn steps(filters: &Filters, call: &Call) -> usize {
    let data = data(call);
    let steps = filters.programs().map(|program| run(program, &data).1);
    steps.max().unwrap()
}

/// A program's answer, and how many instructions it took. It knows those that seccompiler and this crate use
/// (<linux/bpf_common.h>).
fn run(program: &[sock_filter], data: &[u8; 64]) -> (u32, usize) {
    let mut accumulator = 0u32;
    let mut at = 0;
    let mut steps = 0;
    loop {
        let line = &program[at];
        at += 1;
        steps += 1;
        let mut jump = |taken: bool| at += usize::from(if taken { line.jt } else { line.jf });
        match line.code {
            0x20 => {
                let from = usize::try_from(line.k).unwrap();
                accumulator = u32::from_le_bytes(data[from..from + 4].try_into().unwrap());
            }
            0x05 => at += usize::try_from(line.k).unwrap(),
            0x06 => return (line.k, steps),
            0x15 => jump(accumulator == line.k),
            0x25 => jump(accumulator > line.k),
            0x35 => jump(accumulator >= line.k),
            0x54 => accumulator &= line.k,
            other => panic!("instruction {other:#x} is not known here"),
        }
    }
}
