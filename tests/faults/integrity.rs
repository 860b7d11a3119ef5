//! Runtime files that are not what was sealed: on the disk, or only in the page cache.

use crate::configuration::refusal;
use crate::images::{Data, PYTHON, options_on, seal_lines};
use crate::job::{assert_serves, begin, python, sleeper};
use capsule_tests::{Node, NodeOptions, wait};
use nix::sys::signal::Signal;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

const CHECK: Duration = Duration::from_secs(30);

/// Something of Python that no program here reads.
const UNREAD: &str = "usr/lib/python3.11/pydoc_data/topics.py";

/// Changes one byte of a file on the disk.
fn flip(path: &Path, offset: u64) {
    let file = File::options().read(true).write(true).open(path);
    let file = file.expect("root may write");
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).expect("it is longer");
    byte[0] ^= 1;
    file.write_all_at(&byte, offset).expect("root may write");
    file.sync_all().expect("the disk takes it");
}

/// Where in an image a file's content begins.
fn place_of(image: &Path, file: &Path) -> u64 {
    let read = |path: &Path| fs::read(path).expect("root may read");
    let (image, content) = (read(image), read(file));
    let begin = &content[..4096];
    let is_there = |block: &&[u8]| *block == begin;
    let mut blocks = image.chunks_exact(4096).enumerate();
    let place = blocks.find(|(_, block)| is_there(block));
    let (number, _) = place.expect("an image holds its files in whole blocks");
    number as u64 * 4096
}

/// The node stops, says so on every route, and stays so.
fn assert_stopped(node: &Node) {
    let ready = || Some(node.get("/readyz")).filter(|reply| reply.status == 503);
    let reply = wait::until(CHECK, ready).expect("the node finds it");
    assert!(
        reply.text().contains("not what was sealed"),
        "{}",
        reply.text()
    );
    for _ in 0..2 {
        let (status, answer) = node.execute(&python("print(42)"));
        assert_eq!(status, 503, "{answer}");
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(message.contains("not what was sealed"), "{answer}");
    }
    assert_eq!(node.get("/healthz").status, 200);
    let gone = || node.inits().is_empty().then_some(());
    wait::until(Duration::from_secs(5), gone).expect("no jail is left");
}

#[test]
fn an_image_that_was_changed_is_never_mounted() {
    let data = Data::new();
    drop(Node::start(options_on(&data)));
    flip(&data.image(PYTHON), 123_456);
    let told = refusal(options_on(&data));
    assert_eq!(told.len(), 1, "{told:#?}");
    for words in [PYTHON, "not what was sealed", "remove", ".image"] {
        assert!(told[0].contains(words), "{told:#?}");
    }
    // What it says helps.
    fs::remove_file(data.image(PYTHON)).unwrap();
    let node = Node::start(options_on(&data));
    assert_eq!(seal_lines(&node), 1, "{}", node.stderr());
    assert_serves(&node);
}

#[test]
fn an_image_that_is_changed_under_a_node_stops_it() {
    let data = Data::new();
    let node = Node::start(options_on(&data));
    let (status, said) = node.verify();
    assert_eq!(status, Some(0), "{said}");
    let job = begin(&node, &sleeper(Duration::from_secs(20)));
    crate::job::program(&node);
    flip(&data.image(PYTHON), 123_456);
    node.signal(Signal::SIGUSR1);
    assert_stopped(&node);
    // The job that ran got no result, and was not kept waiting.
    if let Ok(reply) = job.join().expect("the client ends") {
        assert_eq!(reply.status, 503, "{}", reply.text());
    }
    let (status, said) = node.verify();
    assert_eq!(status, Some(1), "{said}");
    let line = said.lines().find(|line| line.starts_with("CHANGED"));
    assert!(line.is_some_and(|line| line.contains(PYTHON)), "{said}");
    let logged = node.stderr();
    assert!(
        logged.contains(PYTHON) && logged.contains("ERROR"),
        "{logged}"
    );
}

