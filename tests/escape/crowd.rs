//! Several jobs at once: what one does is nothing to the others, and to the node.

use crate::arena::Arena;
use crate::attacks::{ALL, KERNEL, MEMORY, OUTPUT, PROCESSES};
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn python(source: &str) -> Value {
    json!({"language": "python", "version": "*", "files": [{"name": "main.py", "content": source}]})
}

/// Runs an attack of the tables over and over while `meanwhile` lasts.
fn under<T>(node: &Node, names: &[&str], meanwhile: impl FnOnce() -> T) -> T {
    let bodies: Vec<Value> = names
        .iter()
        .map(|name| {
            let attack = ALL
                .iter()
                .flat_map(|table| table.iter())
                .find(|attack| attack.name == *name);
            attack
                .unwrap_or_else(|| panic!("no attack {name:?}"))
                .body(node)
        })
        .collect();
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for body in &bodies {
            scope.spawn(|| {
                while running.load(Ordering::Relaxed) {
                    let (status, answer) = node.execute(body);
                    assert_eq!(status, 200, "{answer}");
                }
            });
        }
        // The flag falls even when it panics, or the threads would never end.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(meanwhile));
        running.store(false, Ordering::Relaxed);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn no_two_jobs_share_a_host_uid() {
    let arena = Arena::start();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (status, answer) = arena.execute(&python(include_str!("programs/ids.py")));
                assert!(status == 200 && answer["run"]["code"] == 0, "{answer}");
            });
        }
        // By the network namespace, since each jail has one of its own.
        let jails = |process: &Process| Some((process.network_namespace()?, process.uid));
        let four_run = || {
            let seen: BTreeSet<(String, u32)> = arena
                .programs()
                .iter()
                .filter(|process| process.name.starts_with("python"))
                .filter_map(jails)
                .collect();
            (seen.len() >= 4).then_some(seen)
        };
        let seen =
            wait::until(Duration::from_secs(10), four_run).expect("four programs run at once");
        let mut owners: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        for process in arena.programs() {
            if let Some((jail, uid)) = jails(&process) {
                owners.entry(uid).or_default().insert(jail);
            }
        }
        for (uid, jails) in owners {
            assert_eq!(
                jails.len(),
                1,
                "{uid} is in several jails; programs: {seen:?}"
            );
        }
    });
}

#[test]
fn an_innocent_job_survives_bombs() {
    let arena = Arena::start();
    let innocent = "import subprocess, threading\nt = threading.Thread(target=lambda: None); t.start(); t.join()\n\
                    assert subprocess.run(['true']).returncode == 0\nprint('x' * 60000)";
    let names = ["bomb by fork", "bomb by sessions", "memory by map"];
    under(&arena, &names, || {
        for _ in 0..12 {
            let start = Instant::now();
            let (status, answer) = arena.execute(&python(innocent));
            assert!(status == 200 && answer["run"]["code"] == 0, "{answer}");
            assert_eq!(answer["run"]["stdout"].as_str().map(str::len), Some(60_001));
            assert!(
                start.elapsed() < Duration::from_secs(6) * wait::slowness(),
                "{answer}"
            );
        }
    });
}

/// A supervisor must not pay for what programs write (others' were killed for want of memory).
#[test]
fn floods_cost_the_front_no_memory_and_the_others_no_output() {
    let arena = Arena::start();
    let resident = || {
        let front = arena.front().expect("the front runs");
        let status =
            fs::read_to_string(format!("/proc/{}/status", front.pid)).expect("the front runs");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("it has memory");
        line.trim()
            .trim_end_matches(" kB")
            .parse::<u64>()
            .expect("it is a number")
    };
    let names = ["flood of stdout", "flood of stderr", "flood of both"];
    let innocent = python(
        "import sys, time\nfor i in range(100): print(i); sys.stderr.write(f'{i}\\n'); time.sleep(0.002)",
    );
    under(&arena, &names, || {
        std::thread::sleep(Duration::from_secs(2));
        let before = resident();
        let end = Instant::now() + Duration::from_secs(8);
        while Instant::now() < end {
            let (status, answer) = arena.execute(&innocent);
            assert_eq!(status, 200, "{answer}");
            let lines = |stream: &str| {
                answer["run"][stream]
                    .as_str()
                    .unwrap_or_default()
                    .lines()
                    .count()
            };
            assert_eq!((lines("stdout"), lines("stderr")), (100, 100), "{answer}");
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 8 * 1024, "the front grew by {grown} KiB");
    });
}

