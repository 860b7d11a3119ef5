//! A request's body, which is all that a client says of its job.

#![no_main]

use capsule_agent::fuzzing::{Accepted, MOST, request};
use capsule_fuzz::{assert_ends, assert_stays_below, within_memory};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::collections::HashSet;

fuzz_target!(|body: &[u8]| {
    // A value of JSON takes some 100 bytes once parsed, a comma and a digit two as sent.
    match within_memory(4 * body.len(), 0, || request(body)) {
        Ok(job) => assert_safe(&job),
        Err(refusal) => assert!(!refusal.is_empty()),
    }
});

fn assert_safe(job: &Accepted) {
    assert!(job.main < job.files.len());
    let names: HashSet<&str> = job.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), job.files.len(), "a name is there twice");
    for name in &names {
        assert_stays_below(name);
        let folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        for folder in folders {
            assert!(!names.contains(folder), "{folder:?} is file and folder");
        }
    }
    assert!(job.stdin.ends_with(b"\n"));
    assert!(job.args.iter().all(|arg| !arg.contains('\0')));
    for stage in &job.limits {
        assert_ends(stage.wall, MOST.time);
        assert_ends(stage.cpu, MOST.time);
        assert!((1..=MOST.memory).contains(&stage.memory));
    }
}

/// What clients get wrong, and what JavaScript reads otherwise.
const VALUES: [&str; 34] = [
    "null",
    "true",
    "false",
    "\"\"",
    "0",
    "-0.0",
    "-1",
    "1",
    "0.5",
    "3000",
    "3001",
    "1e308",
    "-1e308",
    "1e-308",
    "1e400",
    "9007199254740992",
    "18446744073709551616",
    "\"3\"",
    "\" 3\"",
    "\"NaN\"",
    "[]",
    "{}",
    "[[]]",
    "\"python\"",
    "\"*\"",
    "\"utf8\"",
    "\"base64\"",
    "\"hex\"",
    "\"..\"",
    "\"/a\"",
    "\"a/b\"",
    "\"a\"",
    "[{\"content\":\"\"}]",
    "\"\\ud800\"",
];

// Half of the time the body stays JSON and one value of it becomes another: bytes alone seldom get past the parser.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let body = data.get(..size).unwrap_or_default();
    match replaced(body, seed) {
        Some(new) if seed.is_multiple_of(2) && new.len() <= max_size => {
            data[..new.len()].copy_from_slice(new.as_bytes());
            new.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});

/// The body with one of its values replaced; `None` where it is no JSON or has none.
fn replaced(body: &[u8], seed: u32) -> Option<String> {
    let mut json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let value = VALUES[(seed >> 1) as usize % VALUES.len()];
    let places = count(&json);
    let place = (seed >> 8) as usize % places;
    // Some of the values are beyond serde_json: a mark takes their place until the body is text.
    *nth(&mut json, &mut { place })? = "\u{1}".into();
    Some(json.to_string().replacen(r#""\u0001""#, value, 1))
}

fn count(json: &serde_json::Value) -> usize {
    1 + match json {
        serde_json::Value::Array(items) => items.iter().map(count).sum(),
        serde_json::Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'a>(json: &'a mut serde_json::Value, n: &mut usize) -> Option<&'a mut serde_json::Value> {
    if *n == 0 {
        return Some(json);
    }
    *n -= 1;
    match json {
        serde_json::Value::Array(items) => items.iter_mut().find_map(|item| nth(item, n)),
        serde_json::Value::Object(fields) => fields.values_mut().find_map(|field| nth(field, n)),
        _ => None,
    }
}
