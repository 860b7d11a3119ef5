//! The recorded refusals of the real Piston, our own ones, and properties that hold for any request.

use super::*;
use crate::limits::{ConfiguredStage, RuntimeLimits};
use jail::Bytes;
use packages::{Cap, LimitOverrides, Package, Provided, Stages};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

mod files;
mod golden;
mod limits;

const CEILINGS: Ceilings = Ceilings {
    wall: Duration::from_secs(60),
    cpu: Duration::from_secs(50),
    memory: Bytes::mib(1024),
    memory_floor: Bytes::mib(16),
};

/// Piston's defaults: times are configured, memory is not.
fn stage(milliseconds: u64) -> ConfiguredStage {
    let time = Some(Duration::from_millis(milliseconds));
    ConfiguredStage {
        wall: time,
        cpu: time,
        memory: None,
    }
}

/// A package of one language, with limits of its own.
fn package(language: &str, version: &str, limit_overrides: LimitOverrides) -> Package {
    let aliases = match language {
        "c" => vec!["gcc".to_owned()],
        _ => Vec::new(),
    };
    let provided = Provided {
        language: language.to_owned(),
        aliases,
        limit_overrides,
        stages: Stages::of_scripts(None, vec!["run".to_owned()], Vec::new()),
    };
    Package {
        name: language.to_owned(),
        version: version.parse().unwrap(),
        platform: String::new(),
        dir: "/store".into(),
        provides: vec![provided],
        ignored_keys: Vec::new(),
    }
}

/// A catalogue of one runtime, under `stage` twice.
fn only(language: &str, stage: ConfiguredStage) -> Catalog {
    let package = package(language, "1.0.0", LimitOverrides::default());
    Catalog::new(vec![package], &limits(stage, stage), &BTreeMap::new())
}

fn limits(compile: ConfiguredStage, run: ConfiguredStage) -> RuntimeLimits {
    RuntimeLimits {
        compile,
        run,
        processes: 64,
        open_files: 2048,
        file_size: Bytes(10_000_000),
        output: 65_536,
    }
}

/// The runtimes that the record was made with, and two that differ in their limits.
fn catalog() -> Catalog {
    let recorded = [
        ("python", "3.10.0"),
        ("python", "3.11.0"),
        ("python", "3.12.0"),
        ("javascript", "18.15.0"),
        ("java", "15.0.2"),
        ("c", "10.2.0"),
        ("c++", "10.2.0"),
        ("file", "0.0.1"),
    ];
    let recorded =
        recorded.map(|(language, version)| package(language, version, LimitOverrides::default()));
    let unlimited = LimitOverrides {
        run_timeout: Some(Cap::Unlimited),
        run_cpu_time: Some(Cap::Unlimited),
        run_memory_limit: Some(Cap::Unlimited),
        compile_timeout: Some(Cap::Unlimited),
        compile_cpu_time: Some(Cap::Unlimited),
        compile_memory_limit: Some(Cap::Unlimited),
        ..LimitOverrides::default()
    };
    let bounded = LimitOverrides {
        run_memory_limit: Some(Cap::At(256_000_000)),
        compile_memory_limit: Some(Cap::At(256_000_000)),
        ..LimitOverrides::default()
    };
    let ours = [
        package("unlimited", "1.0.0", unlimited),
        package("bounded", "1.0.0", bounded),
    ];
    let packages = recorded.into_iter().chain(ours).collect();
    Catalog::new(
        packages,
        &limits(stage(10_000), stage(3_000)),
        &BTreeMap::new(),
    )
}

fn try_job(body: &[u8]) -> Result<Job, Refusal> {
    check(parse(body)?, &catalog(), &CEILINGS)
}

/// A job of one Python file, with these fields added or replaced.
fn try_with(fields: Value) -> Result<Job, Refusal> {
    let mut body =
        json!({"language": "python", "version": "*", "files": [{"content": "print(1)"}]});
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    try_job(body.to_string().as_bytes())
}

fn message(fields: Value) -> String {
    try_with(fields).unwrap_err().to_string()
}

