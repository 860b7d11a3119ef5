//! A jail with a program that waits serves one job, its own, and nothing of another one is in it.

use crate::waiting::{prepare, run, run_warm, waiting, warm_node};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn job(language: &str, name: &str, code: &str) -> Value {
    json!({"language": language, "version": "*", "files": [{"name": name, "content": code}]})
}

/// Says in which namespaces it is and what it finds, and leaves all that it can.
const LITTER: &str = r#"
import os, subprocess, sys
print(sorted(os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "pid", "user", "ipc", "net", "uts", "cgroup")))
places = ["/tmp", "/dev/shm", "/box", "/box/submission"]
found = [sorted(os.listdir(place)) for place in places]
print(found, sorted(int(name) for name in os.listdir("/proc") if name.isdigit()))
for place in places:
    try:
        open(f"{place}/left behind", "w").write("secret")
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 3)
    os.execv("/usr/bin/sleep", ["sleep", "100"])
"#;

#[test]
fn a_jail_serves_one_job() {
    let node = warm_node();
    let job = job("python", "main.py", LITTER);
    let (mut jails, mut others) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..4 {
        let (_, answer) = run_warm(&node, &job);
        let text = answer["run"]["stdout"].as_str().expect("it says something");
        let (namespaces, found) = text.split_once('\n').unwrap_or_else(|| panic!("{answer}"));
        assert!(
            jails.insert(namespaces.to_owned()),
            "the same jail again: {answer}"
        );
        others.insert(found.to_owned());
    }
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(
        !others.iter().any(|found| found.contains("left behind")),
        "{others:?}"
    );
}

/// Jobs that come at once and differ in all but what is started ahead of them: each gets its own files, arguments and input.
#[test]
fn jobs_that_race_for_one_do_not_mix() {
    let node = warm_node();
    let code = "const fs = require('fs'); console.log(MARK, process.argv.slice(2), fs.readFileSync(0, 'utf8'), fs.readdirSync('.'))";
    let of = |mark: usize| {
        let mut body = job(
            "javascript",
            &format!("main{mark}.js"),
            &code.replace("MARK", &mark.to_string()),
        );
        body["args"] = json!([format!("arg{mark}"), ""]);
        body["stdin"] = json!(format!("in{mark}"));
        body
    };
    for round in 0..3 {
        prepare(&node, &of(0));
        let node = &node;
        std::thread::scope(|scope| {
            for mark in (0..8).map(|number| round * 8 + number) {
                scope.spawn(move || {
                    let answer = run(node, &of(mark));
                    let expected =
                        format!("{mark} [ 'arg{mark}', '' ] in{mark}\n [ 'main{mark}.js' ]\n");
                    assert_eq!(answer["run"]["stdout"], expected, "{answer}");
                });
            }
        });
    }
}

/// A heap is sized when its runtime starts, so what waits is for jobs with its limit only.
#[test]
fn a_job_with_another_memory_limit_gets_another_program() {
    let node = warm_node();
    let code = "console.log(require('v8').getHeapStatistics().heap_size_limit >> 20, process.env.CAPSULE_MEMORY_LIMIT)";
    let of = |mib: u64| {
        let mut body = job("javascript", "main.js", code);
        body["run_memory_limit"] = json!(mib << 20);
        body
    };
    let (small, large) = (of(128), of(512));
    let waits = prepare(&node, &small);
    let answer = run(&node, &large);
    assert!(
        answer["run"]["stdout"]
            .as_str()
            .is_some_and(|text| text.ends_with(" 536870912\n")),
        "{answer}"
    );
    // The one for the other limit may give way to one for this, but has not become it.
    let (_, first) = run_warm(&node, &large);
    assert_eq!(first["run"]["stdout"], answer["run"]["stdout"]);
    let (_, other) = run_warm(&node, &small);
    assert_ne!(other["run"]["stdout"], answer["run"]["stdout"]);
    assert!(!waits.is_empty() && waiting(&node, &large) != waits);
}
