//! Packages that come and go while a node serves.

use crate::desk::{Desk, Said, names, packages_of};
use crate::repository::Repository;
use crate::server::Server;
use capsule_tests::http::{self, Reply, Request};
use capsule_tests::{Node, wait};
use serde_json::{Value, json};
use std::thread::JoinHandle;
use std::time::Duration;

/// A script of bash for a language.
pub(crate) fn script(language: &str, version: &str, code: &str) -> Request {
    let body: Value =
        json!({"language": language, "version": version, "files": [{"content": code}]});
    Request::post_json("/api/v2/execute", &body)
}

/// What the run stage wrote.
pub(crate) fn output(reply: &Reply) -> String {
    let text = &reply.json()["run"]["stdout"];
    assert_eq!(reply.status, 200, "{}", reply.text());
    text.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn assert_done(said: &Said) {
    assert_eq!(said.status, Some(0), "{said:?}");
}

/// Sends a job from a thread of its own.
fn begin(node: &Node, job: Request) -> JoinHandle<Reply> {
    let address = node.address();
    std::thread::spawn(move || http::send(address, &job).expect("the job is answered"))
}

/// Waits until a job's program runs.
fn await_program(node: &Node) {
    let runs = || (!node.programs().is_empty()).then_some(());
    wait::until(Duration::from_secs(10), runs).expect("the program starts");
}

/// Ends well if its package is still there then.
const SLEEPER: &str =
    "sleep 3; cat /piston/packages/greet/$VERSION/run >/dev/null && echo $VERSION";

fn comes_and_goes(set: impl FnOnce(&mut Desk)) {
    let repository = Repository::with(&[("greet", "1.0.0"), ("greet", "1.1.0")]);
    let server = Server::start(repository.path());
    let mut desk = Desk::at(&server);
    set(&mut desk);
    let node = desk.node();
    let version = |selector: &str| {
        let reply = node.send(&script("greet", selector, "echo $VERSION"));
        (reply.status == 200).then(|| output(&reply).trim_end().to_owned())
    };
    assert_eq!(version("*"), None);

    // No wait, no second try: when the command returns it works.
    assert_done(&packages_of(&node, &["install", "greet@1.0.x"]));
    assert_eq!(version("*").as_deref(), Some("1.0.0"));
    let running = begin(&node, script("greet", "*", SLEEPER));
    await_program(&node);
    assert_done(&packages_of(&node, &["install", "greet"]));
    assert_eq!(version("*").as_deref(), Some("1.1.0"));
    assert_done(&packages_of(&node, &["remove", "greet@1.0.0"]));
    assert_eq!(version("1.0.0"), None);
    assert_eq!(version("*").as_deref(), Some("1.1.0"));
    // It was there before either.
    assert_eq!(output(&running.join().expect("it ends")), "1.0.0\n");

    let last = begin(&node, script("greet", "*", SLEEPER));
    await_program(&node);
    assert_done(&packages_of(&node, &["remove", "greet"]));
    let reply = node.send(&script("greet", "*", "echo"));
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["message"], "greet-* runtime is unknown");
    assert_eq!(output(&last.join().expect("it ends")), "1.1.0\n");
    assert_eq!(node.get("/api/v2/runtimes").json(), json!([]));
    assert_eq!(node.get("/readyz").status, 200);
    // Where jobs have the folder itself it is deleted when none can any more.
    let tidy = || desk.staged().is_empty().then_some(());
    wait::until(Duration::from_secs(20), tidy).expect("nothing is left");
    assert_eq!(names(&desk.data().join("manifests")), [""; 0]);
    assert_done(&packages_of(&node, &["gc"]));
    let images = names(&desk.data().join("images"));
    assert!(
        images.iter().all(|name| name.starts_with("base")),
        "{images:?}"
    );
}

#[test]
fn packages_come_and_go_while_jobs_run() {
    comes_and_goes(|_| {});
}

