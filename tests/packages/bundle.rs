//! Bundles: made with a network, installed without.

use crate::desk::{Desk, one};
use crate::live::{assert_done, output, script};
use crate::repository::{Repository, archive_name, run};
use crate::server::Server;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

/// The bundle of a desk, whether it is there or not.
fn bundle_of(desk: &Desk) -> PathBuf {
    desk.data().join("bundle")
}

/// Has a bundle made, and the server gone.
fn bundle(desk: &Desk, wishes: &[&str]) -> String {
    let file = bundle_of(desk).to_string_lossy().into_owned();
    let words = [&["bundle", "-o", &file], wishes].concat();
    assert_done(&desk.packages(&words));
    desk.assert_tidy();
    file
}

#[test]
fn a_bundle_is_installed_without_a_network() {
    let repository =
        Repository::with(&[("greet", "1.0.0"), ("greet", "1.1.0"), ("other", "1.0.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let file = bundle(&desk, &["greet@1.0.0", "other", "greet@1.0.x"]);
    let listed = run(Command::new("tar").args(["-tf", &file]));
    assert_eq!(
        listed,
        "index\ngreet-1.0.0.pkg.tar.gz\nother-1.0.0.pkg.tar.gz\n"
    );
    let requests = server.requests();
    // What is in the index and not in the bundle is not there.
    let said = desk.packages(&["install", "--bundle", &file, "greet@1.1.0"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("it is not in the bundle"), "{said:?}");
    let node = desk.node();
    let words = ["install", "--bundle", &file, "greet", "other"];
    let said = crate::desk::packages_of(&node, &words);
    assert_done(&said);
    assert_eq!(
        said.out,
        "greet-1.0.0 is installed\nother-1.0.0 is installed\n"
    );
    assert_eq!(server.requests(), requests);
    let reply = node.send(&script("other", "*", "echo 42"));
    assert_eq!(output(&reply), "42\n");
    let said = crate::desk::packages_of(&node, &words);
    assert_done(&said);
    assert!(
        said.out.contains("other-1.0.0 was installed already"),
        "{said:?}"
    );
    desk.assert_tidy();
}

#[test]
fn a_bundle_that_tar_made_is_as_good() {
    let repository = Repository::with(&[("greet", "1.0.0")]);
    let desk = Desk::of(&[]);
    let file = bundle_of(&desk).to_string_lossy().into_owned();
    let archive = archive_name("greet", "1.0.0");
    let folder = repository.path().as_os_str();
    run(Command::new("tar")
        .arg("-C")
        .arg(folder)
        .args(["-cf", &file, "index", &archive]));
    assert_done(&desk.packages(&["install", "--bundle", &file, "greet"]));
}

#[test]
fn with_a_key_only_what_is_signed_is_installed() {
    let repository = Repository::with(&[("greet", "1.0.0")]);
    let server = Server::start(repository.path());
    let unsigned = bundle(&Desk::at(&server), &["greet"]);
    assert!(
        !PathBuf::from(&unsigned).exists(),
        "the desk is gone with its bundle"
    );
    let mut desk = Desk::at(&server);
    let unsigned = bundle(&desk, &["greet"]);
    let kept = desk.data().join("unsigned");
    fs::rename(unsigned, &kept).expect("it is ours");
    desk.set("package_keys", vec![repository.sign()]);
    let said = desk.packages(&["install", "--bundle", &kept.to_string_lossy(), "greet"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("no signature"), "{said:?}");

    let file = bundle(&desk, &["greet"]);
    assert_done(&desk.packages(&["install", "--bundle", &file, "greet"]));
    assert_done(&desk.packages(&["remove", "greet"]));
    assert_done(&desk.packages(&["install", "greet"]));
    assert_done(&desk.packages(&["remove", "greet"]));
    // A digit of the digest, for an archive of somebody else's.
    let bundle = fs::File::options()
        .write(true)
        .open(&file)
        .expect("it is ours");
    bundle
        .write_all_at(b"xy", 512 + 14)
        .expect("it can be written");
    let said = desk.packages(&["install", "--bundle", &file, "greet"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("signature"), "{said:?}");
    // The same over the network.
    let index = repository.path().join("index");
    let text = fs::read_to_string(&index).expect("it is there");
    fs::write(&index, text + "\n").expect("a file can be written");
    let said = desk.packages(&["install", "greet"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("sign"), "{said:?}");
    assert!(!desk.package("greet").exists());
    desk.assert_tidy();
}

#[test]
fn what_is_no_bundle_is_refused() {
    let (_repository, server) = one("greet");
    let desk = Desk::at(&server);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let pipe = folder.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRUSR).expect("a pipe can be made");
    for (file, sentence) in [
        ("/etc/passwd", "no bundle"),
        ("/dev/zero", "an ordinary file"),
        (&pipe.to_string_lossy(), "an ordinary file"),
        ("/nowhere", "can't open /nowhere"),
    ] {
        let said = desk.packages(&["install", "--bundle", file, "greet"]);
        assert_eq!(said.status, Some(1), "{said:?}");
        assert!(said.err.contains(sentence), "{said:?}");
    }
    let file = bundle(&desk, &["greet"]);
    // A byte of the archive: in the middle of what follows index and both headers.
    let bundle = fs::File::options()
        .write(true)
        .open(&file)
        .expect("it is ours");
    bundle
        .write_all_at(b"\0\0", 3 * 512 + 40)
        .expect("it can be written");
    let said = desk.packages(&["install", "--bundle", &file, "greet"]);
    assert!(said.err.contains("the archive has SHA-256"), "{said:?}");
    desk.assert_tidy();
}
