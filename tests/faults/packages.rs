//! Packages that come and go in the store while a node serves; SIGHUP tells it.

use crate::images::{Data, PYTHON, options_on, seal_lines};
use crate::job::{answer, assert_serves, begin, is_42, post, program, python, sleeper};
use capsule_tests::{Node, NodeOptions, wait};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// Sealing a package takes a second or two.
const SOON: Duration = Duration::from_secs(30);

fn languages(node: &Node) -> Vec<String> {
    let list = node.get("/api/v2/runtimes").json();
    let runtimes = list.as_array().expect("it is a list");
    let name = |runtime: &Value| runtime["language"].as_str().unwrap_or_default().to_owned();
    runtimes.iter().map(name).collect()
}

/// Tells the node, and waits until it has these languages.
fn refresh(node: &Node, expected: &[&str]) {
    node.signal(Signal::SIGHUP);
    let there = || (languages(node) == expected).then_some(());
    if wait::until(SOON, there).is_none() {
        panic!(
            "{:?} instead of {expected:?}: {}",
            languages(node),
            node.stderr()
        );
    }
}

fn javascript() -> Value {
    json!({"language": "javascript", "version": "*", "files": [{"content": "console.log(42)"}]})
}

fn comes_and_goes(options: &dyn Fn(&Data) -> NodeOptions) {
    let data = Data::new();
    let node = Node::start(options(&data));
    assert_eq!(languages(&node), ["python"]);
    assert_eq!(
        post(node.address(), &javascript())
            .expect("an answer")
            .status,
        400
    );
    data.copy("packages/node");
    refresh(&node, &["javascript", "python"]);
    let reply = post(node.address(), &javascript()).expect("an answer");
    assert!(is_42(&reply), "{}", reply.text());
    assert_serves(&node);

    // Those that run keep what they have.
    let running = begin(&node, &sleeper(Duration::from_secs(2)));
    program(&node);
    fs::remove_dir_all(data.part("packages/python")).expect("root may");
    refresh(&node, &["javascript"]);
    let refused = post(node.address(), &python("print(42)")).expect("an answer");
    assert_eq!(refused.status, 400, "{}", refused.text());
    let reply = answer(running);
    assert!(is_42(&reply), "{}", reply.text());
    let unmounted = || (!node.runtimes().join(PYTHON).exists()).then_some(());
    wait::until(SOON, unmounted).unwrap_or_else(|| panic!("it stays mounted: {}", node.stderr()));
    let (status, list) = node.verify();
    assert!(status != Some(1) && !list.contains("CHANGED"), "{list}");

    // The same version again, with something else in it.
    data.copy("packages/python");
    fs::write(data.part(PYTHON).join("mark"), "42").expect("root may");
    refresh(&node, &["javascript", "python"]);
    let program = format!("print(open('/piston/{PYTHON}/mark').read())");
    let reply = post(node.address(), &python(&program)).expect("an answer");
    assert!(is_42(&reply), "{}", reply.text());
    assert_eq!(node.get("/readyz").status, 200);
}

#[test]
fn packages_come_and_go_in_images() {
    comes_and_goes(&|data| options_on(data).set("queue_timeout", 1000));
}

#[test]
fn packages_come_and_go_in_folders() {
    comes_and_goes(&|data| {
        options_on(data)
            .set("queue_timeout", 1000)
            .set("runtime_images", "off")
    });
}

/// What can't be had leaves everything as it is, and the next time it is tried again.
#[test]
fn a_package_that_cant_be_mounted_takes_nothing_along() {
    let data = Data::new();
    let options = options_on(&data).set("runtime_images", "require");
    let node = Node::start(options);
    fs::create_dir_all(data.part("packages/broken/1.0.0")).expect("root may");
    fs::write(data.part("packages/broken/1.0.0/.ppman-installed"), "1").expect("root may");
    let images = data.part("images/packages/broken");
    fs::write(&images, "in the way of a folder").expect("root may");
    node.signal(Signal::SIGHUP);
    let told = || {
        node.stderr()
            .contains("could not be made those of the store")
            .then_some(())
    };
    wait::until(SOON, told).expect("it says so");
    assert_serves(&node);
    assert_eq!(node.verify().0, Some(0));
    fs::remove_file(images).expect("root may");
    fs::remove_dir_all(data.part("packages/broken")).expect("root may");
    data.copy("packages/node");
    refresh(&node, &["javascript", "python"]);
    assert_eq!(seal_lines(&node), 3, "{}", node.stderr());
}
