//! Headers, extensions, and types.

use super::super::*;
use super::craft::{Tar, fault, made, pax_records};
use tar::EntryType;

#[test]
fn only_files_folders_and_links() {
    for kind in [
        b'3', b'4', b'6', b'7', b'M', b'V', b'N', b'D', b'A', b'Z', b's',
    ] {
        let tar = Tar::default().entry(EntryType::new(kind), b"a", b"", |_| {});
        let fault = fault(tar);
        assert!(
            matches!(fault, Fault::Type(shown) if shown == char::from(kind)),
            "{fault:?}"
        );
    }
    // A socket has no type of its own; GNU's old form of a file is NUL.
    let old = Tar::default().entry(EntryType::new(0), b"a", b"x", |_| {});
    assert_eq!(made(old), ["f 644 a x"]);
}

#[test]
fn special_bits_are_refused() {
    for mode in [0o4755, 0o2755, 0o1755] {
        for kind in [EntryType::Regular, EntryType::Directory] {
            let tar = Tar::default().entry(kind, b"a", b"", |h| h.set_mode(mode));
            assert!(matches!(fault(tar), Fault::SpecialMode(found) if found == mode));
        }
    }
}

#[test]
fn sparse_files_are_refused() {
    let sparse = Tar::default().entry(EntryType::GNUSparse, b"a", b"", |_| {});
    assert!(matches!(fault(sparse), Fault::Sparse));
    for key in ["GNU.sparse.major", "GNU.sparse.size", "GNU.sparse.name"] {
        let tar = Tar::default().pax(&[(key, "1")]).file("a", b"");
        assert!(matches!(fault(tar), Fault::Sparse));
    }
}

#[test]
fn content_is_a_files() {
    for kind in [EntryType::Directory, EntryType::Symlink, EntryType::Link] {
        let tar = Tar::default()
            .file("b", b"")
            .entry(kind, b"a", b"content", |h| {
                h.as_old_mut().linkname[0] = b'b';
            });
        assert!(matches!(fault(tar), Fault::Content));
    }
}

#[test]
fn a_damaged_header_is_found() {
    let mut sum = Tar::default().file("a", b"");
    sum.0[0] = b'b';
    assert!(matches!(fault(sum), Fault::Header("its checksum")));
    let with = |set: fn(&mut tar::OldHeader)| {
        fault(Tar::default().entry(EntryType::Regular, b"a", b"", |h| set(h.as_old_mut())))
    };
    assert!(matches!(
        with(|h| h.size = *b"0000000000x\0"),
        Fault::Header("its length")
    ));
    assert!(matches!(
        with(|h| h.mode = *b"99999999"),
        Fault::Header("its mode")
    ));
    assert!(matches!(
        with(|h| h.mtime = [b'-'; 12]),
        Fault::Header("its time of change")
    ));
    let huge = with(|h| h.size = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert!(matches!(huge, Fault::Header("a length of more than 8 GiB")));
}

#[test]
fn extensions_are_honoured() {
    let long = vec!["n".repeat(200); 10].join("/");
    let listing = made(Tar::default().file(&long, b"x"));
    assert_eq!(listing.last().unwrap(), &format!("f 644 {long} x"));
    let pax = Tar::default()
        .extension(
            EntryType::XGlobalHeader,
            &pax_records(&[("comment", "a=b\n")]),
        )
        .pax(&[
            ("path", "p\u{e4}x"),
            ("SCHILY.xattr.security.capability", "x"),
            ("uid", "0"),
        ])
        .file("short", b"x")
        .pax(&[("linkpath", "short"), ("path", "l")])
        .link("other", "elsewhere");
    assert_eq!(made(pax), ["l l short", "f 644 p\u{e4}x x"]);
    // The length of pax counts, not that in the header.
    let mut size = Tar::default().pax(&[("size", "3")]);
    size = size.entry(EntryType::Regular, b"a", b"abc", |h| h.set_size(0));
    assert_eq!(made(size.file("b", b"")), ["f 644 a abc", "f 644 b "]);
}

#[test]
fn extensions_say_one_thing() {
    let long = |tar: Tar| tar.extension(EntryType::GNULongName, b"long");
    let pax = |tar: Tar| tar.pax(&[("path", "p")]);
    let twice = [
        long(long(Tar::default())).file("a", b""),
        pax(pax(Tar::default())).file("a", b""),
        long(pax(Tar::default())).file("a", b""),
        long(Tar::default()),
        pax(Tar::default()),
    ];
    for tar in twice {
        assert!(matches!(fault(tar), Fault::Extension(_)));
    }
    for key in ["path", "linkpath", "size"] {
        let records = pax_records(&[(key, "1")]);
        let tar = Tar::default().extension(EntryType::XGlobalHeader, &records);
        assert!(matches!(fault(tar.file("a", b"")), Fault::Extension(_)));
    }
}

#[test]
fn damaged_records_are_found() {
    for records in [
        "x",
        "5",
        "5 a=b",
        "99 a=b\n",
        "6 a=bc\n",
        "7 a=bc",
        "3 \n",
        "5 ab\n",
        "0 a=b\n",
        "18446744073709551616 a=b\n",
    ] {
        let tar = Tar::default().extension(EntryType::XHeader, records.as_bytes());
        let fault = fault(tar.file("a", b""));
        assert!(
            matches!(fault, Fault::Header("a record of pax")),
            "{records} {fault:?}"
        );
    }
    for (key, value) in [
        ("size", "x"),
        ("size", "-1"),
        ("size", ""),
        ("mtime", "x"),
        ("mtime", ".5"),
    ] {
        let tar = Tar::default().pax(&[(key, value)]).file("a", b"");
        assert!(matches!(fault(tar), Fault::Header(_)));
    }
}
