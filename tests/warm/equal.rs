//! Each program of the corpus started cold and started ahead.

use crate::allowed::{self, Allowed};
use crate::answers::{compare, says_fresh};
use crate::corpus::{self, Case};
use crate::waiting::{cold_node, run, run_warm, warm_node};
use serde_json::{Value, json};

#[test]
fn python() {
    check("python", &["py"]);
}

#[test]
fn javascript() {
    check("javascript", &["js", "mjs"]);
}

#[test]
fn java() {
    check("java", &["java"]);
}

fn check(language: &str, endings: &[&str]) {
    let mut cases = corpus::of(language, endings);
    // What is asked for in an unusual way first: later the pool is full of what all others have.
    cases.sort_by_key(|case| !case.is_unusual());
    let only = std::env::var("WARM_ONLY").ok();
    cases.retain(|case| only.as_ref().is_none_or(|part| case.name.contains(part)));
    assert!(!cases.is_empty(), "there is nothing to check");

    let cold: Vec<Value> = {
        let node = cold_node();
        let answer = |case: &Case| comparable(case, run(&node, &case.body));
        cases.iter().map(answer).collect()
    };
    let node = warm_node();
    let mut allowed = Vec::new();
    let mut wrong = Vec::new();
    for (case, cold) in cases.iter().zip(cold) {
        let mut last = cold;
        // What is fresh has to differ between two that were started ahead as well.
        for _ in 0..if says_fresh(&last) { 2 } else { 1 } {
            let warm = comparable(case, run_warm(&node, &case.body).1);
            let found = compare(&case.name, &last, &warm);
            wrong.extend(
                found
                    .wrong
                    .iter()
                    .map(|what| format!("{}: {what}", case.name)),
            );
            allowed.extend(found.allowed);
            last = warm;
        }
    }
    // `WARM_ONLY=part of a name` narrows it down by hand, and then not all that may differ is seen.
    if only.is_none() {
        wrong.extend(idle(&cases, &allowed));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What may differ and did not is to be taken out of the list.
fn idle(cases: &[Case], seen: &[&'static Allowed]) -> Vec<String> {
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    allowed::of(&names)
        .filter(|row| !seen.iter().any(|other| std::ptr::eq(*other, *row)))
        .map(|row| format!("{row:?} may differ and does not"))
        .collect()
}

/// An answer without what is not the same twice.
fn comparable(case: &Case, mut answer: Value) -> Value {
    if case.stderr_varies {
        answer["run"]["stderr"] = json!("");
    }
    answer
}
