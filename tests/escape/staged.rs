//! A runtime of the tests' own whose compile stage is a program of the job: everything that compile-time code could do.
//! Its store is the real base and a copy of the real Python beside one package of two scripts.

use crate::arena::Arena;
use capsule_tests::{NodeOptions, store, wait};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Fills `folder` with a store of two packages: Python, and `staged`.
pub(crate) fn make_store(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("root may change modes");
    symlink(store().join("base"), folder.join("base")).expect("a link can be made");
    let packages = folder.join("packages");
    fs::create_dir(&packages).expect("a folder can be made");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(store().join("packages/python"))
        .arg(&packages)
        .status();
    assert!(
        copied.is_ok_and(|status| status.success()),
        "Python can't be copied"
    );
    let versions = fs::read_dir(packages.join("python")).expect("there is a Python");
    let version = versions
        .flatten()
        .next()
        .expect("there is a Python")
        .file_name();
    let version = version.to_str().expect("versions are text").to_owned();

    let staged = packages.join("staged/1.0.0");
    fs::create_dir_all(&staged).expect("a folder can be made");
    let write =
        |name: &str, text: &str| fs::write(staged.join(name), text).expect("a file can be made");
    write(
        "pkg-info.json",
        r#"{"language": "staged", "version": "1.0.0", "build_platform": "any", "aliases": []}"#,
    );
    write(
        ".env",
        &format!("PATH=/piston/packages/python/{version}/usr/bin:/usr/bin:/bin\n"),
    );
    write(".ppman-installed", "1");
    write("compile", "#!/bin/sh\nexec python3 compile.py\n");
    write("run", "#!/bin/sh\nexec python3 run.py\n");
}

/// A node with that store; the folder lives as long as it.
fn staged() -> (TempDir, Arena) {
    capsule_tests::require_root();
    let folder = tempfile::tempdir().expect("a folder can be made");
    make_store(folder.path());
    let options = NodeOptions::as_deployed_with_patience().set(
        "data_directory",
        folder.path().to_string_lossy().into_owned(),
    );
    let arena = Arena::with(options);
    (folder, arena)
}

/// Runs a job of two programs, with more files beside them.
pub(crate) fn run(arena: &Arena, compile: &str, run: &str, more: &[(&str, &str)]) -> Value {
    let mut files = vec![
        json!({"name": "run.py", "content": run}),
        json!({"name": "compile.py", "content": compile}),
    ];
    files.extend(
        more.iter()
            .map(|(name, content)| json!({"name": name, "content": content})),
    );
    let (status, answer) =
        arena.execute(&json!({"language": "staged", "version": "*", "files": files}));
    assert_eq!(status, 200, "{answer}");
    answer
}

fn clean(answer: &Value) {
    for stage in ["compile", "run"] {
        let text = answer[stage]["output"].as_str().unwrap_or_default();
        assert!(
            answer[stage]["code"] == 0 && !text.contains("WRONG"),
            "{stage}: {answer}"
        );
    }
}

#[test]
fn nothing_of_compile_lives_when_run_starts() {
    let (_folder, arena) = staged();
    for _ in 0..5 {
        let answer = run(
            &arena,
            include_str!("staged/daemons_compile.py"),
            include_str!("staged/daemons_run.py"),
            &[],
        );
        clean(&answer);
        assert!(
            answer["run"]["stdout"]
                .as_str()
                .is_some_and(|text| text.starts_with("alone")),
            "{answer}"
        );
    }
}

/// A compile stage that does not end by itself is no way around the rest.
#[test]
fn a_compile_stage_has_limits_of_its_own() {
    let (_folder, arena) = staged();
    let body = |compile: &str, timeout: u32| {
        json!({
            "language": "staged", "version": "*", "compile_timeout": timeout * wait::slowness(), "compile_memory_limit": 64 << 20,
            "files": [{"name": "run.py", "content": "print('ran')"}, {"name": "compile.py", "content": compile}],
        })
    };
    let forks = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n";
    let heap = include_str!("programs/heap.py");
    let stages = [
        (heap, 5000, ["memory"].as_slice()),
        // Whichever it meets first: sixty-four interpreters fill the memory too.
        (forks, 500, &["wall", "memory"]),
        ("while True: print('y' * 999)", 5000, &["output"]),
    ];
    for (compile, timeout, limits) in stages {
        let (status, answer) = arena.execute(&body(compile, timeout));
        assert_eq!(status, 200, "{answer}");
        let limit = answer["compile"]["limit"].as_str().unwrap_or_default();
        assert!(limits.contains(&limit), "{answer}");
        assert_eq!(answer["run"], answer["compile"], "{answer}");
    }
}

#[test]
fn planted_links_lead_nobody_out() {
    let (folder, arena) = staged();
    let canary = folder.path().join("canary");
    fs::write(&canary, "CANARY").expect("a file can be made");
    let state = |path: &Path| {
        let status = fs::metadata(path).expect("the canary is there");
        (
            status.mode(),
            status.uid(),
            status.gid(),
            status.len(),
            status.mtime_nsec(),
            status.ctime_nsec(),
            status.nlink(),
        )
    };
    let before = state(&canary);
    let answer = run(
        &arena,
        include_str!("staged/links_compile.py"),
        include_str!("staged/links_run.py"),
        &[("canary.txt", &canary.to_string_lossy())],
    );
    clean(&answer);
    assert_eq!(
        answer["run"]["stdout"], "ran in /box/moved True\n",
        "{answer}"
    );
    assert!(!answer.to_string().contains("CANARY"), "{answer}");
    assert_eq!(state(&canary), before);
    assert_eq!(
        fs::read_to_string(&canary).expect("the canary is there"),
        "CANARY"
    );
}

#[test]
fn compile_sees_what_run_sees() {
    let (_folder, arena) = staged();
    let probe = include_str!("programs/probe.py");
    let answer = run(&arena, probe, probe, &[]);
    clean(&answer);
    crate::probe::judge(answer["compile"]["stdout"].as_str().unwrap_or_default());
    crate::probe::judge(answer["run"]["stdout"].as_str().unwrap_or_default());
}

/// Each stage may use its own limit in full, and its peak is its own.
#[test]
fn stages_share_no_memory_accounts() {
    let (_folder, arena) = staged();
    let take = "kept = bytes(48 << 20).replace(b'\\0', b'a')";
    let (_, answer) = arena.execute(&json!({
        "language": "staged", "version": "*", "compile_memory_limit": 80 << 20, "run_memory_limit": 32 << 20,
        "files": [{"name": "run.py", "content": "print('ran')"}, {"name": "compile.py", "content": take}],
    }));
    clean(&answer);
    let peak = |stage: &str| answer[stage]["memory"].as_u64().unwrap_or_default();
    assert!(
        peak("compile") > 48 << 20 && peak("run") < 32 << 20,
        "{answer}"
    );
}