#[test]
fn jobs_at_the_same_time_see_nothing_of_each_other() {
    let arena = Arena::start();
    let state = |args: &[&str]| {
        let mut body = python(include_str!("programs/state.py"));
        body["args"] = json!(args);
        body
    };
    std::thread::scope(|scope| {
        let leaving = scope.spawn(|| arena.execute(&state(&["leave", "2"])));
        std::thread::sleep(Duration::from_millis(700));
        let (_, answer) = arena.execute(&state(&["look"]));
        assert_eq!(answer["run"]["stdout"], "nothing\n", "{answer}");
        let (_, answer) = leaving.join().expect("it has an answer");
        assert!(
            !answer["run"]["stdout"]
                .as_str()
                .unwrap_or_default()
                .contains("WRONG"),
            "{answer}"
        );
    });
}

/// Numbers of processes come back soon in a storm of forks: only what is meant is ever killed.
#[test]
fn nobody_else_dies_in_a_fork_storm() {
    let arena = Arena::start();
    let (warden, front) = (arena.warden(), arena.front().expect("the front runs"));
    under(
        &arena,
        &[
            "orphans faster than init collects",
            "bomb by orphans",
            "bomb by exec",
        ],
        || {
            for _ in 0..3 {
                let (_, answer) =
                    arena.execute(&python("import time; time.sleep(1); print('lived')"));
                assert_eq!(answer["run"]["stdout"], "lived\n", "{answer}");
            }
        },
    );
    assert!(
        warden.is_there() && front.is_there(),
        "the node's processes were replaced"
    );
}

#[test]
fn no_program_is_busy_when_it_is_to_start() {
    let arena = Arena::start();
    let body = json!({
        "language": "c", "version": "*",
        "files": [{"name": "main.c", "content": "#include <stdio.h>\nint main() { puts(\"ran\"); }"}],
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let (status, answer) = arena.execute(&body);
                    assert!(
                        status == 200 && answer["run"]["stdout"] == "ran\n",
                        "{answer}"
                    );
                }
            });
        }
    });
}

#[test]
fn chance_is_never_the_same_twice() {
    let arena = Arena::start();
    let program = "import os, random, uuid\nprint(os.urandom(8).hex(), random.random(), hash('a'), uuid.uuid4())";
    let mut seen: [BTreeSet<String>; 4] = Default::default();
    for job in 1..=20 {
        let (_, answer) = arena.execute(&python(program));
        let line = answer["run"]["stdout"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for (value, seen) in line.split_whitespace().zip(&mut seen) {
            seen.insert(value.to_owned());
        }
        assert!(
            seen.iter().all(|values| values.len() == job),
            "after {job} jobs: {answer}"
        );
    }
}

#[test]
fn what_a_job_started_is_gone_soon_after_its_answer() {
    let arena = Arena::start();
    // Named, since programs that wait for a job are there at any time.
    let daemons = "import os, signal, time\nopen('/proc/self/comm', 'w').write('left-behind')\nfor _ in range(10):\n    if os.fork() == 0:\n        os.setsid()\n        \
                   if os.fork(): os._exit(0)\n        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        time.sleep(100)\nprint('done')";
    let start = Instant::now();
    let (_, answer) = arena.execute(&python(daemons));
    assert_eq!(answer["run"]["stdout"], "done\n", "{answer}");
    assert!(start.elapsed() < Duration::from_secs(5) * wait::slowness());
    let gone = wait::until(Duration::from_secs(2), || {
        let left = arena
            .programs()
            .iter()
            .any(|process| process.name == "left-behind");
        (!left).then_some(())
    });
    assert!(gone.is_some(), "{:?}", arena.programs());
}

#[test]
fn the_tables_are_not_empty() {
    assert!(
        [KERNEL, MEMORY, PROCESSES, OUTPUT]
            .iter()
            .all(|table| table.len() > 4)
    );
}
