//! Each thing that decides changes the key, and nothing else does.

use super::*;
use crate::catalog::Catalog;
use crate::job::request::{check, parse};
use crate::limits::{Ceilings, ConfiguredStage, RuntimeLimits};
use jail::Bytes;
use packages::{LimitOverrides, Package, Provided, Stages};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a job can differ in beside its request.
#[derive(Clone)]
struct Host {
    version: &'static str,
    argv: &'static str,
    variable: &'static str,
    package: &'static str,
    reading: u64,
    limits: RuntimeLimits,
}

fn host() -> Host {
    let stage = ConfiguredStage {
        wall: Some(Duration::from_secs(10)),
        cpu: Some(Duration::from_secs(10)),
        memory: None,
    };
    Host {
        version: "1",
        argv: "-O1",
        variable: "C",
        package: "12.2.0",
        reading: 1,
        limits: RuntimeLimits {
            compile: stage,
            run: stage,
            processes: 64,
            open_files: 2048,
            file_size: Bytes(10_000_000),
            output: 65_536,
        },
    }
}

fn written(host: &Host, request: &Value) -> Vec<u8> {
    let ceilings = Ceilings {
        wall: Duration::from_secs(60),
        cpu: Duration::from_secs(60),
        memory: Bytes::mib(1024),
        memory_floor: Bytes::mib(8),
    };
    let argv = |stage: &str| vec!["/cc".to_owned(), host.argv.to_owned(), stage.to_owned()];
    let env = vec![("LANG".to_owned(), host.variable.to_owned())];
    let provided = |language: &str| Provided {
        language: language.to_owned(),
        aliases: Vec::new(),
        limit_overrides: LimitOverrides::default(),
        stages: Stages::of_scripts(Some(argv("compile")), argv("run"), env.clone()),
    };
    let package = Package {
        name: "gcc".to_owned(),
        version: host.package.parse().unwrap(),
        platform: String::new(),
        dir: "/store".into(),
        provides: vec![provided("c"), provided("c++")],
        ignored_keys: Vec::new(),
    };
    let catalog = Catalog::new(vec![package], &host.limits, &BTreeMap::new());
    let wire = parse(request.to_string().as_bytes()).unwrap();
    let job = check(wire, &catalog.numbered(host.reading), &ceilings).unwrap();
    let mut bytes = Vec::new();
    write(host.version, &job, &mut |more| {
        bytes.extend_from_slice(more)
    })
    .unwrap();
    bytes
}

fn request(fields: Value) -> Value {
    let files = json!([{"name": "a.c", "content": "int main;"}, {"name": "b.h", "content": "//"}]);
    let mut request = json!({"language": "c", "version": "*", "files": files});
    if let (Value::Object(request), Value::Object(fields)) = (&mut request, fields) {
        request.extend(fields);
    }
    request
}

#[test]
fn whatever_decides_is_in_the_key() {
    let mut all = vec![written(&host(), &request(json!({})))];
    let file = |name: &str, content: &str| json!({"name": name, "content": content});
    let data = json!({"name": "b.h", "content": "Ly8=", "encoding": "base64"});
    for fields in [
        json!({"language": "c++"}),
        json!({"files": [file("a.c", "int main;")]}),
        json!({"files": [file("b.h", "//"), file("a.c", "int main;")]}),
        json!({"files": [file("c.c", "int main;"), file("b.h", "//")]}),
        json!({"files": [file("a.c", "int main; "), file("b.h", "//")]}),
        json!({"files": [file("a.c", "int main;"), data]}),
        json!({"compile_memory_limit": 100 << 20}),
        json!({"compile_timeout": 9999}),
        json!({"compile_cpu_time": 9999}),
    ] {
        all.push(written(&host(), &request(fields)));
    }
    let changes: [fn(&mut Host); 9] = [
        |host| host.version = "2",
        |host| host.argv = "-O2",
        |host| host.variable = "D",
        |host| host.package = "12.2.1",
        |host| host.reading = 2,
        |host| host.limits.processes = 65,
        |host| host.limits.open_files = 2049,
        |host| host.limits.file_size = Bytes(20_000_000),
        |host| host.limits.output = 65_537,
    ];
    for change in changes {
        let mut host = host();
        change(&mut host);
        all.push(written(&host, &request(json!({}))));
    }
    for (index, one) in all.iter().enumerate() {
        let same = all.iter().position(|other| other == one);
        assert_eq!(same, Some(index), "two jobs are written alike");
    }
}

/// Who runs the same program with another input does not compile it again.
#[test]
fn what_only_the_run_stage_sees_is_not() {
    let plain = written(&host(), &request(json!({})));
    for fields in [
        json!({"stdin": "x"}),
        json!({"args": ["x"]}),
        json!({"run_timeout": 5, "run_cpu_time": 5, "run_memory_limit": 100 << 20}),
    ] {
        assert_eq!(written(&host(), &request(fields)), plain);
    }
}

/// Names and contents that easily run into each other.
fn texts() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[ab]{1,2}", "[ab\0]{0,3}"), 1..4)
}

proptest! {
    #[test]
    fn different_files_are_written_differently(one in texts(), other in texts()) {
        let files = |texts: &[(String, String)]| {
            // Of two with one name the second counts, as in requests.
            let mut files: Vec<(String, String)> = Vec::new();
            for (name, content) in texts {
                match files.iter_mut().find(|(known, _)| known == name) {
                    Some(file) => file.1.clone_from(content),
                    None => files.push((name.clone(), content.clone())),
                }
            }
            files
        };
        let written = |files: &[(String, String)]| {
            let file = |(name, content): &(String, String)| json!({"name": name, "content": content});
            let files: Vec<Value> = files.iter().map(file).collect();
            written(&host(), &request(json!({"files": files})))
        };
        let (one, other) = (files(&one), files(&other));
        prop_assert_eq!(written(&one) == written(&other), one == other);
    }
}
