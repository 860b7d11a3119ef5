//! Packages like those of the recorded node.

use super::*;
use crate::limits::ConfiguredStage;
use jail::Bytes;
use packages::Cap;
use std::time::Duration;

fn general() -> RuntimeLimits {
    let stage = |seconds| ConfiguredStage {
        wall: Some(Duration::from_secs(seconds)),
        cpu: Some(Duration::from_secs(seconds)),
        memory: None,
    };
    RuntimeLimits {
        compile: stage(10),
        run: stage(3),
        processes: 64,
        open_files: 2048,
        file_size: Bytes(10_000_000),
        output: 65_536,
    }
}

fn provided(language: &str, aliases: &[&str]) -> Provided {
    Provided {
        language: language.to_owned(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        limit_overrides: LimitOverrides::default(),
        stages: stages("python", "3.12.0"),
    }
}

fn stages(name: &str, version: &str) -> Stages {
    let script = |stage: &str| {
        let path = format!("/piston/packages/{name}/{version}/{stage}");
        vec!["/bin/bash".to_owned(), path]
    };
    let env = vec![("PATH".to_owned(), "/bin".to_owned())];
    Stages::of_scripts(
        (name == "gcc").then(|| script("compile")),
        script("run"),
        env,
    )
}

fn package(name: &str, version: &str, provides: Vec<Provided>) -> Package {
    let provides = provides.into_iter().map(|language| Provided {
        stages: stages(name, version),
        ..language
    });
    Package {
        name: name.to_owned(),
        version: Version::parse(version).unwrap(),
        platform: String::new(),
        dir: format!("/store/{name}/{version}").into(),
        provides: provides.collect(),
        ignored_keys: Vec::new(),
    }
}

fn python(version: &str, own: &str) -> Package {
    package(
        "python",
        version,
        vec![provided("python", &["py", "py3", "python3", own])],
    )
}

/// In no particular order, as a store may give them.
fn packages() -> Vec<Package> {
    vec![
        python("3.12.0", "python3.12"),
        package(
            "node",
            "18.15.0",
            vec![provided(
                "javascript",
                &["node-javascript", "node-js", "javascript", "js"],
            )],
        ),
        python("3.10.0", "python3.10"),
        package(
            "gcc",
            "10.2.0",
            vec![provided("c", &["gcc"]), provided("c++", &["cpp", "g++"])],
        ),
        package("java", "15.0.2", vec![provided("java", &[])]),
        python("3.11.0", "python3.11"),
    ]
}

fn catalog() -> Catalog {
    Catalog::new(packages(), &general(), &BTreeMap::new())
}

#[test]
fn the_listing_is_the_recorded_one() {
    let golden = include_str!("../../../tests/conformance/golden.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
    let recorded = &cases
        .iter()
        .find(|case| case["name"] == "runtimes")
        .unwrap()["response"];
    assert_eq!(
        &serde_json::to_value(catalog().runtimes()).unwrap(),
        recorded
    );
}

#[test]
fn languages_resolve_by_exact_name_and_highest_version() {
    let catalog = catalog();
    let table = [
        ("python", "*", Some("python-3.12.0")),
        ("py", "3.x", Some("python-3.12.0")),
        ("python3.10", "*", Some("python-3.10.0")),
        ("python", "~3.10.0", Some("python-3.10.0")),
        ("python", "  3.10.0 ", Some("python-3.10.0")),
        ("python", "v3.10.0", Some("python-3.10.0")),
        ("python", "<3.12", Some("python-3.11.0")),
        ("js", "18.15.0", Some("javascript-18.15.0")),
        ("g++", "10", Some("c++-10.2.0")),
        ("gcc", "10", Some("c-10.2.0")),
        ("node", "*", None),
        ("Python", "*", None),
        ("python ", "*", None),
        ("python", "latest", None),
        ("python", "9.9.9", None),
        ("", "*", None),
    ];
    for (language, selector, expected) in table {
        let found = catalog
            .resolve(language, selector)
            .map(|r| format!("{}-{}", r.language, r.version));
        assert_eq!(found.as_deref(), expected, "{language} {selector}");
    }
}

#[test]
fn a_version_that_is_not_there_may_have_a_stand_in() {
    let mut map = VersionMap::default();
    for (language, pinned, selector) in [
        ("python", "3.8.0", "3.10.x"),
        ("python", "3.9.0", "~3.11.0"),
        ("python", "3.10.0", "3.12.0"),
        ("c", "9.1.0", "*"),
        ("java", "8.0.0", "9.x"),
        ("ruby", "3.0.0", "*"),
        ("py", "2.7.0", "*"),
    ] {
        map.add(language.to_owned(), StandIn::new(pinned, selector).unwrap());
    }
    let catalog = catalog().with_versions(map);
    for (language, selector, expected) in [
        ("python", "3.9.0", Some("python-3.11.0")),
        ("python", "=v3.9.0", Some("python-3.11.0")),
        ("py", "3.8.x", Some("python-3.10.0")),
        // The highest of those that it could be.
        ("python", "<3.10", Some("python-3.11.0")),
        // What is there is never mapped.
        ("python", "3.10.0", Some("python-3.10.0")),
        ("python", "*", Some("python-3.12.0")),
        // Only of the language itself, however it is called.
        ("gcc", "9.1.0", Some("c-10.2.0")),
        ("c++", "9.1.0", None),
        // A name of the table is that of a language.
        ("py", "2.7.0", None),
        ("java", "8.0.0", None),
        ("ruby", "3.0.0", None),
        ("python", "3.9.1", None),
        ("python", "newest", None),
    ] {
        let found = catalog
            .resolve(language, selector)
            .map(|r| format!("{}-{}", r.language, r.version));
        assert_eq!(found.as_deref(), expected, "{language} {selector}");
    }
    let dangling: Vec<_> = catalog
        .dangling_versions()
        .map(|(language, version)| format!("{language}-{version}"))
        .collect();
    assert_eq!(dangling, ["java-8.0.0", "py-2.7.0", "ruby-3.0.0"]);
}

#[test]
fn a_runtime_carries_what_its_package_has() {
    let cpp = catalog().resolve("cpp", "*").unwrap();
    assert_eq!(cpp.runtime.as_deref(), Some("gcc"));
    assert_eq!(cpp.stages, stages("gcc", "10.2.0"));
    assert!(cpp.stages.compile.is_some());
    let java = catalog().resolve("java", "*").unwrap();
    assert!(java.runtime.is_none() && java.stages.compile.is_none());
}

/// The configuration wins over the package, the package over the general limits, each key by itself.
#[test]
fn limits_are_taken_in_order_of_precedence() {
    let mut packages = packages();
    for package in packages
        .iter_mut()
        .filter(|package| package.name == "python")
    {
        package.provides[0].limit_overrides = LimitOverrides {
            run_timeout: Some(Cap::At(Duration::from_secs(5))),
            run_memory_limit: Some(Cap::At(1024)),
            max_process_count: Some(8),
            ..LimitOverrides::default()
        };
    }
    let by_config = LimitOverrides {
        run_timeout: Some(Cap::At(Duration::from_secs(7))),
        run_cpu_time: Some(Cap::Unlimited),
        ..LimitOverrides::default()
    };
    let overrides = BTreeMap::from([("python".to_owned(), by_config)]);
    let catalog = Catalog::new(packages, &general(), &overrides);

    let python = &catalog.resolve("python", "*").unwrap().limits;
    assert_eq!(python.run.wall, Some(Duration::from_secs(7)));
    assert_eq!(python.run.cpu, None);
    assert_eq!(python.run.memory, Some(Bytes(1024)));
    assert_eq!(python.processes, 8);
    assert_eq!(python.compile, general().compile);
    assert_eq!(catalog.resolve("java", "*").unwrap().limits, general());
}
