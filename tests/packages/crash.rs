//! Installs that are killed, at every moment.

use crate::desk::{Desk, one, worker};
use crate::live::assert_done;
use crate::repository::{Repository, archive_name};
use crate::rights::heavy;
use crate::server::{Manner, Server};
use capsule_tests::processes::Process;
use capsule_tests::wait;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

/// Kills an install with one of its processes, both of which have to be gone then.
fn kill(mut install: Child, worker: Option<&Process>) {
    install.kill().expect("it can be killed");
    install.wait().expect("it ends");
    let gone = || {
        worker
            .is_none_or(|process| !process.is_there())
            .then_some(())
    };
    wait::until(Duration::from_secs(5), gone).expect("what it started dies with it");
}

/// Fails unless the package is there whole or not at all, and the next command finds nothing in its way.
fn assert_old_or_new(desk: &Desk, package: &str) -> bool {
    let said = desk.packages(&["list"]);
    assert_done(&said);
    let is_there = said.out.contains("installed");
    assert_eq!(is_there, desk.package(package).exists(), "{said:?}");
    if is_there {
        assert_done(&desk.packages(&["verify"]));
    }
    // A process that was killed with its parent holds its folder until it is dead, a moment later.
    let tidy = || {
        assert_done(&desk.packages(&["gc"]));
        desk.staged().is_empty().then_some(())
    };
    wait::until(Duration::from_secs(5), tidy)
        .unwrap_or_else(|| panic!("left in staging: {:?}", desk.staged()));
    is_there
}

#[test]
fn an_install_killed_while_it_downloads_leaves_nothing() {
    let (_repository, server) = one("greet");
    let archive = archive_name("greet", "1.0.0");
    server.set(&archive, Manner::Stuck);
    let desk = Desk::at(&server);
    let install = desk.begin(&["install", "greet"]);
    // Index, index once more, archive.
    let asked = || (server.requests() >= 3).then_some(());
    wait::until(Duration::from_secs(20), asked).expect("it downloads");
    let fetcher = worker(&install, "fetch-package").expect("it downloads");
    kill(install, Some(&fetcher));
    assert_eq!(desk.staged().len(), 1, "{:?}", desk.staged());
    assert!(!desk.package("greet").exists());
    // The next one is not kept by it, and takes it away.
    server.set(&archive, Manner::Well);
    assert_done(&desk.packages(&["install", "greet"]));
    assert!(assert_old_or_new(&desk, "greet/1.0.0"));
}

#[test]
fn a_node_that_starts_removes_what_a_killed_install_has_left() {
    let (_repository, server) = one("greet");
    server.set(&archive_name("greet", "1.0.0"), Manner::Stuck);
    let desk = Desk::at(&server);
    let install = desk.begin(&["install", "greet"]);
    let asked = || (server.requests() >= 3).then_some(());
    wait::until(Duration::from_secs(20), asked).expect("it downloads");
    kill(install, None);
    assert_eq!(desk.staged().len(), 1, "{:?}", desk.staged());
    let node = desk.node();
    desk.assert_tidy();
    drop(node);
}

#[test]
fn an_install_killed_while_it_unpacks_leaves_nothing() {
    let repository = Repository::new();
    repository.add("heavy", "1.0.0", |folder| heavy(folder, 200));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let install = desk.begin(&["install", "heavy"]);
    let unpacker = worker(&install, "unpack-package").expect("it unpacks");
    kill(install, Some(&unpacker));
    assert!(!desk.package("heavy").exists());
    assert!(!assert_old_or_new(&desk, "heavy/1.0.0"));
    // And one whose unpacker alone is killed.
    let install = desk.begin(&["install", "heavy"]);
    let unpacker = worker(&install, "unpack-package").expect("it unpacks");
    let pid = nix::unistd::Pid::from_raw(unpacker.pid);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("it can be killed");
    let end = install.wait_with_output().expect("it ends");
    assert_eq!(end.status.code(), Some(1));
    let said = String::from_utf8_lossy(&end.stderr);
    assert!(
        said.contains("unpack-package ended without an answer: SIGKILL"),
        "{said}"
    );
    desk.assert_tidy();
    assert!(!desk.package("heavy").exists());
    assert_done(&desk.packages(&["install", "heavy"]));
    assert!(assert_old_or_new(&desk, "heavy/1.0.0"));
}

/// From the start to after the end, in steps: wherever it is then.
#[test]
fn an_install_killed_at_any_moment_leaves_the_old_or_the_new() {
    const STEPS: u32 = 24;
    let repository = Repository::new();
    repository.add("greet", "1.0.0", |folder| heavy(folder, 12));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let begin = Instant::now();
    assert_done(&desk.packages(&["install", "greet"]));
    let whole = begin.elapsed();
    assert_done(&desk.packages(&["remove", "greet"]));
    let mut came = Vec::new();
    for step in 0..STEPS {
        let install = desk.begin(&["install", "greet"]);
        std::thread::sleep(whole * step / (STEPS - 4));
        kill(install, None);
        let is_there = assert_old_or_new(&desk, "greet/1.0.0");
        came.push(is_there);
        if is_there {
            let removal = desk.begin(&["remove", "greet"]);
            std::thread::sleep(Duration::from_millis(u64::from(step)));
            kill(removal, None);
            if assert_old_or_new(&desk, "greet/1.0.0") {
                assert_done(&desk.packages(&["remove", "greet"]));
            }
        }
    }
    assert!(!came[0], "{whole:?}: {came:?}");
    assert_done(&desk.packages(&["install", "greet"]));
    assert!(assert_old_or_new(&desk, "greet/1.0.0"));
}

/// Waits until an install says that it publishes.
fn await_publishing(install: &mut Child) {
    let said = install.stderr.take().expect("it is a pipe");
    let mut lines = BufReader::new(said).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with(": publishing")));
}

/// The last steps are the ones that others see: many times, at moments within them and shortly after.
#[test]
fn an_install_killed_while_it_publishes_leaves_the_old_or_the_new() {
    const ROUNDS: usize = 40;
    let repository = Repository::new();
    repository.add("greet", "1.0.0", |folder| heavy(folder, 4));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let mut install = desk.begin(&["install", "greet"]);
    await_publishing(&mut install);
    let begin = Instant::now();
    assert!(install.wait().is_ok_and(|status| status.success()));
    let mut publishing = begin.elapsed();
    assert_done(&desk.packages(&["remove", "greet"]));
    let mut random = fastrand::Rng::with_seed(4);
    let mut came = Vec::new();
    for _ in 0..ROUNDS {
        let mut install = desk.begin(&["install", "greet"]);
        await_publishing(&mut install);
        std::thread::sleep(publishing.mul_f64(2.0 * random.f64()));
        kill(install, None);
        let is_there = assert_old_or_new(&desk, "greet/1.0.0");
        // How long it takes depends on what else is written to the disk.
        publishing = publishing.mul_f64(if is_there { 0.8 } else { 1.25 });
        came.push(is_there);
        if is_there {
            assert_done(&desk.packages(&["remove", "greet"]));
        }
    }
    let both = came.contains(&true) && came.contains(&false);
    assert!(both, "of {publishing:?} each: {came:?}");
    assert_done(&desk.packages(&["install", "greet"]));
    assert!(assert_old_or_new(&desk, "greet/1.0.0"));
}
