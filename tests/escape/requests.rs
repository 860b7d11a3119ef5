//! Hostile requests: names and limits that have led out of other sandboxes.

use crate::arena::Arena;
use capsule_tests::{NodeOptions, wait};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Names that would leave the box, or that some opener reads differently than the check.
#[test]
fn file_names_stay_in_the_box() {
    let arena = Arena::start();
    let long = "a".repeat(5000);
    let deep = "a/".repeat(600) + "b";
    let refused = [
        "../a.py",
        "../../etc/passwd",
        "a/../../b",
        "/etc/passwd",
        "//a",
        "..",
        "a\0b",
        "/box/submission/a",
        "/box/submission2/a",
        "../submission2/a",
        "\0",
        &long,
        &deep,
    ];
    let roundabout = [
        "a//b",
        "a/",
        "a/.",
        "./../a",
        ".",
        "a/..",
        "./a",
        "a/../b",
        "./a/../submission2",
    ];
    let inside = "import os; print(os.path.realpath(__file__).startswith('/box/submission/'))";
    let run = |name: &str| {
        arena.execute(&json!({
            "language": "python", "version": "*", "files": [{"name": name, "content": inside}],
        }))
    };
    let shown = |name: &str| -> String { name.chars().take(40).collect() };
    for name in refused {
        let (status, answer) = run(name);
        assert!(
            status == 400 && answer["message"].is_string(),
            "{:?}: {answer}",
            shown(name)
        );
    }
    for name in roundabout {
        let (status, answer) = run(name);
        let stays = answer["run"]["stdout"] == "True\n";
        assert!(status == 400 || stays, "{:?}: {answer}", shown(name));
    }
}

/// Zero was "unlimited" elsewhere. Whatever a request says, a program that never ends is ended.
#[test]
fn no_limit_is_unlimited() {
    let options = NodeOptions::new()
        .set("run_timeout", -1)
        .set("run_cpu_time", -1)
        .set("job_time_ceiling", 1500)
        .set("compile_timeout", 1500)
        .set("compile_cpu_time", 1500);
    let arena = Arena::with(options);
    let values = [
        json!(0),
        json!(-1),
        json!(-1e308),
        json!(1e308),
        json!(""),
        json!(false),
        json!(null),
        json!(0.0001),
        json!("3"),
        json!("NaN"),
        json!(true),
        json!([]),
        json!({}),
    ];
    let source = "while True: pass";
    for field in ["run_timeout", "run_cpu_time"] {
        for value in &values {
            let mut body =
                json!({"language": "python", "version": "*", "files": [{"content": source}]});
            body[field] = value.clone();
            let start = Instant::now();
            let (status, answer) = arena.execute(&body);
            let ended = status == 400 || answer["run"]["status"] == "TO";
            assert!(ended, "{field} {value}: {status} {answer}");
            assert!(
                start.elapsed() < Duration::from_secs(4) * wait::slowness(),
                "{field} {value}: {answer}"
            );
        }
    }
}

#[test]
fn no_memory_limit_is_unlimited() {
    let arena =
        Arena::with(NodeOptions::as_deployed_with_patience().set("job_memory_ceiling", 96 << 20));
    let values = [
        json!(0),
        json!(-1),
        json!(1e308),
        json!(""),
        json!(null),
        json!(1u64 << 60),
    ];
    for value in values {
        let (status, answer) = arena.execute(&json!({
            "language": "python", "version": "*", "run_memory_limit": value,
            "files": [{"content": include_str!("programs/heap.py")}],
        }));
        assert!(
            status == 400 || answer["run"]["limit"] == "memory",
            "{value}: {status} {answer}"
        );
    }
}

/// As much as is let through reaches the program.
#[test]
fn arguments_at_the_limit() {
    let arena = Arena::start();
    let mut args: Vec<Value> = vec!["a".repeat(100_000).into(); 10];
    args.push("b".repeat((1 << 20) - 10 * 100_001 - 1).into());
    let (status, answer) = arena.execute(&json!({
        "language": "python", "version": "*", "args": args, "files": [{"content": "import sys; print(len(sys.argv[11]))"}],
    }));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["run"]["stdout"], "48565\n", "{answer}");
}
