//! The golden record: every request that was put to a real Piston, put to a node, and the answers compared.
//!
//! The comparison is strict on everything but times, memory and versions. Where the project differs on purpose,
//! `differences.json` says why and what our answer is, and that is compared as strictly.

mod compare;
mod differences;
mod normalise;
mod record;
mod versions;

use capsule_tests::http::Request;
use capsule_tests::{Node, NodeOptions};
use differences::{Difference, Outcome};
use record::Case;
use std::collections::BTreeMap;
use versions::Versions;

/// What the recording Piston was started with beside its defaults.
const RECORDED_WITH: (&str, &str) = ("PISTON_OUTPUT_MAX_SIZE", "65536");

/// Puts every case of one configuration to a node of that configuration.
fn check(belongs: impl Fn(&Case) -> bool) {
    let cases: Vec<Case> = record::load().into_iter().filter(belongs).collect();
    let differences = differences::load();
    let first = cases
        .first()
        .expect("the record holds cases of this configuration");
    let node = Node::start(options(&first.config));
    let versions = Versions::of(&node);
    let wrong: Vec<String> = cases
        .iter()
        .filter(|case| case.is_selected())
        .filter_map(|case| check_case(&node, case, differences.get(&case.name), &versions).err())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn options(config: &BTreeMap<String, String>) -> NodeOptions {
    let mut options = NodeOptions::new().env(RECORDED_WITH.0, RECORDED_WITH.1);
    for (name, value) in config {
        options = options.env(name, value);
    }
    options
}

fn check_case(
    node: &Node,
    case: &Case,
    difference: Option<&Difference>,
    versions: &Versions,
) -> Result<(), String> {
    let expected = case.expected(difference, versions);
    let mut body = case.request.bytes(versions);
    if let Some((part, instead)) = difference.and_then(|difference| difference.instead.as_ref()) {
        let text = String::from_utf8(body).expect("a body of which a part is replaced is text");
        assert!(
            text.contains(part),
            "{}: {part} is not in {text}",
            case.name
        );
        body = text.replace(part, instead).into_bytes();
    }
    let reply = node.send(&Request {
        method: case.request.method.clone(),
        path: case.request.path.clone(),
        headers: case.request.headers.clone().into_iter().collect(),
        body,
    });
    let mut wrong = Vec::new();
    if reply.status != expected.status {
        wrong.push(format!(
            "status {} instead of {}",
            reply.status, expected.status
        ));
    }
    let content_type = reply.header("content-type");
    if content_type != expected.content_type.as_deref() {
        wrong.push(format!(
            "content type {content_type:?} instead of {:?}",
            expected.content_type
        ));
    }
    compare::body(&expected.body, &reply.body, &mut wrong);
    if wrong.is_empty() {
        return Ok(());
    }
    let why = difference.map_or(String::new(), |difference| {
        format!(" (on purpose: {})", difference.why)
    });
    Err(format!(
        "{}{why}\n    {}\n    answer: {}",
        case.name,
        wrong.join("\n    "),
        reply.text()
    ))
}

#[test]
fn with_the_default_configuration() {
    check(|case| case.config.is_empty());
}

#[test]
fn with_an_output_limit_of_1024() {
    check(|case| case.config.len() == 1 && case.config.contains_key("PISTON_OUTPUT_MAX_SIZE"));
}

#[test]
fn with_configured_limits() {
    check(|case| case.config.contains_key("PISTON_MAX_OPEN_FILES"));
}

/// Programs never get the host's network, so this option is refused at the start, with the reason.
#[test]
fn networking_can_not_be_turned_on() {
    let differences = differences::load();
    let case = record::load()
        .into_iter()
        .find(|case| case.config.contains_key("PISTON_DISABLE_NETWORKING"));
    let case = case.expect("the record holds a case with networking on");
    assert_eq!(differences[&case.name].outcome, Outcome::NoStart);
    match Node::try_start(options(&case.config)) {
        Ok(_) => panic!("a node started with {:?}", case.config),
        Err(error) => {
            assert!(
                error.status.is_some_and(|status| !status.success()),
                "it did not end by itself: {error:?}"
            );
            let reason = error.stderr.to_lowercase();
            assert!(
                reason.contains("disable_networking"),
                "no reason on stderr: {reason}"
            );
        }
    }
}

/// Every case belongs to exactly one of the tests above.
#[test]
fn no_case_is_forgotten() {
    let keys = [
        "PISTON_OUTPUT_MAX_SIZE",
        "PISTON_MAX_OPEN_FILES",
        "PISTON_DISABLE_NETWORKING",
    ];
    for case in record::load() {
        let known = keys
            .iter()
            .filter(|key| case.config.contains_key(**key))
            .count();
        assert_eq!(
            known,
            usize::from(!case.config.is_empty()),
            "{} has a configuration without a test",
            case.name
        );
    }
}

/// A difference without a case would be a sentence that nothing holds.
#[test]
fn every_difference_names_a_case() {
    let cases = record::load();
    for (name, difference) in differences::load() {
        assert!(
            cases.iter().any(|case| case.name == name),
            "{name} is no case"
        );
        assert!(difference.why.len() > 20, "{name} has no reason");
    }
}
