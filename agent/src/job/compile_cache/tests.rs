//! What is kept, what makes way, and what is counted.

use super::*;
use crate::job::output::Finished;
use crate::job::phase::Ending;
use crate::job::request::FileName;
use crate::warden::protocol::Usage;
use std::time::Duration;

fn result(stdout: &str, files: &[usize]) -> Arc<Compiled> {
    let file = |(number, length): (usize, &usize)| Artefact {
        name: FileName::new(format!("{number}.out")).unwrap(),
        mode: 0o755,
        content: vec![7; *length],
    };
    let output = Finished {
        stdout: stdout.to_owned(),
        ..Finished::default()
    };
    let outcome = Outcome {
        ending: Ending::Exited(0),
        output,
        wall: Duration::from_millis(5),
        usage: Usage::default(),
    };
    Arc::new(Compiled {
        outcome,
        artefacts: files.iter().enumerate().map(file).collect(),
    })
}

fn key(number: u8) -> Key {
    Key::made_up(number)
}

fn stdout(cache: &CompileCache, number: u8) -> Option<String> {
    match cache.find(&key(number)) {
        Known::Result(result) => Some(result.outcome.output.stdout.clone()),
        Known::Nothing | Known::EachIsAnother => None,
    }
}

/// One of the cache's figures as they are told.
fn figure(cache: &CompileCache, name: &str) -> u64 {
    let mut registry = Registry::default();
    cache.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let name = format!("compile_cache_{name} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no {name}in {text}"))
        .parse()
        .unwrap()
}

#[test]
fn a_result_is_found_by_its_key_only() {
    let cache = CompileCache::new(Bytes::mib(1));
    cache.keep(key(1), result("one", &[10]));
    assert_eq!(stdout(&cache, 1).as_deref(), Some("one"));
    assert_eq!(stdout(&cache, 2), None);
    cache.keep(key(1), result("another", &[20]));
    assert_eq!(stdout(&cache, 1).as_deref(), Some("another"));
    cache.clear();
    assert_eq!(stdout(&cache, 1), None);
    assert_eq!(figure(&cache, "size_bytes"), 0);
}

#[test]
fn the_least_recently_used_makes_way() {
    let cache = CompileCache::new(Bytes(30_000));
    let one = result("", &[3000]).size();
    let room = u8::try_from(30_000 / one).unwrap();
    for number in 0..room {
        cache.keep(key(number), result(&number.to_string(), &[3000]));
    }
    assert_eq!(figure(&cache, "evictions_total"), 0);
    assert!(stdout(&cache, 0).is_some());
    cache.keep(key(room), result("", &[3000]));
    assert_eq!(figure(&cache, "evictions_total"), 1);
    assert!(stdout(&cache, 0).is_some(), "used a moment ago");
    assert!(stdout(&cache, 1).is_none(), "used longest ago");
    assert!(stdout(&cache, room).is_some());
    assert!(figure(&cache, "size_bytes") <= 30_000);
}

#[test]
fn no_result_takes_more_than_its_share() {
    let cache = CompileCache::new(Bytes(80_000));
    cache.keep(key(1), result("", &[10_000]));
    assert!(stdout(&cache, 1).is_none());
    cache.keep(key(2), result("", &[9000]));
    assert!(stdout(&cache, 2).is_some());
    cache.keep(key(3), result(&"x".repeat(10_000), &[]));
    assert!(stdout(&cache, 3).is_none(), "texts count too");
    assert_eq!(figure(&cache, "stores_total"), 1);
    assert_eq!(figure(&cache, "not_stored_total"), 2);
}

/// Also of what takes nothing but its own place there are not more than fit.
#[test]
fn what_is_never_kept_is_remembered_within_bounds() {
    let cache = CompileCache::new(Bytes(10 * OVERHEAD));
    for number in 0..20 {
        cache.never(key(number));
    }
    let is_known = |number| matches!(cache.find(&key(number)), Known::EachIsAnother);
    assert!(!is_known(9) && is_known(10) && is_known(19));
    assert_eq!(figure(&cache, "size_bytes"), 10 * OVERHEAD);
}

#[test]
fn everything_is_counted() {
    let cache = CompileCache::new(Bytes::mib(1));
    assert!(matches!(cache.find(&key(1)), Known::Nothing));
    cache.keep(key(1), result("", &[100]));
    assert!(matches!(cache.find(&key(1)), Known::Result(_)));
    cache.never(key(2));
    assert!(matches!(cache.find(&key(2)), Known::EachIsAnother));
    cache.count_uncacheable();
    for (name, expected) in [
        ("lookups_total{found=\"result\"}", 1),
        ("lookups_total{found=\"nothing\"}", 1),
        ("lookups_total{found=\"each_is_another\"}", 1),
        ("stores_total", 1),
        ("not_stored_total", 2),
        ("evictions_total", 0),
        ("size_bytes", result("", &[100]).size() + OVERHEAD),
    ] {
        assert_eq!(figure(&cache, name), expected, "{name}");
    }
}

#[test]
fn a_cache_of_no_bytes_is_off() {
    assert!(!CompileCache::new(Bytes(0)).is_on());
    assert!(CompileCache::new(Bytes(1)).is_on());
}
