//! Starts that can't succeed: each says why, in as many lines as there are faults, and leaves nothing.

use crate::job::options;
use capsule_tests::{Node, NodeOptions};
use std::os::unix::fs::DirBuilderExt;

/// What a node that has to refuse to start wrote, its log lines left out.
pub(crate) fn refusal(options: NodeOptions) -> Vec<String> {
    let error = Node::try_start(options).expect_err("the node refuses to start");
    let status = error.status.expect("it ends by itself");
    assert_eq!(status.code(), Some(1), "{error:?}");
    sentences(&error.stderr)
}

/// Lines that are not of the log, which begin with a time.
pub(crate) fn sentences(stderr: &str) -> Vec<String> {
    stderr
        .lines()
        .filter(|line| !line.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

fn assert_one(sentences: &[String], words: &[&str]) {
    assert_eq!(sentences.len(), 1, "{sentences:#?}");
    for word in words {
        assert!(
            sentences[0].contains(word),
            "{word} is not in {sentences:#?}"
        );
    }
}

#[test]
fn all_faults_are_told_in_one_start() {
    let told = refusal(
        options()
            .set("run_timeuot", 1)
            .set("queue_length", -3)
            .env("PISTON_MAX_CONCURRENT_JOBS", "many")
            .env("PISTON_NO_SUCH_THING", "1")
            .env("PISTON_DISABLE_NETWORKING", "false"),
    );
    assert_eq!(told.len(), 5, "{told:#?}");
    let all = told.join("\n");
    for words in [
        "did you mean run_timeout?",
        "queue_length",
        "PISTON_MAX_CONCURRENT_JOBS",
        "PISTON_NO_SUCH_THING",
        "programs never have a network here",
    ] {
        assert!(all.contains(words), "{words} is not in\n{all}");
    }
}

#[test]
fn missing_runtimes_are_one_sentence() {
    let told = refusal(options().set("data_directory", "/no/such/folder"));
    assert_one(
        &told,
        &["there are no runtimes in /no/such/folder", "build them"],
    );
}

#[test]
fn without_root_it_says_so() {
    let as_nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let told = refusal(options().through(as_nobody));
    assert_one(&told, &["has to be started as root"]);
}

#[test]
fn too_few_descriptors_are_one_sentence() {
    // Root may raise the limit, unless that is taken from it.
    let few = [
        "prlimit",
        "--nofile=128:128",
        "setpriv",
        "--bounding-set=-sys_resource",
    ];
    let told = refusal(options().through(few));
    assert_one(&told, &["128 files may be open", "ulimit -n"]);
}

#[test]
fn an_address_of_another_machine_is_one_sentence() {
    let told = refusal(options().set("bind_address", "192.0.2.1:2000"));
    assert_one(&told, &["can't listen on 192.0.2.1:2000"]);
}

#[test]
fn a_front_that_never_serves_ends_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let packages = folder.path().join("packages");
    std::os::unix::fs::symlink(
        capsule_tests::store().join("base"),
        folder.path().join("base"),
    )
    .unwrap();
    // Root can read it, the front can't.
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(&packages)
        .unwrap();
    let path = folder.path().display().to_string();
    let told = refusal(options().set("data_directory", path));
    assert!(
        told.iter()
            .any(|line| line.contains("the front can't serve")),
        "{told:#?}"
    );
}
