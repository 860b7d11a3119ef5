//! Two that change the same package, each as if it were alone.

use crate::desk::{Desk, one, packages_of};
use crate::live::{assert_done, script};
use crate::repository::Repository;
use crate::routes::request;
use crate::server::Server;
use capsule_tests::wait;
use nix::sys::signal::Signal;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Each is told the truth, and the node has what the disk has.
#[test]
fn changes_by_route_and_by_hand_at_once_come_to_one_end() {
    let repository = Repository::with(&[("keeper", "1.0.0"), ("guest", "1.0.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    assert_done(&desk.packages(&["install", "keeper"]));
    let node = desk.node();
    std::thread::scope(|scope| {
        let by_hand = scope.spawn(|| {
            for _ in 0..6 {
                assert_done(&packages_of(&node, &["install", "guest"]));
                let said = packages_of(&node, &["remove", "guest"]);
                let told = said.status == Some(0) || said.err.contains("is not installed");
                assert!(told, "{said:?}");
            }
        });
        while !by_hand.is_finished() {
            for (method, other) in [
                ("POST", "Already installed"),
                ("DELETE", "guest-1.0.0 is not installed"),
            ] {
                let reply = node.send(&request(method, "guest", "1.0.0"));
                let told = reply.status == 200 || reply.json()["message"] == other;
                assert!(told, "{method}: {} {}", reply.status, reply.text());
            }
        }
    });
    for (change, is_there) in [("remove", false), ("install", true)] {
        packages_of(&node, &[change, "guest"]);
        let reply = node.send(&script("guest", "*", "echo $VERSION"));
        assert_eq!(reply.status == 200, is_there, "{}", reply.text());
        assert_eq!(desk.package("guest/1.0.0").exists(), is_there);
    }
    assert_done(&packages_of(&node, &["verify"]));
    desk.assert_tidy();
}

/// Another removes what an install has published before the node has looked: the install ends all the same.
#[test]
fn an_install_whose_package_is_removed_at_once_ends() {
    let (_repository, server) = one("greet");
    let desk = Desk::at(&server);
    let node = desk.node();
    node.signal(Signal::SIGSTOP);
    let begin = |word: &str| {
        Command::new(capsule_tests::agent_binary())
            .args(["packages", word, "greet", "--config"])
            .arg(node.config_file())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts")
    };
    let is_there = |wanted: bool| {
        let there = || (desk.package("greet/1.0.0").exists() == wanted).then_some(());
        wait::until(Duration::from_secs(20), there).expect("the store changes");
    };
    let mut install = begin("install");
    is_there(true);
    let mut remove = begin("remove");
    is_there(false);
    std::thread::sleep(Duration::from_millis(300));
    node.signal(Signal::SIGCONT);
    for command in [&mut remove, &mut install] {
        let end = wait::until(Duration::from_secs(20), || {
            command.try_wait().expect("a child")
        });
        assert!(end.is_some_and(|status| status.success()), "{end:?}");
    }
}