#[test]
fn packages_come_and_go_without_images() {
    comes_and_goes(|desk| {
        desk.set("runtime_images", "off");
        desk.set("queue_timeout", 1000);
    });
}

#[test]
fn each_of_several_is_told_of() {
    let repository =
        Repository::with(&[("greet", "1.0.0"), ("other", "2.0.0"), ("third", "3.0.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let said = desk.packages(&[
        "install",
        "greet",
        "gret",
        "other@1.x",
        "third@^3.0.0",
        "greet@1",
    ]);
    assert_eq!(said.status, Some(1));
    let lines: Vec<_> = said.out.lines().collect();
    let expected = [
        "greet-1.0.0 is installed",
        "third-3.0.0 is installed",
        "greet-1.0.0 was installed already",
    ];
    assert_eq!(lines, expected, "{said:?}");
    for sentence in [
        "gret: there is no such package; did you mean greet?",
        "other@1.x: there is no such package; there is 2.0.0",
    ] {
        assert!(said.err.contains(sentence), "{said:?}");
    }
    let said = desk.packages(&["list", "--available"]);
    assert_eq!(
        said.out,
        "greet 1.0.0 installed\nother 2.0.0 available\nthird 3.0.0 installed\n"
    );
    // The disk alone, whatever becomes of the server.
    drop(server);
    let said = desk.packages(&["list", "--json"]);
    let expected = json!([
        {"language": "greet", "language_version": "1.0.0", "installed": true},
        {"language": "third", "language_version": "3.0.0", "installed": true},
    ]);
    assert_eq!(
        serde_json::from_str::<Value>(&said.out).ok(),
        Some(expected)
    );
    assert_done(&desk.packages(&["remove", "greet", "third"]));
    let said = desk.packages(&["remove", "greet"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("greet: it is not installed"), "{said:?}");
    desk.assert_tidy();
}

#[test]
fn two_installs_of_one_package_at_once_leave_one() {
    let repository = Repository::with(&[("greet", "1.0.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let both = [(); 2].map(|()| desk.begin(&["install", "greet"]));
    let ends = both.map(|child| child.wait_with_output().expect("it ends"));
    let mut said: Vec<_> = ends
        .iter()
        .map(|end| String::from_utf8_lossy(&end.stdout).into_owned())
        .collect();
    assert!(ends.iter().all(|end| end.status.success()), "{ends:?}");
    said.sort();
    // Or the second came after the first.
    assert_eq!(
        said,
        [
            "greet-1.0.0 is installed\n",
            "greet-1.0.0 was installed already\n"
        ]
    );
    assert_done(&desk.packages(&["verify", "greet"]));
    desk.assert_tidy();
}

#[test]
fn a_changed_package_is_found() {
    let repository = Repository::with(&[("greet", "1.0.0"), ("other", "1.0.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    assert_done(&desk.packages(&["install", "greet", "other"]));
    assert_done(&desk.packages(&["verify"]));
    std::fs::write(desk.package("greet/1.0.0/run"), "#!/bin/sh\n").expect("root may");
    let said = desk.packages(&["verify"]);
    assert_eq!(said.status, Some(1));
    assert_eq!(said.out, "other-1.0.0 is as it was installed\n");
    assert!(
        said.err
            .contains("greet-1.0.0: it is CHANGED: run has other content"),
        "{said:?}"
    );
    assert_done(&desk.packages(&["verify", "other@1.x"]));
}

#[test]
fn nobody_but_root_changes_packages() {
    let desk = Desk::of(&[]);
    let command = desk.command(&["install", "greet"]);
    // The binary may lie where others can't get at it.
    let mut words = vec![
        "setpriv".into(),
        "--reuid=65534".into(),
        "--clear-groups".into(),
    ];
    words.push(command.get_program().to_owned());
    words.extend(command.get_args().map(ToOwned::to_owned));
    let said = crate::desk::done(std::process::Command::new(&words[0]).args(&words[1..]));
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("has to be run as root"), "{said:?}");
}
