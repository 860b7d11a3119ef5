//! Paths of entries.

use super::super::*;
use super::craft::{Tar, fault, made, unpack_plain};
use proptest::prelude::*;
use tar::EntryType;

/// The fault of a file with this path.
fn of(path: &str) -> Fault {
    fault(Tar::default().file(path, b""))
}

#[test]
fn a_path_stays_below_the_folder() {
    assert!(matches!(of("/etc/passwd"), Fault::Absolute));
    assert!(matches!(of("//a"), Fault::Absolute));
    for path in ["..", "../a", "a/../b", "a/..", "./../a"] {
        assert!(matches!(of(path), Fault::Dots), "{path}");
    }
    for path in ["", ".", "./", "a//b", "a/./b", "a/.", "././a", "a/", ".//a"] {
        assert!(matches!(of(path), Fault::Empty | Fault::Absolute), "{path}");
    }
    let folder = |path: &str| fault(Tar::default().folder(path));
    assert!(matches!(folder("a//"), Fault::Empty));
    assert!(matches!(folder(".."), Fault::Dots));
}

#[test]
fn a_name_is_text() {
    let raw = |path: &[u8]| fault(Tar::default().entry(EntryType::Regular, path, b"", |_| {}));
    assert!(matches!(raw(b"a\xff"), Fault::NotText));
    let pax = |path| fault(Tar::default().pax(&[("path", path)]).file("a", b""));
    assert!(matches!(pax("a\0b"), Fault::Nul));
    let long = Tar::default().extension(EntryType::GNULongName, b"a\0b");
    assert!(matches!(fault(long.file("a", b"")), Fault::Nul));
}

#[test]
fn a_path_has_bounds() {
    let deep = |names: usize| vec!["d"; names].join("/");
    assert_eq!(made(Tar::default().file(&deep(32), b"")).len(), 32);
    assert!(matches!(of(&deep(33)), Fault::TooDeep(32)));
    let name = "n".repeat(255);
    assert_eq!(made(Tar::default().file(&name, b"")).len(), 1);
    assert!(matches!(of(&"n".repeat(256)), Fault::NameTooLong(255)));
    let long = |last: usize| {
        format!(
            "x/{}/{}",
            vec![name.as_str(); 13].join("/"),
            "m".repeat(last)
        )
    };
    assert_eq!(made(Tar::default().file(&long(254), b"")).len(), 15);
    assert!(matches!(of(&long(255)), Fault::PathTooLong(3584)));
}

#[test]
fn a_path_comes_once() {
    let twice = |first: Tar| fault(first.file("a", b"2"));
    assert!(matches!(
        twice(Tar::default().file("a", b"1")),
        Fault::Duplicate
    ));
    assert!(matches!(
        twice(Tar::default().file("./a", b"1")),
        Fault::Duplicate
    ));
    assert!(matches!(
        twice(Tar::default().folder("a")),
        Fault::Duplicate
    ));
    assert!(matches!(
        twice(Tar::default().file("a/b", b"1")),
        Fault::Duplicate
    ));
    assert!(matches!(
        twice(Tar::default().link("a", "b")),
        Fault::Duplicate
    ));
    let folder = |first: Tar| fault(first.folder("a"));
    assert!(matches!(
        folder(Tar::default().file("a", b"")),
        Fault::Duplicate
    ));
    assert!(matches!(
        folder(Tar::default().folder("a/")),
        Fault::Duplicate
    ));
    assert!(matches!(
        folder(Tar::default().link("a", "b")),
        Fault::Duplicate
    ));
    let root = Tar::default().folder("./").folder(".");
    assert!(matches!(fault(root), Fault::Duplicate));
}

#[test]
fn a_path_leads_through_folders() {
    let below = |first: Tar| fault(first.file("a/b", b""));
    assert!(matches!(
        below(Tar::default().file("a", b"")),
        Fault::ThroughFile
    ));
    assert!(matches!(
        below(Tar::default().folder("d").link("a", "d")),
        Fault::ThroughLink
    ));
    let linked = Tar::default().file("f", b"").hard_link("a", "f");
    assert!(matches!(below(linked), Fault::ThroughFile));
}

#[test]
fn paths_that_look_alike_are_refused() {
    let both = |a: &str, b: &str| fault(Tar::default().file(a, b"").file(b, b""));
    for (a, b) in [
        ("readme", "README"),
        ("lib/a", "LIB/A"),
        ("lib/a/b", "LIB/a/B"),
        ("lib", "LIB/b"),
        ("lib/a", "lib/A"),
        ("\u{e9}", "e\u{301}"),
        ("\u{c9}", "e\u{301}"),
        ("\u{3a3}", "\u{3c3}"),
        ("\u{212b}", "\u{e5}"),
    ] {
        assert!(matches!(both(a, b), Fault::AlmostSame), "{a} {b}");
        assert!(matches!(both(b, a), Fault::AlmostSame), "{b} {a}");
    }
    let linked = Tar::default().file("f", b"").hard_link("g", "F");
    assert!(matches!(fault(linked), Fault::HardLink));
    assert_eq!(
        made(Tar::default().file("a", b"").file("b/A", b"")).len(),
        3
    );
}

/// Perl's library has `Pod` and `pod`.
#[test]
fn only_folders_may_look_alike() {
    let perl = || {
        Tar::default()
            .file("Pod/Usage.pm", b"")
            .file("pod/perl.pod", b"")
    };
    let there = ["Pod", "Pod/Usage.pm", "pod", "pod/perl.pod"];
    let listed = |tar| {
        made(tar)
            .iter()
            .filter(|line| there.iter().any(|name| line.contains(name)))
            .count()
    };
    assert_eq!(listed(perl()), 4);
    assert_eq!(listed(perl().folder("pod/").folder("Pod/")), 4);
    assert_eq!(
        made(perl().file("POD/x/a", b"").file("pod/X/b", b"")).len(),
        9
    );
    // What is in them is compared as if they were one.
    for same in ["pod/usage.pm", "POD/perl.pod", "pod/Usage.pm/x"] {
        let fault = fault(perl().file(same, b""));
        assert!(matches!(fault, Fault::AlmostSame), "{same}: {fault:?}");
    }
    assert!(matches!(fault(perl().file("POD", b"")), Fault::AlmostSame));
    assert!(matches!(
        fault(perl().link("poD", "Pod")),
        Fault::AlmostSame
    ));
    assert!(matches!(fault(perl().file("pod", b"")), Fault::AlmostSame));
    assert!(matches!(fault(perl().file("Pod", b"")), Fault::Duplicate));
    let twice = perl().folder("pod/").folder("pod/");
    assert!(matches!(fault(twice), Fault::Duplicate));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the paths are, what is there afterwards is what was accepted, and below the folder (which `unpack_plain`
    /// checks).
    #[test]
    fn whatever_is_accepted_is_there(paths in prop::collection::vec("(\\.?\\.?/)?[a-cA-C]{0,2}(/[a-c.]{0,3}){0,3}", 1..6)) {
        let tar = paths.iter().fold(Tar::default(), |tar, path| tar.file(path, path.as_bytes()));
        let outcome = unpack_plain(&tar.bytes(), &Limits::default());
        if outcome.result.is_ok() {
            let listing = outcome.listing();
            for path in &paths {
                let name = path.strip_prefix("./").unwrap_or(path);
                let line = format!("f 644 {name} {path}");
                prop_assert!(listing.contains(&line), "{line} {listing:?}");
            }
        }
    }
}
