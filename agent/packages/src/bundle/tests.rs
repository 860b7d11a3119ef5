//! Bundles as they are written here, by tar, and by nobody in good faith.

use super::*;
use std::fs::{self, File};
use std::process::Command;

fn id(name: &str) -> PackageId {
    PackageId::parse(name, "1.0.0").unwrap()
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn index(bytes: &[u8], signature: Option<&str>) -> Fetched {
    Fetched {
        source: Location::parse(SOURCE).unwrap(),
        signature: signature.map(str::to_owned),
        bytes: bytes.to_owned(),
    }
}

fn written() -> Vec<u8> {
    let mut bytes = Vec::new();
    write_index(&mut bytes, &index(b"the index", Some("the signature"))).unwrap();
    for (name, length) in [("a", 511), ("c++", 512), ("ünï", 0)] {
        let archive = file(&vec![7; length]);
        write_archive(&mut bytes, &id(name), Part::whole(&archive).unwrap()).unwrap();
    }
    write_end(&mut bytes).unwrap();
    bytes
}

fn length(bundle: &Bundle<'_>, name: &str) -> Option<u64> {
    bundle.archive(&id(name)).map(|part| part.length())
}

fn refusal(bytes: &[u8]) -> String {
    let file = file(bytes);
    let error = Bundle::read(Part::whole(&file).unwrap()).unwrap_err();
    error.to_string()
}

#[test]
fn what_is_written_is_read() {
    let file = file(&written());
    let bundle = Bundle::read(Part::whole(&file).unwrap()).unwrap();
    assert_eq!(bundle.index, index(b"the index", Some("the signature")));
    let lengths = ["a", "c++", "ünï", "b"].map(|name| length(&bundle, name));
    assert_eq!(lengths, [Some(511), Some(512), Some(0), None]);
    assert_eq!(all(bundle.archive(&id("a")).unwrap()).unwrap(), [7; 511]);
}

#[test]
fn a_bundle_may_end_behind_any_file() {
    let mut bytes = Vec::new();
    write_index(&mut bytes, &index(b"the index", None)).unwrap();
    let file = file(&bytes);
    let bundle = Bundle::read(Part::whole(&file).unwrap()).unwrap();
    assert_eq!(bundle.index, index(b"the index", None));
    assert_eq!(length(&bundle, "a"), None);
}

#[test]
fn what_tar_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (INDEX, "i"),
        (SIGNATURE, "s"),
        ("a-1.0.0.pkg.tar.gz", "arc"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    for format in ["gnu", "ustar"] {
        let bundle = folder.path().join("bundle");
        let made = Command::new("tar")
            .current_dir(folder.path())
            .args(["--format", format, "-cf", "bundle", INDEX, SIGNATURE])
            .arg("a-1.0.0.pkg.tar.gz")
            .status();
        assert!(made.unwrap().success());
        let file = File::open(bundle).unwrap();
        let bundle = Bundle::read(Part::whole(&file).unwrap()).unwrap();
        assert_eq!(
            (bundle.index.bytes.as_slice(), length(&bundle, "a")),
            (&b"i"[..], Some(3))
        );
    }
}

#[test]
fn what_is_no_bundle_is_refused() {
    assert!(refusal(b"").contains("does not begin"));
    assert!(refusal(&[0; 512]).contains("does not begin"));
    assert!(refusal(b"#!/bin/sh").contains("no bundle"));
    assert!(refusal(&[b'x'; 2048]).contains("no bundle"));
    let whole = written();
    // In the middle of the index, and of a header.
    for cut in [515, 1024 + 100] {
        assert!(refusal(&whole[..cut]).contains("no bundle"), "{cut}");
    }
    assert!(refusal(&whole[1024..]).contains("does not begin"));
}

#[test]
fn nothing_but_plain_files_is_taken() {
    let mut bytes = written();
    // The type of the first archive, and what that changes in the sum of its header.
    let header = &mut bytes[4 * 512..5 * 512];
    let mut changed = Header::from_byte_slice(header).clone();
    changed.set_entry_type(EntryType::Symlink);
    changed.set_cksum();
    header.copy_from_slice(changed.as_bytes());
    assert_eq!(
        refusal(&bytes),
        "a-1.0.0.pkg.tar.gz in the bundle is no plain file"
    );
}

#[test]
fn there_are_bounds() {
    let mut bytes = Vec::new();
    for _ in 0..=FILES_MAX {
        write_file(&mut bytes, INDEX, 0, io::empty()).unwrap();
    }
    assert!(refusal(&bytes).contains("more than 1024"));
    let mut bytes = Vec::new();
    write_index(&mut bytes, &index(&[0; INDEX_MAX + 1], None)).unwrap();
    assert!(refusal(&bytes).contains("does not begin"));
    // A length beyond the end of the file.
    let mut header = Header::new_ustar();
    header.set_path(INDEX).unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_size(0o777_7777_7777);
    header.set_cksum();
    assert!(refusal(header.as_bytes()).contains("no bundle"));
}

#[test]
fn an_archive_that_is_shorter_than_it_was_is_no_archive() {
    let short = file(b"abc");
    let part = Part::whole(&short).unwrap();
    short.set_len(1).unwrap();
    assert!(write_archive(&mut Vec::new(), &id("a"), part).is_err());
}
