//! Who the processes are that meet the network and read archives, looked at while they do.

use crate::desk::{Desk, one, worker};
use crate::repository::{Repository, archive_name};
use crate::server::{Manner, Server};
use capsule_tests::processes::Process;
use capsule_tests::wait;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Fills a package so that unpacking takes a while, with what nothing compresses.
pub(crate) fn heavy(folder: &Path, megabytes: usize) {
    let mut random = fastrand::Rng::with_seed(7);
    for number in 0..megabytes {
        let mut bytes = vec![0; 1 << 20];
        random.fill(&mut bytes);
        fs::write(folder.join(format!("file{number}")), bytes).expect("a file can be written");
    }
}

/// A line of /proc/PID/status.
fn status(process: &Process, key: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or_default()
        .trim_matches([':', '\t', ' '])
        .to_owned()
}

/// Fails unless a process has no right at all, is filtered, and has only so many descriptors.
fn assert_without_rights(process: &Process) {
    let own = Process::read(i32::try_from(std::process::id()).expect("it fits")).expect("it is us");
    let filtered = || (status(process, "Seccomp") == "2").then_some(());
    wait::until(Duration::from_secs(10), filtered).expect("it is filtered");
    let ids: Vec<_> = ["Uid", "Gid"].map(|key| status(process, key)).into();
    for id in &ids {
        let mut four = id.split('\t');
        let first = four.next().expect("there are four");
        assert!(first.parse::<u32>().is_ok_and(|id| id > 1000), "{ids:?}");
        assert!(four.all(|id| id == first), "{ids:?}");
    }
    assert_eq!(status(process, "Groups"), "");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status(process, set), "0000000000000000", "{set}");
    }
    assert_eq!(status(process, "NoNewPrivs"), "1");
    // A pid namespace of its own: a number in each.
    assert_eq!(
        status(process, "NSpid").split('\t').count(),
        status(&own, "NSpid").split('\t').count() + 1
    );
    let numbers: Vec<_> = process.descriptors().into_keys().collect();
    assert!(
        numbers.iter().all(|&number| number < 8),
        "{:?}",
        process.descriptors()
    );
    let environment = fs::read(format!("/proc/{}/environ", process.pid)).expect("it is there");
    assert!(environment.is_empty());
}

#[test]
fn who_reads_an_archive_has_no_rights_and_no_network() {
    let repository = Repository::new();
    repository.add("heavy", "1.0.0", |folder| heavy(folder, 200));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let install = desk.begin(&["install", "heavy"]);
    let unpacker = worker(&install, "unpack-package").expect("it unpacks");
    assert_without_rights(&unpacker);
    let own = fs::read_link("/proc/self/ns/net").expect("it is there");
    assert_ne!(
        unpacker.network_namespace(),
        Some(own.to_string_lossy().into_owned())
    );
    let limits = fs::read_to_string(format!("/proc/{}/limits", unpacker.pid)).expect("it is there");
    for (limit, most) in [
        ("Max core file size", "0"),
        ("Max processes", "0"),
        ("Max open files", "16"),
    ] {
        let line = limits
            .lines()
            .find(|line| line.starts_with(limit))
            .expect("it is a limit");
        let numbers: Vec<_> = line[limit.len()..].split_whitespace().take(2).collect();
        assert_eq!(numbers, [most, most], "{limits}");
    }
    // The archive is there to be read only (O_RDONLY is 0), as a folder always is.
    for number in [3, 5] {
        let info = fs::read_to_string(format!("/proc/{}/fdinfo/{number}", unpacker.pid));
        let info = info.expect("it has it");
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        assert!(
            flags.is_some_and(|bits| bits.ends_with('0')),
            "{number}: {info}"
        );
    }
    let end = install.wait_with_output().expect("it ends");
    assert!(end.status.success(), "{end:?}");
    desk.assert_tidy();
}

#[test]
fn who_meets_the_network_has_no_rights() {
    let (_repository, server) = one("greet");
    server.set(&archive_name("greet", "1.0.0"), Manner::Stuck);
    let desk = Desk::at(&server);
    let mut install = desk.begin(&["install", "greet"]);
    let fetcher = worker(&install, "fetch-package").expect("it downloads");
    assert_without_rights(&fetcher);
    install.kill().expect("it can be killed");
    install.wait().expect("it ends");
    let gone = || (!fetcher.is_there()).then_some(());
    wait::until(Duration::from_secs(5), gone).expect("it dies with who started it");
}
