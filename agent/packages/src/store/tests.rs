//! Stores on disk, whole and broken.

use super::*;
use crate::error::{InfoFault, ScriptFault};
use crate::overrides::{Cap, LimitOverrides};
use crate::package::Provided;
use crate::runtime::RuntimeFault;
use crate::script;
use crate::stages::Stages;
use std::time::Duration;
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
    assert_eq!(
        package.provides,
        [Provided {
            language: "python".to_owned(),
            aliases: vec!["py".to_owned()],
            limit_overrides: LimitOverrides::default(),
            stages: scripts(None, &["/bin/sh", "/piston/packages/python/3.11.2/run"]),
        }]
    );
}

/// The stages of scripts in the environment that [`add`] writes.
fn scripts(compile: Option<&[&str]>, run: &[&str]) -> Stages {
    let words = |argv: &[&str]| argv.iter().map(|&word| word.to_owned()).collect();
    let env = vec![("PATH".to_owned(), "/piston/bin".to_owned())];
    Stages::of_scripts(compile.map(words), words(run), env)
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
    let stages = scripts(
        Some(&["/bin/bash", "/piston/packages/gcc/12.2.0/compile"]),
        &["/bin/sh", "/piston/packages/gcc/12.2.0/run"],
    );
    assert_eq!(packages[0].provides[0].stages, stages);
}

/// As Piston's packages are before Piston has installed them; those that need no variables have no `environment`.
#[test]
fn without_an_env_the_environment_is_sourced_by_each_stage() {
    let (root, store) = store();
    let dir = root.path().join("python/3.11.2");
    fs::remove_file(dir.join(".env")).unwrap();
    let run = || {
        let (packages, errors) = store.packages();
        assert!(errors.is_empty(), "{errors:?}");
        packages[0].provides[0].stages.run.clone()
    };
    let script = ["/bin/sh", "/piston/packages/python/3.11.2/run"].map(str::to_owned);
    let plain = Stages::of_scripts(None, script.to_vec(), Vec::new());
    assert_eq!(run(), plain.run);
    fs::write(dir.join("environment"), "export PATH=$PWD/bin:$PATH\n").unwrap();
    let sourced = script::in_environment("/piston/packages/python/3.11.2", script.to_vec());
    assert_eq!(run(), Stages::of_scripts(None, sourced, Vec::new()).run);
}

const RECIPE: &str = r#"schema = 1
[language.x]
limits = { run_timeout = 5000 }
[language.x.run]
argv = ["/piston/packages/both/1.0.0/bin/x", "{main}"]
"#;

/// `runtime.toml` wins; languages that it does not speak of have their scripts.
#[test]
fn a_recipe_takes_the_place_of_scripts() {
    let (root, store) = store();
    let info = r#"{"language":"both","version":"1.0.0","provides":[{"language":"y"},
        {"language":"x","limit_overrides":{"run_timeout":1000,"run_cpu_time":1000}}]}"#;
    let dir = add(root.path(), "both", "1.0.0", info);
    fs::write(dir.join("runtime.toml"), RECIPE).unwrap();
    fs::create_dir(dir.join("bin")).unwrap();
    fs::write(dir.join("bin/x"), "").unwrap();
    let (packages, errors) = store.packages();
    assert!(errors.is_empty(), "{errors:?}");
    let [y, x] = &packages[0].provides[..] else {
        panic!("{packages:?}")
    };
    let run = &["/bin/sh", "/piston/packages/both/1.0.0/run"];
    assert_eq!(y.stages, scripts(None, run));
    assert!(x.stages.run.env.is_empty());
    let programs: Vec<_> = x.stages.programs().collect();
    assert_eq!(programs, ["/piston/packages/both/1.0.0/bin/x"]);
    let seconds = |seconds| Some(Cap::At(Duration::from_secs(seconds)));
    let limits = &x.limit_overrides;
    assert_eq!(
        (limits.run_timeout, limits.run_cpu_time),
        (seconds(5), seconds(1))
    );
    // Where all languages have one, nothing else is needed.
    let info = r#"{"language":"both","version":"1.0.0","provides":[{"language":"x"}]}"#;
    fs::write(dir.join("pkg-info.json"), info).unwrap();
    fs::remove_file(dir.join("run")).unwrap();
    fs::remove_file(dir.join(".env")).unwrap();
    let (packages, errors) = store.packages();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(packages.len(), 2);
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
    let cases: [(&str, Break, Expected); 11] = [
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
            "an env that is no file",
            |d| {
                fs::remove_file(d.join(".env"))?;
                fs::create_dir(d.join(".env"))
            },
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
            "a recipe with a slip",
            |d| fs::write(d.join("runtime.toml"), "schema = 3"),
            |e| {
                matches!(
                    e,
                    PackageError::Runtime {
                        source: RuntimeFault::Schema(3),
                        ..
                    }
                )
            },
        ),
        (
            "a recipe of another language",
            |d| fs::write(d.join("runtime.toml"), RECIPE),
            |e| {
                matches!(
                    e,
                    PackageError::Runtime {
                        source: RuntimeFault::Language(_),
                        ..
                    }
                )
            },
        ),
        (
            "a recipe that starts nothing",
            |d| {
                let recipe = RECIPE.replace("language.x", "language.broken");
                fs::write(d.join("runtime.toml"), recipe.replace("both", "broken"))
            },
            |e| {
                matches!(
                    e,
                    PackageError::Runtime {
                        source: RuntimeFault::Program(_),
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
