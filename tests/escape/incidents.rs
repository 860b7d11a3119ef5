//! Published break-outs, and the test that shows for each that it does not work here.

use crate::attacks::ALL;
use capsule_tests::repository;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::process::Command;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Incidents {
    incident: Vec<Incident>,
}

/// One row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Incident {
    what: String,
    /// Where it was published: CVE and RUSTSEC numbers, or an issue.
    known_as: Vec<String>,
    /// Names of tests here, of attacks in the tables, or `file::name` of a test elsewhere.
    #[serde(default)]
    tests: Vec<String>,
    /// Why there is no test, or what one can't show.
    #[serde(default)]
    reason: String,
}

fn incidents() -> Vec<Incident> {
    toml::from_str::<Incidents>(include_str!("incidents.toml"))
        .expect("the table has its form")
        .incident
}

/// The tests of this program, by its own list.
fn own_tests() -> BTreeSet<String> {
    let this = std::env::current_exe().expect("the system tells the path of the running test");
    let list = Command::new(this)
        .args(["--list", "--format", "terse"])
        .output();
    let text = String::from_utf8(list.expect("it can be started").stdout).expect("names are text");
    text.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(|path| path.rsplit("::").next().unwrap_or(path).to_owned())
        .collect()
}

fn exists(name: &str, own: &BTreeSet<String>) -> bool {
    if let Some((file, test)) = name.split_once("::") {
        let text = std::fs::read_to_string(repository().join(file)).unwrap_or_default();
        return text.contains(&format!("fn {test}("));
    }
    own.contains(name)
        || ALL
            .iter()
            .any(|table| table.iter().any(|attack| attack.name == name))
}

#[test]
fn every_incident_has_a_test_or_a_reason() {
    let own = own_tests();
    let incidents = incidents();
    assert!(
        incidents.len() >= 33,
        "rows are missing: {}",
        incidents.len()
    );
    for incident in incidents {
        assert!(
            incident.what.len() > 10 && !incident.known_as.is_empty(),
            "{incident:?}"
        );
        assert!(
            !incident.tests.is_empty() || incident.reason.len() > 20,
            "{incident:?}"
        );
        for test in &incident.tests {
            assert!(
                exists(test, &own),
                "{:?} names {test:?}, which is no test",
                incident.what
            );
        }
    }
}
