//! Puts programs to a node, several at a time, and collects every one that goes wrong.

use capsule_tests::program::{self, CORPUS, Program};
use capsule_tests::{Node, NodeOptions, each};
use serde_json::Value;
use std::time::Instant;

/// Runs all programs of one language on a node of their own. `PROGRAMS_ONLY`, where it is set, is a part of the
/// names of those to run.
pub(crate) fn run(language: &str) {
    let of_language = CORPUS.iter().find(|(of, _)| *of == language);
    let (_, text) = of_language.expect("there are programs in the language");
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
