//! Stores on disk, whole and broken.

use super::*;
use crate::error::{InfoFault, ScriptFault};
use tempfile::TempDir;

/// A store with one good package, `python/3.11.2`.
fn store() -> (TempDir, Store) {
    let root = TempDir::new().unwrap();
    add(
        root.path(),
        "python",
        "3.11.2",
        r#"{"language":"python","version":"3.11.2","aliases":["py"]}"#,
    );
    let store = Store::open(root.path()).unwrap();
    (root, store)
}

fn add(root: &Path, name: &str, version: &str, info: &str) -> PathBuf {
    let dir = root.join(name).join(version);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("pkg-info.json"), info).unwrap();
    fs::write(dir.join(".env"), "PATH=/piston/bin\nPWD=/\n").unwrap();
    fs::write(dir.join("run"), "#!/bin/sh\nexec python3 \"$@\"\n").unwrap();
    fs::write(dir.join(INSTALLED), "1").unwrap();
    dir
}

#[test]
fn a_package_is_read_whole() {
    let (root, store) = store();
    let (packages, errors) = store.packages();
    assert!(errors.is_empty(), "{errors:?}");
    let [package] = &packages[..] else {
        panic!("{packages:?}")
    };
    assert_eq!(
        (package.name.as_str(), package.version.to_string().as_str()),
        ("python", "3.11.2")
    );
    assert_eq!(package.dir, root.path().join("python/3.11.2"));
    assert_eq!(package.env, [("PATH".to_owned(), "/piston/bin".to_owned())]);
    assert_eq!(
        package.run.argv,
        ["/bin/sh", "/piston/packages/python/3.11.2/run"]
    );
    assert_eq!(package.compile, None);
}

#[test]
fn packages_come_in_the_order_of_their_names() {
    let (root, store) = store();
    let dir = add(
        root.path(),
        "gcc",
        "12.2.0",
        r#"{"language":"gcc","version":"12.2.0"}"#,
    );
    fs::write(dir.join("compile"), "gcc \"$@\"").unwrap();
    let (packages, _) = store.packages();
    assert_eq!(
        packages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
        ["gcc", "python"]
    );
    let compile = packages[0].compile.as_ref().unwrap();
    assert_eq!(
        compile.argv,
        ["/bin/bash", "/piston/packages/gcc/12.2.0/compile"]
    );
}

#[test]
fn what_is_not_installed_in_full_is_left_out() {
    let (root, store) = store();
    fs::remove_file(root.path().join("python/3.11.2").join(INSTALLED)).unwrap();
    fs::write(root.path().join("README"), "not a package").unwrap();
    let (packages, errors) = store.packages();
    assert!(
        packages.is_empty() && errors.is_empty(),
        "{packages:?} {errors:?}"
    );
}

/// Each way to break a package gives its own error, and the good one stays.
#[test]
fn a_broken_package_does_not_stop_the_others() {
    type Break = fn(&Path) -> io::Result<()>;
    type Expected = fn(&PackageError) -> bool;
    let cases: [(&str, Break, Expected); 8] = [
        (
            "no info",
            |d| fs::remove_file(d.join("pkg-info.json")),
            |e| matches!(e, PackageError::Read { .. }),
        ),
        (
            "no run",
            |d| fs::remove_file(d.join("run")),
            |e| matches!(e, PackageError::Read { .. }),
        ),
        (
            "no env",
            |d| fs::remove_file(d.join(".env")),
            |e| matches!(e, PackageError::Read { .. }),
        ),
        (
            "bad env",
            |d| fs::write(d.join(".env"), "A=1\nB"),
            |e| matches!(e, PackageError::Environment { line: 2, .. }),
        ),
        (
            "bad json",
            |d| fs::write(d.join("pkg-info.json"), "{"),
            |e| matches!(e, PackageError::Info { .. }),
        ),
        (
            "another package's info",
            |d| {
                fs::write(
                    d.join("pkg-info.json"),
                    r#"{"language":"x","version":"2.0.0"}"#,
                )
            },
            |e| {
                matches!(
                    e,
                    PackageError::Info {
                        source: InfoFault::Folder { .. },
                        ..
                    }
                )
            },
        ),
        (
            "a script for nothing",
            |d| fs::write(d.join("run"), "#!run me\n"),
            |e| {
                matches!(
                    e,
                    PackageError::Script {
                        source: ScriptFault::Interpreter,
                        ..
                    }
                )
            },
        ),
        (
            "a long description",
            |d| fs::write(d.join("pkg-info.json"), vec![b' '; 70_000]),
            |e| matches!(e, PackageError::TooLong { .. }),
        ),
    ];
    for (what, break_it, expected) in cases {
        let (root, store) = store();
        let dir = add(
            root.path(),
            "broken",
            "1.0.0",
            r#"{"language":"broken","version":"1.0.0"}"#,
        );
        break_it(&dir).unwrap();
        let (packages, errors) = store.packages();
        assert_eq!(packages.len(), 1, "{what}");
        assert!(
            matches!(&errors[..], [error] if expected(error)),
            "{what}: {errors:?}"
        );
        assert!(
            errors[0].to_string().contains("broken/1.0.0"),
            "{what}: {}",
            errors[0]
        );
    }
}

#[test]
fn links_are_refused() {
    let (root, store) = store();
    std::os::unix::fs::symlink(root.path().join("python"), root.path().join("snake")).unwrap();
    let (packages, errors) = store.packages();
    assert_eq!(packages.len(), 1);
    assert!(
        matches!(&errors[..], [PackageError::Link { path }] if path.ends_with("snake")),
        "{errors:?}"
    );
}

#[test]
fn a_store_that_is_not_there_is_an_error() {
    let root = TempDir::new().unwrap();
    assert!(matches!(
        Store::open(root.path().join("none")),
        Err(PackageError::Read { .. })
    ));
}
