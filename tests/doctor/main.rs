//! `capsule-agent doctor`, and the sentence with which a node refuses to start where jails can't be made.

use capsule_tests::{agent_binary, require_root, store};
use serde_json::Value;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// An address that is free now.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    address.to_string()
}

fn doctor(data: &Path, address: &str) -> Command {
    let mut command = Command::new(agent_binary());
    command
        .args(["doctor", "--config", "/dev/null", "--data-directory"])
        .arg(data)
        .args(["--bind-address", address]);
    command
}

fn run(command: &mut Command) -> (Output, String) {
    let output = command.output().expect("the daemon can be started");
    let text = String::from_utf8(output.stdout.clone()).expect("it prints UTF-8");
    (output, text)
}

#[test]
fn a_host_that_can_run_a_node_is_said_to() {
    require_root();
    let (output, text) = run(&mut doctor(&store(), &free_address()));
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.ends_with("a node can run here\n"), "{text}");
    for wanted in [
        "user namespace",
        "seccomp filters",
        "cgroup sub-groups",
        "runtimes",
    ] {
        // Behind the state; in the explanation of another finding the same words may stand.
        let line = text
            .lines()
            .find(|line| line.get(9..).is_some_and(|line| line.starts_with(wanted)));
        assert!(line.is_some_and(|line| line.starts_with("ok ")), "{text}");
    }
}

#[test]
fn programs_can_read_it() {
    require_root();
    let (output, text) = run(doctor(&store(), &free_address()).arg("--json"));
    assert_eq!(output.status.code(), Some(0), "{text}");
    let report: Value = serde_json::from_str(&text).expect("it prints JSON");
    assert_eq!(report["can_run"], true);
    let findings = report["findings"]
        .as_array()
        .expect("findings are an array");
    assert!(findings.len() > 30, "{text}");
    for finding in findings {
        assert_eq!(finding["blocks"], false, "{finding}");
        let explained = finding["state"] == "ok" || finding["consequence"] != "";
        assert!(explained, "{finding}");
    }
}

#[test]
fn missing_runtimes_are_said_to_block() {
    require_root();
    let empty = tempfile::tempdir().expect("a folder can be made");
    let (output, text) = run(&mut doctor(empty.path(), &free_address()));
    assert_eq!(output.status.code(), Some(1), "{text}");
    let verdict = "a node can't run here: base system, runtimes\n";
    assert!(text.ends_with(verdict), "{text}");
    assert!(text.contains("runtimes/build --out"), "{text}");
}

#[test]
fn a_broken_runtime_is_named_with_its_reason() {
    require_root();
    let data = tempfile::tempdir().expect("a folder can be made");
    std::fs::create_dir_all(data.path().join("base/usr")).expect("folders can be made");
    let package = data.path().join("packages/python/3.0.0");
    std::fs::create_dir_all(&package).expect("folders can be made");
    std::fs::write(package.join(".ppman-installed"), "1").expect("a file can be written");
    std::fs::write(package.join("pkg-info.json"), "{").expect("a file can be written");
    let (output, text) = run(&mut doctor(data.path(), &free_address()));
    assert_eq!(output.status.code(), Some(1), "{text}");
    let broken = text.lines().find(|line| line.contains("broken runtime"));
    assert!(
        broken.is_some_and(|line| line.contains("python/3.0.0/pkg-info.json")),
        "{text}"
    );
}

#[test]
fn a_port_that_something_else_has_is_said_to_block() {
    require_root();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    let (output, text) = run(&mut doctor(&store(), &address.to_string()));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.ends_with("a node can't run here: address\n"), "{text}");
}

#[test]
fn without_root_it_says_that_root_is_needed() {
    require_root();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("root may open its folder to all");
    // The built one may lie where only root can go.
    let copy = folder.path().join("capsule-agent");
    std::fs::copy(agent_binary(), &copy).expect("a file can be copied");
    let (output, text) = run(Command::new(copy).arg("doctor").uid(65534).gid(65534));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("a node can't run here: root"), "{text}");
}

#[test]
fn a_node_does_not_start_without_a_capability_that_jails_need() {
    require_root();
    let state = tempfile::tempdir().expect("a folder can be made");
    let output = Command::new("setpriv")
        .arg("--bounding-set=-sys_admin")
        .arg(agent_binary())
        .args(["serve", "--config", "/dev/null", "--data-directory"])
        .arg(store())
        .arg("--state-directory")
        .arg(state.path())
        .args(["--bind-address", &free_address()])
        .output()
        .expect("setpriv can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("CAP_SYS_ADMIN"), "{said}");
    assert_eq!(said.lines().count(), 1, "one sentence: {said}");
}

/// The host's own numbers, against what the file for operators sets them to.
#[test]
fn settings_of_the_host_are_told_as_they_are() {
    require_root();
    let (_, text) = run(&mut doctor(&store(), &free_address()));
    let file = include_str!("../../packaging/host/60-codecapsule.conf");
    let settings: Vec<_> = file
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.trim_start_matches('-').split_once(" = "))
        .collect();
    assert!(settings.len() > 10, "{settings:?}");
    for (key, closed) in settings {
        let line = text
            .lines()
            .find(|line| line.contains("host: ") && line.contains(&format!(" {key} is ")))
            .unwrap_or_else(|| panic!("{key} is not told:\n{text}"));
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
        let Ok(value) = std::fs::read_to_string(path) else {
            let open = line.starts_with("missing ") && line.contains("take another kernel");
            assert!(line.starts_with("note ") || open, "{line}");
            continue;
        };
        let value = value.trim();
        assert!(
            line.contains(&format!("{key} is {value}")),
            "{line}: {value}"
        );
        if value == closed {
            assert!(line.starts_with("ok "), "{line}");
        }
        let names_the_file = line.contains("packaging/host/60-codecapsule.conf");
        assert_eq!(line.starts_with("missing "), names_the_file, "{line}");
    }
}

/// A host that is not hardened is a worse host, not one on which nothing runs.
#[test]
fn hardening_never_blocks() {
    require_root();
    let (_, text) = run(doctor(&store(), &free_address()).arg("--json"));
    let report: Value = serde_json::from_str(&text).expect("it prints JSON");
    let told: Vec<&Value> = report["findings"]
        .as_array()
        .expect("findings are an array")
        .iter()
        .filter(|finding| {
            finding["name"]
                .as_str()
                .is_some_and(|name| name.starts_with("host: "))
        })
        .collect();
    assert!(told.len() > 15, "{text}");
    for finding in told {
        assert_eq!(finding["blocks"], false, "{finding}");
        let said = finding["consequence"].as_str().unwrap_or_default();
        assert!(
            finding["state"] != "missing"
                || said.contains("apply packaging/host/")
                || said.contains("take another kernel"),
            "{finding}"
        );
    }
}

/// Whatever was tried out is gone.
#[test]
fn nothing_is_left_behind() {
    require_root();
    let (_, text) = run(&mut doctor(&store(), &free_address()));
    let line = text
        .lines()
        .find(|line| line.contains("cgroup sub-groups"))
        .expect("cgroups are looked at");
    let group = line.rsplit(' ').next().expect("a line has words");
    let left: Vec<_> = std::fs::read_dir(group)
        .expect("the group is there")
        .filter_map(Result::ok)
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("codecapsule-doctor-")
        })
        .filter(|entry| {
            // Another test's, which runs now.
            let name = entry.file_name().to_string_lossy().into_owned();
            let pid = name.rsplit('-').next().map(str::to_owned);
            !pid.is_some_and(|pid| Path::new("/proc").join(pid).exists())
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
