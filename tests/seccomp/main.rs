//! The seccomp policy against what programs really do, and against the kernel.
//!
//! Ordinary programs run in ordinary jails while a tracer outside ([`tracer`]) sees every call. A refusal that
//! `expected.toml` does not give a reason for ends the program by SIGSYS and fails the test; so does a reason for what no
//! longer happens, a rule that allows what nothing needs, and an answer of the kernel other than the one explained. Nothing
//! in a node or a jail knows of the test.

mod coverage;
mod expected;
mod golden;
mod jail;
mod probes;
mod survey;
mod tracer;

use capsule_tests::Node;
use capsule_tests::program::{self, CORPUS};
use survey::Survey;

/// What the corpus has no need of, by programs of their own.
const MORE: [(&str, &str); 2] = [
    ("python", include_str!("programs/python.toml")),
    ("c", include_str!("programs/c.toml")),
];

#[test]
fn programs_get_what_they_need_and_nothing_more() {
    let node = Node::start(jail::options());
    let mut survey = Survey::new(expected::load());
    for (language, text) in CORPUS.into_iter().chain(MORE) {
        for program in program::parse(text) {
            survey.run(&node, language, &program);
        }
    }
    for job in golden::jobs() {
        survey.run_recorded(&node, &job);
    }
    let faults = survey.faults();
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
