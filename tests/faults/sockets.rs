//! Socket files, and HTTP/2: every way in gives the same answers.

use crate::configuration::sentences;
use crate::job::{is_42, options, python};
use capsule_tests::http::{Place, Reply, Request, Version, send_to};
use capsule_tests::{Node, NodeOptions};
use serde_json::{Value, json};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that only root can write, and a path in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("agent.sock");
    (folder, path)
}

/// A node that listens there too.
fn with_socket(path: &Path) -> NodeOptions {
    let both = ["127.0.0.1:0".to_owned(), format!("unix:{}", path.display())];
    options()
        .set("bind_address", both.map(toml::Value::from).to_vec())
        .set("socket_owner", "root:root")
}

fn execute(body: &Value) -> Request {
    Request::post_json("/api/v2/execute", body)
}

/// Requests of every kind of answer.
fn requests() -> Vec<Request> {
    let c = |source: &str| json!({"language": "c", "version": "*", "files": [{"content": source}]});
    let mut plain = execute(&python("print(42)"));
    plain.headers.clear();
    let mut broken = execute(&python(""));
    broken.body = b"{\"language\":".to_vec();
    vec![
        Request::get("/"),
        Request::get("/api/v2/runtimes"),
        Request::get("/nope"),
        execute(&python("print(42)")),
        execute(&python(
            "import sys; print('x' * 50000, file=sys.stderr); sys.exit(3)",
        )),
        execute(&python(
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        )),
        execute(&c("int main(void) { return 0 }")),
        execute(&c(
            "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }",
        )),
        execute(&json!({"language": "klingon", "version": "*", "files": [{"content": ""}]})),
        execute(&json!({"language": "python"})),
        broken,
        plain,
    ]
}

/// What has to be the same: times and memory vary from run to run, dates too.
fn comparable(reply: &Reply) -> (u16, Option<String>, Value) {
    let mut body = reply.json();
    for stage in ["compile", "run"] {
        if let Some(stage) = body.get_mut(stage).and_then(Value::as_object_mut) {
            stage.retain(|key, _| !matches!(key.as_str(), "memory" | "cpu_time" | "wall_time"));
        }
    }
    let kind = reply.header("content-type").map(str::to_owned);
    (reply.status, kind, body)
}

#[test]
fn every_way_in_gives_the_same_answers() {
    let (_folder, path) = place();
    let node = Node::start(with_socket(&path));
    let tcp = Place::Tcp(node.address());
    let unix = Place::Unix(path);
    for request in requests() {
        let asked = |place, version| {
            let reply = send_to(place, version, &request);
            comparable(&reply.expect("every way in is answered"))
        };
        let first = asked(&tcp, Version::One);
        for (place, version) in [
            (&tcp, Version::Two),
            (&unix, Version::One),
            (&unix, Version::Two),
        ] {
            assert_eq!(asked(place, version), first, "{place:?} {version:?}");
        }
    }
}

fn serves(path: &Path) {
    let request = execute(&python("print(42)"));
    let reply = send_to(&Place::Unix(path.to_owned()), Version::One, &request);
    assert!(is_42(&reply.expect("the socket is answered")));
}

#[test]
fn a_socket_has_its_rights_and_goes_with_its_node() {
    let (_folder, path) = place();
    let mut node = Node::start(with_socket(&path).set("socket_mode", "0600"));
    let socket = std::fs::symlink_metadata(&path).expect("it is there");
    assert!(socket.file_type().is_socket());
    assert_eq!(
        (socket.mode() & 0o7777, socket.uid(), socket.gid()),
        (0o600, 0, 0)
    );
    serves(&path);
    // A node that was killed leaves it, and the next one takes its place.
    node.kill_warden();
    assert!(path.exists());
    node.restart();
    serves(&path);
    let front = node.front().expect("a node has a front");
    crate::job::signal(&front, nix::sys::signal::Signal::SIGKILL);
    serves(&path);
    drop(node);
    assert!(!path.exists());
}

#[test]
fn what_is_there_is_not_taken() {
    let (folder, path) = place();
    let node = Node::start(with_socket(&path));
    let refused = |options: NodeOptions, advice: &[&str]| {
        let error = node.try_start_beside(options).expect_err("it is refused");
        let told = sentences(&error.stderr);
        let said = told.len() == 1 && advice.iter().all(|part| told[0].contains(part));
        assert!(said, "{told:#?}");
    };
    let shown = path.display().to_string();
    refused(
        with_socket(&path),
        &["can't listen on unix:", &shown, "another node"],
    );
    serves(&path);
    let file = folder.path().join("file");
    std::fs::write(&file, "kept").expect("a file can be written");
    refused(with_socket(&file), &["is no socket", "move it away"]);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "kept");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).expect("a link can be made");
    refused(with_socket(&link), &["is no socket"]);
    let nobody = with_socket(&folder.path().join("b")).set("socket_owner", "root:no-such-group");
    refused(nobody, &["no group no-such-group", "socket_owner"]);
    let open = folder.path().join("open");
    std::fs::create_dir(&open).expect("a folder can be made");
    // Sticky as well, as /tmp is: anybody could have the name first.
    for mode in [0o777, 0o1777] {
        let all = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&open, all).expect("it can be opened to all");
        refused(with_socket(&open.join("a")), &["can be written by others"]);
    }
    refused(
        with_socket(Path::new("relative.sock")),
        &["bind_address", "absolute path of at most 107 bytes"],
    );
    serves(&path);
}