/// The body that a deployed client sends.
#[test]
fn a_whole_request_becomes_a_job() {
    let body = json!({
        "language": "python",
        "version": "*",
        "files": [{"name": "main.py", "content": "print(42)"}],
        "stdin": "",
        "args": ["a", 1],
        "compile_timeout": 10_000,
        "run_timeout": 2_000,
        "run_memory_limit": 134_217_728,
    });
    let job = try_job(body.to_string().as_bytes()).unwrap();
    assert_eq!(job.runtime.version, "3.12.0");
    assert_eq!(job.files[job.main].name.as_str(), "main.py");
    assert_eq!(job.files[job.main].content, b"print(42)");
    assert_eq!(job.stdin, b"\n");
    assert_eq!(job.args, ["a", "1"]);
    assert_eq!(job.compile.wall, Duration::from_secs(10));
    assert_eq!(job.run.wall, Duration::from_secs(2));
    assert_eq!(job.run.cpu, Duration::from_secs(3));
    assert_eq!(job.run.memory, Bytes::mib(128));
}

#[test]
fn stdin_is_text_that_ends_with_a_newline() {
    for (stdin, expected) in [
        (json!(null), "\n"),
        (json!(""), "\n"),
        (json!("\n"), "\n"),
        (json!("a\nb"), "a\nb\n"),
        (json!("a\0\r\n"), "a\0\r\n"),
    ] {
        let job = try_with(json!({"stdin": stdin})).unwrap();
        assert_eq!(job.stdin, expected.as_bytes());
    }
    for stdin in [json!(5), json!(0), json!(false), json!(["a"]), json!({})] {
        let expected = "stdin must be a string: send numbers and other data as text";
        assert_eq!(message(json!({"stdin": stdin})), expected);
    }
}

#[test]
fn long_selectors_name_no_runtime() {
    let version = "*".repeat(100_000);
    let expected = format!("python-{version} runtime is unknown");
    assert_eq!(message(json!({"version": version})), expected);
}

#[test]
fn checks_come_in_pistons_order() {
    let bad = json!({
        "args": 5,
        "stdin": 5,
        "files": [{"name": "..", "content": "", "encoding": "hex"}],
        "run_cpu_time": -1,
        "compile_cpu_time": -1,
        "run_timeout": -1,
        "compile_timeout": -1,
        "run_memory_limit": "x",
        "compile_memory_limit": "x",
    });
    let mut wire = bad;
    let mut expect = |field: &str, value: Value, expected: &str| {
        assert_eq!(message(wire.clone()), expected);
        wire[field] = value;
    };
    let files = json!([{"name": "..", "content": ""}]);
    expect(
        "files",
        files,
        "files must include at least one utf8 encoded file",
    );
    expect(
        "compile_memory_limit",
        json!(1),
        "If specified, compile_memory_limit must be a number",
    );
    expect(
        "run_memory_limit",
        json!(1),
        "If specified, run_memory_limit must be a number",
    );
    expect(
        "compile_timeout",
        json!(1),
        "compile_timeout must be non-negative",
    );
    expect("run_timeout", json!(1), "run_timeout must be non-negative");
    expect(
        "compile_cpu_time",
        json!(1),
        "compile_cpu_time must be non-negative",
    );
    expect(
        "run_cpu_time",
        json!(1),
        "run_cpu_time must be non-negative",
    );
    expect(
        "stdin",
        json!(""),
        "stdin must be a string: send numbers and other data as text",
    );
    expect(
        "files",
        json!([{"content": ""}]),
        "files[0].name must stay in the submission folder",
    );
    expect("args", json!([]), "args must be an array of strings");
    assert!(try_with(wire).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_are_a_job_or_a_refusal(body in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(try_job(&body));
    }

    #[test]
    fn any_text_like_json_is_a_job_or_a_refusal(body in r#"[\[{](["\\,:\[\]{}0-9.eE+\- ]|\\u[dD][89a-fA-F0-9]{3}|true|null|"a"|"files"|é){0,40}"#) {
        drop(try_job(body.as_bytes()));
    }

    #[test]
    fn any_escapes_in_a_string_are_read(text in r#"(\\u[0-9a-fA-F]{4}|\\\\|\\"|\\n|[a-zé😀]){0,30}"#) {
        let body = format!(r#"{{"language":"python","version":"*","files":[{{"content":"{text}"}}]}}"#);
        prop_assert!(try_job(body.as_bytes()).is_ok(), "{body}");
    }
}
