//! The policy as data against the kernel: every number that no rule allows answers as the policy says.

use crate::arena::Arena;
use jail::seccomp::{PROGRAM, Verdict};
use serde_json::json;
use std::collections::BTreeMap;

/// As many as there are calls, and some to come.
const NUMBERS: std::ops::Range<i32> = 0..520;

/// uretprobe and uprobe: the kernel lets them past every filter, and kills who calls them outside of a probe.
const PAST_FILTERS: [i32; 2] = [335, 336];

/// The newest call that the policy knows; what is above is said not to exist.
const NEWEST: i32 = 469;

#[test]
fn every_call_without_a_rule_is_refused() {
    let mut ruled: BTreeMap<i32, Option<i32>> = BTreeMap::new();
    for rule in PROGRAM {
        for call in rule.calls {
            // None: allowed under some conditions at least, or ignored.
            let refused = match rule.verdict {
                Verdict::Refuse(_) if rule.when.is_empty() => rule.verdict.errno(),
                _ => None,
            };
            let errno = refused.map(|errno| errno.cast_signed());
            ruled.insert(call.id(), errno);
        }
    }
    let expected = |number| match ruled.get(&number) {
        Some(errno) => *errno,
        None if number > NEWEST => Some(nix::libc::ENOSYS),
        None => Some(nix::libc::EPERM),
    };
    let args: Vec<String> = NUMBERS
        .filter(|number| !PAST_FILTERS.contains(number))
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
