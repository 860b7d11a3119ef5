//! Symbolic and hard links.

use super::super::*;
use super::craft::{Tar, fault, made, unpack_plain};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// What the link at `path` is written as.
fn written(path: &str, to: &str) -> Result<String, Fault> {
    links::target(to.as_bytes(), path, "/piston/packages/java/17.0.1")
}

#[test]
fn a_link_stays_in_the_package() {
    for (path, to) in [
        ("a", "b"),
        ("a", "."),
        ("a", "./b/c/"),
        ("d/a", ".."),
        ("d/a", "../b"),
        ("d/e/a", ".././../b"),
        ("a", "not/there"),
        ("a", "a"),
    ] {
        assert_eq!(written(path, to).unwrap(), to);
        assert!(
            made(Tar::default().link(path, to))
                .iter()
                .any(|line| *line == format!("l {path} {to}"))
        );
    }
    for (path, to) in [
        ("a", ".."),
        ("a", "../java2"),
        ("d/a", "../../b"),
        // Whatever `b` is, it may be a link to the package's own folder.
        ("a", "b/.."),
        ("d/a", "b/.."),
        ("d/e/a", "b/../../c"),
        ("d/a", "../b/../../c"),
        ("a", "b/./../c"),
        ("a", "/etc/passwd"),
        ("a", "/"),
        ("a", "/piston/packages/java"),
        ("a", "/piston/packages/java/17.0.10/x"),
        ("a", "/piston/packages/java/17.0.1/../x"),
        ("d/a", "/piston/packages/java/17.0.1/b/../x"),
        ("a", "//piston/packages/java/17.0.1/x"),
    ] {
        let fault = fault(Tar::default().link(path, to));
        assert!(
            matches!(&fault, Fault::LeadsOut(shown) if shown == to),
            "{path} {to} {fault:?}"
        );
    }
}

#[test]
fn a_link_has_a_target() {
    assert!(matches!(fault(Tar::default().link("a", "")), Fault::Target));
    let long = "x/".repeat(2048);
    assert!(matches!(
        fault(Tar::default().link("a", &long)),
        Fault::Target
    ));
    assert_eq!(made(Tar::default().link("a", &long[..300])).len(), 1);
    assert!(matches!(
        links::target(b"\xff", "a", "/p"),
        Err(Fault::Target)
    ));
    let pax = Tar::default().pax(&[("linkpath", "x\0y")]).link("a", "b");
    assert!(matches!(fault(pax), Fault::Target));
}

/// Absolute links of Piston's packages become relative ones.
#[test]
fn a_link_to_where_the_package_is_in_jails() {
    let inside = "/piston/packages/java/17.0.1";
    for (path, below, expected) in [
        ("a", "/lib/b", "lib/b"),
        ("d/e/a", "/lib//./b/", "../../lib/b"),
        ("d/a", "", ".."),
        ("a", "/", "."),
    ] {
        assert_eq!(
            written(path, &format!("{inside}{below}")).unwrap(),
            expected
        );
    }
}

#[test]
fn a_hard_link_is_to_an_earlier_file() {
    let link = |first: Tar, to: &str| fault(first.hard_link("z", to));
    assert!(matches!(link(Tar::default(), "a"), Fault::HardLink));
    assert!(matches!(link(Tar::default(), "z"), Fault::HardLink));
    assert!(matches!(
        link(Tar::default().folder("d"), "d"),
        Fault::HardLink
    ));
    assert!(matches!(
        link(Tar::default().file("d/f", b""), "d"),
        Fault::HardLink
    ));
    let linked = Tar::default().file("f", b"").link("l", "f");
    assert!(matches!(link(linked, "l"), Fault::HardLink));
    assert!(matches!(
        link(Tar::default(), "/etc/passwd"),
        Fault::HardLink
    ));
    assert!(matches!(
        link(Tar::default(), "../../etc/passwd"),
        Fault::HardLink
    ));
    let chain = Tar::default()
        .file("a", b"x")
        .hard_link("b", "a")
        .hard_link("d/c", "b");
    assert_eq!(
        made(chain),
        ["f 644 a x", "f 644 b x", "d 755 d", "f 644 d/c x"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever links there are, and however they lead through each other, each ends in the folder or nowhere.
    #[test]
    fn no_link_leads_out(links in prop::collection::vec(("[ab](/[cd]){0,2}", "(\\.\\./|[abcd.]/|\\./){0,4}(\\.\\.|[abcd])"), 1..8)) {
        let tar = links.iter().fold(Tar::default(), |tar, (path, to)| tar.link(path, to));
        let outcome = unpack_plain(&tar.bytes(), &Limits::default());
        let root = outcome.folder().canonicalize().unwrap();
        for path in found(&root) {
            if let Ok(real) = path.canonicalize() {
                prop_assert!(real.starts_with(&root), "{} is {}", path.display(), real.display());
            }
        }
    }
}

fn found(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_symlink() {
            true => vec![path],
            false => found(&path),
        })
        .collect()
}
