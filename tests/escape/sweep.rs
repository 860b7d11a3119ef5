//! The policy as data against the kernel: every number that no rule allows answers as the policy says.

use crate::arena::Arena;
use jail::seccomp::{Action, Call, PAST_FILTERS, Subject, explain};
use serde_json::json;

/// As many as there are calls, and some to come.
const NUMBERS: std::ops::Range<i32> = 0..520;

#[test]
fn every_call_without_a_rule_is_refused() {
    // Where arguments decide, the probes of tests/seccomp ask.
    let expected = |number: i32| {
        let mut call = Call::native(number.cast_unsigned(), [0; 6]);
        call.args = [None; 6];
        let said = explain(Subject::Program, &call);
        match said.otherwise.action {
            Action::Errno(errno @ 1..) if said.perhaps.is_empty() => Some(errno),
            _ => None,
        }
    };
    let args: Vec<String> = NUMBERS
        .filter(|number| PAST_FILTERS.iter().all(|call| call.id() != *number))
        .filter_map(|number| Some([number.to_string(), expected(number)?.to_string()]))
        .flatten()
        .collect();
    assert!(args.len() > 300, "the policy allows nearly everything");
    let arena = Arena::start();
    let (status, answer) = arena.execute(&json!({
        "language": "c", "version": "*", "args": args,
        "files": [
            {"name": "main.c", "content": include_str!("programs/sweep.c")},
            {"name": "attack.h", "content": include_str!("programs/attack.h")},
        ],
    }));
    assert_eq!(status, 200, "{answer}");
    let all = format!("{} calls\n", args.len() / 2);
    assert_eq!(answer["run"]["stdout"], all, "{answer}");
}