/// A node that has the disk as it was sealed, and a page of Python's that is another in the page cache; found by `verify`,
/// which says so. The kernel may drop the page in between, and nothing is wrong then: another node is tried.
fn node_with_a_page_changed(data: &Data) -> (Node, String) {
    let part = data.part(PYTHON);
    let place = place_of(&data.image(PYTHON), &part.join(UNREAD)) + 100;
    let attempt = || {
        let node = Node::start(options_on(data));
        flip(&data.image(PYTHON), place);
        let seen = fs::read(node.runtimes().join(PYTHON).join(UNREAD)).expect("root may read");
        flip(&data.image(PYTHON), place);
        let stored = fs::read(part.join(UNREAD)).expect("root may read");
        assert_ne!(seen, stored);
        let (status, said) = node.verify();
        (status == Some(1)).then_some((node, said))
    };
    std::iter::repeat_with(attempt)
        .take(5)
        .flatten()
        .next()
        .expect("it is found")
}

/// What a write to the page cache leaves: the disk is right, what jobs get is not. Found by hand first, by which the node
/// learns of it; a new front of a node that has stopped serves no more than the one before.
#[test]
fn what_only_the_page_cache_has_is_found() {
    let data = Data::new();
    // One that seals reads all of it, so that the page cache would have it before it is changed below.
    drop(Node::start(options_on(&data)));
    let (mut node, said) = node_with_a_page_changed(&data);
    let found = format!("as jobs see it, {UNREAD} has other content");
    assert!(said.contains(&found), "{said}");
    assert_stopped(&node);
    let front = node.front().expect("a node has a front");
    crate::job::signal(&front, Signal::SIGKILL);
    let anew = || node.front().filter(|other| other.pid != front.pid);
    wait::until(Duration::from_secs(5), anew).expect("a new front is started");
    assert_stopped(&node);

    // A restart mounts afresh.
    node.kill_warden();
    node.restart();
    assert_serves(&node);
    assert_eq!(node.verify().0, Some(0));
}

/// Without anybody asking, and without an image: the folder is compared with what it was at the start.
#[test]
fn a_folder_that_changes_is_found_by_the_clock() {
    let data = Data::new();
    // No folder for images.
    fs::write(data.part("images"), "").unwrap();
    let options = options_on(&data).set("verify_interval", 1000);
    let node = Node::start(options);
    assert_serves(&node);
    flip(&data.part(PYTHON).join(UNREAD), 5);
    assert_stopped(&node);
    assert!(node.stderr().contains(UNREAD), "{}", node.stderr());
}

/// A folder's page cache outlives the node: what a job wrote there must not become what the next start compares with.
/// Here a disk changes below a file that was read already, on which both then differ.
#[test]
fn a_start_takes_no_page_cache_for_the_truth() {
    let data = Data::new();
    let mark = format!("{PYTHON}/mark");
    let content: Vec<u8> = (0..2048u32)
        .flat_map(|n| (n ^ 0x5eed_5eed).to_le_bytes())
        .collect();
    fs::write(data.part(&mark), content).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    let made = std::process::Command::new("mkfs.ext4")
        .args(["-q", "-b", "4096", "-d", &data.path()])
        .arg(&disk)
        .arg("256m")
        .status();
    assert!(made.is_ok_and(|status| status.success()), "mkfs.ext4");
    let line = format!(
        "set -e; mount -o loop,ro {disk} /mnt; cat /mnt/{mark} >/dev/null; \
         printf x | dd of={disk} bs=1 seek={} conv=notrunc status=none; exec \"$@\"",
        place_of(&disk, &data.part(&mark)),
        disk = disk.display(),
    );
    let options = options_on(&data).set("data_directory", "/mnt").through([
        "unshare",
        "--mount",
        "--propagation=private",
        "bash",
        "-c",
        &line,
        "bash",
    ]);
    let told = refusal(options);
    for words in [
        PYTHON,
        "mark",
        "on the disk",
        "in the page cache",
        "machine",
    ] {
        assert!(told[0].contains(words), "{told:#?}");
    }
}

/// Asking a node that has nothing to compare its runtimes with is no reason for it to stop.
#[test]
fn without_images_a_node_that_is_asked_serves_on() {
    let node = Node::start(NodeOptions::new().set("runtime_images", "off"));
    node.signal(Signal::SIGUSR1);
    let told = || node.stderr().contains("nothing is checked").then_some(());
    wait::until(CHECK, told).expect("it says so");
    assert!(
        !node.stderr().contains("could not be checked"),
        "{}",
        node.stderr()
    );
    assert_serves(&node);
}

#[test]
fn verify_says_when_there_is_nothing_to_verify() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(capsule_tests::agent_binary())
        .args(["verify", "--config", "/dev/null", "--state-directory"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no node runs with"), "{said}");
}
