//! Every rule with an archive that breaks it, and what good archives become.

mod bounds;
mod craft;
mod headers;
mod links;
mod paths;

use super::*;
use craft::{Tar, gzip, made, unpack_bytes};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use tar::EntryType;

#[test]
fn a_package_is_unpacked_whole() {
    let tar = Tar::default()
        .folder("./")
        .file("./pkg-info.json", b"{}")
        .entry(EntryType::Regular, b"./run", b"#!/bin/sh\n", |h| {
            h.set_mode(0o700)
        })
        .folder("./lib/")
        .file("./lib/a", b"a")
        .file("share/doc/b", b"")
        .folder("share")
        .link("./bin", "lib")
        .hard_link("lib/c", "./lib/a");
    let outcome = unpack_bytes(&gzip(&tar.bytes()), &Limits::default());
    assert_eq!(
        outcome.result.as_ref().unwrap(),
        &Unpacked {
            entries: 9,
            bytes: 13
        }
    );
    assert_eq!(
        outcome.listing(),
        [
            "l bin lib",
            "d 755 lib",
            "f 644 lib/a a",
            "f 644 lib/c a",
            "f 644 pkg-info.json {}",
            "f 755 run #!/bin/sh\n",
            "d 755 share",
            "d 755 share/doc",
            "f 644 share/doc/b ",
        ]
    );
    let status = |name| fs::metadata(outcome.folder().join(name)).unwrap();
    assert_eq!(status("lib/a").mtime(), 1_600_000_000);
    assert_eq!(status("lib/a").ino(), status("lib/c").ino());
    sync(fs::File::open(outcome.folder()).unwrap().as_fd()).unwrap();
}

/// What the archive says of modes, owners and times is worth no more than this.
#[test]
fn modes_owners_and_times_are_tamed() {
    let with_mode = |path: &str, mode| {
        Tar::default().entry(EntryType::Regular, path.as_bytes(), b"", |h| {
            h.set_mode(mode);
            h.set_uid(12345);
            h.set_gid(12345);
        })
    };
    assert_eq!(made(with_mode("a", 0o000)), ["f 644 a "]);
    assert_eq!(made(with_mode("a", 0o666)), ["f 644 a "]);
    assert_eq!(made(with_mode("a", 0o777)), ["f 755 a "]);
    assert_eq!(made(with_mode("a", 0o001)), ["f 755 a "]);
    let folder = Tar::default().entry(EntryType::Directory, b"d", b"", |h| h.set_mode(0o777));
    assert_eq!(made(folder), ["d 755 d"]);
    let mtime = |tar: Tar| {
        let outcome = unpack_bytes(&gzip(&tar.bytes()), &Limits::default());
        let status = fs::metadata(outcome.folder().join("a")).unwrap();
        assert_eq!(status.uid(), nix::unistd::geteuid().as_raw());
        (status.mtime(), status.mtime_nsec())
    };
    let at = |text: &str| Tar::default().pax(&[("mtime", text)]).file("a", b"");
    assert_eq!(mtime(with_mode("a", 0o644)), (1_600_000_000, 0));
    assert_eq!(mtime(at("1234.987")), (1234, 0));
    assert_eq!(mtime(at("-7")), (0, 0));
    assert_eq!(mtime(at("99999999999999999999")), (u32::MAX.into(), 0));
    // Before 1970 in the header, where numbers have no sign but in base 256.
    let early = Tar::default().entry(EntryType::Regular, b"a", b"", |h| {
        h.as_old_mut().mtime = [0xff; 12];
    });
    assert_eq!(mtime(early), (0, 0));
}

/// The unpacker writes nothing over what it did not make itself.
#[test]
fn a_folder_that_is_not_empty_is_not_written_to() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc", dir.path().join("link")).unwrap();
    fs::write(dir.path().join("file"), "old").unwrap();
    let staging = fs::File::open(dir.path()).unwrap();
    let package = PackageId::parse("a", "1.0.0").unwrap();
    for path in ["link/passwd-new", "file"] {
        let tar = Tar::default().file(path, b"new").bytes();
        let error = unpack_tar(&tar[..], staging.as_fd(), &package, &Limits::default());
        let error = error.unwrap_err();
        assert!(matches!(error.fault, Fault::Write { .. }), "{error:?}");
        assert_eq!(error.entry, format!("\"{path}\""));
    }
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"old");
}

#[test]
fn an_error_shows_little_and_nothing_wild() {
    let error = |name: &[u8]| ArchiveError::new(name, Fault::Dots).entry;
    assert_eq!(error(b""), "its beginning");
    assert_eq!(error(b"a\n\x1b[31m\xff"), "\"a\\n\\x1b[31m\\xff\"");
    assert!(error(&[0xff; 4000]).len() < 500);
    let target = Fault::leads_out(&"\u{1b}".repeat(4000)).to_string();
    assert!(
        target.len() < 1000 && !target.contains('\u{1b}'),
        "{target}"
    );
}
