//! A package as Piston's builder makes and offers it, all the way: index, archive, `POST`, jobs, `DELETE`. What such a
//! package does once it is there is among the programs of the conformance suite.

use crate::desk::{Desk, names};
use crate::live::output;
use crate::repository::{Repository, archive_name};
use crate::routes::{entry, listed, request, said};
use crate::server::Server;
use capsule_tests::http::Request;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

const INFO: &str = r#"{
    "language": "voice", "version": "1.2.3", "build_platform": "docker-debian", "author": "somebody",
    "provides": [
        {"language": "shout", "aliases": ["loud", "sh"], "limit_overrides": {"run_timeout": 5000}},
        {"language": "whisper", "aliases": [], "limit_overrides": {"output_max_size": 12}}
    ]
}"#;

/// Piston has root source it, on the host, when it installs the package.
const ENVIRONMENT: &str = r#"#!/usr/bin/env bash
export PATH=$PWD/bin:$PATH
export VOICE_HOME="$PWD" VOICE_MOTTO="one = two"
touch /tmp/capsule-environment-was-sourced
"#;

const COMPILE: &str = r#"#!/usr/bin/env bash
case "${PISTON_LANGUAGE}" in
    shout) to-voice "$1" >program.voice ;;
    whisper) cp "$1" program.voice ;;
esac
echo "compiled $PISTON_LANGUAGE"
"#;

const RUN: &str = r#"#!/usr/bin/env bash
echo "$VOICE_MOTTO, $VOICE_HOME"
shift
speak program.voice "$@"
"#;

/// `bin/speak` is a link to it, absolute as many installers make them.
const SPEAK: &str = "#!/bin/bash\ncat \"$1\"\nshift\nprintf '<%s>' \"$@\"\ncat\n";

/// Puts a line into the index as Piston's has them, with the whole URL.
fn offer(repository: &Repository, server: &Server) {
    let index = repository.path().join("index");
    let archive = archive_name("voice", "1.2.3");
    let url = server.index().replace("index", &archive);
    let text = fs::read_to_string(&index).expect("it is there");
    fs::write(&index, text.replace(&archive, &url)).expect("a file can be written");
}

/// Packs the folder as Piston's builder does: `tar czf`, modes and owners as they are there.
fn pack(repository: &Repository) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("it can be made");
        fs::write(&path, text).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    write("pkg-info.json", INFO, 0o644);
    write("environment", ENVIRONMENT, 0o644);
    write("compile", COMPILE, 0o644);
    write("run", RUN, 0o755);
    write("bin/to-voice", "#!/bin/sh\ntr a-z A-Z <\"$1\"\n", 0o775);
    write("lib/speak.sh", SPEAK, 0o700);
    let inside = "/piston/packages/voice/1.2.3/lib/speak.sh";
    symlink(inside, folder.path().join("bin/speak")).expect("a link can be made");
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(folder.path()).args([
        "--owner=1000",
        "--group=1000",
        "--numeric-owner",
        "-cf",
        "-",
        ".",
    ]);
    repository.pack("voice", "1.2.3", &mut tar);
}

fn job(language: &str, more: Value) -> Request {
    let mut body = json!({
        "language": language, "version": "1.x", "files": [{"name": "a.txt", "content": "hey\n"}],
        "stdin": "in", "args": ["-x", "a  b"],
    });
    let fields = body.as_object_mut().expect("it is an object");
    fields.extend(more.as_object().expect("so is this").clone());
    Request::post_json("/api/v2/execute", &body)
}

#[test]
fn a_package_of_piston_is_installed_run_and_removed() {
    let repository = Repository::new();
    pack(&repository);
    let server = Server::start(repository.path());
    offer(&repository, &server);
    let desk = Desk::at(&server);
    let node = desk.node();
    assert_eq!(listed(&node), json!([entry("voice", "1.2.3", false)]));
    assert_eq!(node.send(&job("loud", json!({}))).status, 400);

    let reply = node.send(&request("POST", "voice", "1.2.3"));
    let done = json!({"language": "voice", "version": "1.2.3"});
    assert_eq!(said(&reply), (200, done.clone()));
    assert_eq!(listed(&node), json!([entry("voice", "1.2.3", true)]));
    let runtimes = node.get("/api/v2/runtimes").json();
    assert_eq!(
        runtimes,
        json!([
            {"language": "shout", "version": "1.2.3", "aliases": ["loud", "sh"], "runtime": "voice"},
            {"language": "whisper", "version": "1.2.3", "aliases": [], "runtime": "voice"},
        ])
    );
    let reply = node.send(&job("loud", json!({"run_timeout": 5000})));
    let heard = "one = two, /piston/packages/voice/1.2.3\nHEY\n<-x><a  b>in\n";
    assert_eq!(output(&reply), heard);
    assert_eq!(reply.json()["compile"]["stdout"], "compiled shout\n");
    // The limits are the language's own.
    let reply = node.send(&job("shout", json!({"run_timeout": 5001})));
    let message = "run_timeout cannot exceed the configured limit of 5000";
    assert_eq!(said(&reply), (400, json!(message)));
    let reply = node.send(&job("whisper", json!({})));
    assert_eq!(reply.json()["compile"]["status"], "OL", "{}", reply.text());
    assert!(!Path::new("/tmp/capsule-environment-was-sourced").exists());

    let reply = node.send(&request("DELETE", "voice", "1.2.3"));
    assert_eq!(said(&reply), (200, done));
    for language in ["loud", "shout", "whisper"] {
        let reply = node.send(&job(language, json!({})));
        let message = format!("{language}-1.x runtime is unknown");
        assert_eq!(said(&reply), (400, json!(message)));
    }
    assert_eq!(listed(&node), json!([entry("voice", "1.2.3", false)]));
    assert_eq!(names(&desk.data().join("packages")), [""; 0]);
    assert_eq!(names(&desk.data().join("manifests")), [""; 0]);
    desk.assert_tidy();
}
