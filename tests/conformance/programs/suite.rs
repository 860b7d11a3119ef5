//! Puts programs to a node, several at a time, and collects every one that goes wrong.

use crate::program::{self, Program};
use capsule_tests::{Node, NodeOptions};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Programs in flight: as many as cores, so that time limits mean what they say.
const IN_FLIGHT: usize = 2;

/// Runs all programs of one language on a node of their own. `PROGRAMS_ONLY`, where it is set, is a part of the
/// names of those to run.
pub(crate) fn run(language: &str, text: &str) {
    let only = std::env::var("PROGRAMS_ONLY").unwrap_or_default();
    let programs: Vec<Program> = program::parse(text)
        .into_iter()
        .filter(|program| program.name.contains(&only))
        .collect();
    let node = Node::start(NodeOptions::as_deployed());
    let wrong = each(&programs, |program| {
        let start = Instant::now();
        let (status, answer) = node.execute(&program.body(language));
        let wrong = program.judge(status, &answer, start.elapsed());
        (!wrong.is_empty()).then(|| format!("{}\n    {}", program.name, wrong.join("\n    ")))
    });
    assert!(
        wrong.is_empty(),
        "{} of {} programs in {language} went wrong:\n{}",
        wrong.len(),
        programs.len(),
        wrong.join("\n")
    );
}

/// Calls `check` for each item from a few threads; what it complains of, in the items' order.
pub(crate) fn each<T: Sync>(
    items: &[T],
    check: impl Fn(&T) -> Option<String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..IN_FLIGHT {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    if let Some(wrong) = check(item) {
                        found
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((index, wrong));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort();
    found.into_iter().map(|(_, wrong)| wrong).collect()
}

/// The keys of the run stage that say how it ended.
pub(crate) fn ending(answer: &Value) -> (Value, Value, Value, Value) {
    let run = &answer["run"];
    (
        run["code"].clone(),
        run["signal"].clone(),
        run["status"].clone(),
        run["message"].clone(),
    )
}
