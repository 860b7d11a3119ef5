//! When the first walls have failed: a program that got hold of a folder of the host, as by the leak of CVE-2024-21626,
//! still can't use it.

use crate::arena::Arena;
use capsule_tests::{has_landlock, wait};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use serde_json::json;
use std::fs::{self, File, Permissions};
use std::io::IoSlice;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

const ATTEMPTS: [&str; 9] = [
    "list",
    "open",
    "write",
    "make",
    "by proc",
    "go there",
    "from there",
    "above",
    "execute",
];

/// A folder that every account may use, whatever it wants to do.
fn open_house(folder: &Path) {
    for (name, mode) in [("secret", 0o644), ("public", 0o666), ("tool", 0o755)] {
        fs::write(folder.join(name), "#!/bin/sh\necho execute works\n")
            .expect("a file can be made");
        fs::set_permissions(folder.join(name), Permissions::from_mode(mode)).expect("root may");
    }
    fs::set_permissions(folder, Permissions::from_mode(0o777)).expect("root may");
}

/// Where the program waits for a connection, seen from the host.
fn door(arena: &Arena) -> Option<PathBuf> {
    let inside = |pid| PathBuf::from(format!("/proc/{pid}/root/box/submission/door"));
    arena
        .programs()
        .iter()
        .map(|process| inside(process.pid))
        .find(|door| door.exists())
}

#[test]
fn a_leaked_folder_of_the_host_is_of_no_use() {
    let arena = Arena::start();
    let folder = tempfile::tempdir().expect("a folder can be made");
    open_house(folder.path());
    let leaked = File::open(folder.path()).expect("the folder is there");
    let body = json!({"language": "python", "version": "*", "files": [
        {"name": "main.py", "content": include_str!("programs/leaked.py")},
    ]});
    let (status, answer) = std::thread::scope(|scope| {
        let job = scope.spawn(|| arena.execute(&body));
        let door = wait::until(Duration::from_secs(10), || door(&arena));
        // Not before it listens.
        let stream = door.and_then(|door| {
            wait::until(Duration::from_secs(5), || UnixStream::connect(&door).ok())
        });
        if let Some(stream) = stream {
            let fds = [leaked.as_raw_fd()];
            let rights = [ControlMessage::ScmRights(&fds)];
            let bytes = [IoSlice::new(b"!")];
            sendmsg::<()>(stream.as_raw_fd(), &bytes, &rights, MsgFlags::empty(), None)
                .expect("the program reads");
        }
        job.join().expect("the job is answered")
    });
    assert_eq!(status, 200, "{answer}");
    let said = answer["run"]["stdout"].as_str().unwrap_or_default();
    let expected: Vec<String> = ATTEMPTS.iter().map(|name| outcome(name)).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{answer}");
    let made = folder.path().join("made").exists();
    assert_eq!(made, outcome("make").ends_with("works"));
}

/// Reading the list that its descriptor stands for and going there are all that is left. Without Landlock there is no
/// second wall, which shows that the test would see one fall.
fn outcome(attempt: &str) -> String {
    let kept = has_landlock() && !["list", "go there"].contains(&attempt);
    format!(
        "{attempt} {}",
        if kept { "Permission denied" } else { "works" }
    )
}
