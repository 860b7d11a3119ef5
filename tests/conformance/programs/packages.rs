//! A package as Piston's builder makes it and before Piston has installed it: bash scripts, `environment` that was never
//! sourced, several languages with limits of their own, absolute paths.

use capsule_tests::{Node, NodeOptions, store};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use tempfile::TempDir;

const INFO: &str = r#"{
    "language": "voice", "version": "1.2.3", "build_platform": "docker-debian", "author": "somebody",
    "provides": [
        {"language": "shout", "aliases": ["loud", "sh"], "limit_overrides": {"run_timeout": 5000}},
        {"language": "whisper", "aliases": [], "limit_overrides": {"output_max_size": 12}}
    ]
}"#;

const ENVIRONMENT: &str = r#"#!/usr/bin/env bash

# Put 'export' statements here for environment variables
export PATH=$PWD/bin:$PATH
export VOICE_HOME="$PWD" VOICE_MOTTO="one = two" HOME=/nowhere
echo this is not for the job
cat
"#;

const COMPILE: &str = r#"#!/usr/bin/env bash
case "${PISTON_LANGUAGE}" in
    shout) rename-to-voice "$@" ;;
    whisper) cp "$1" program.voice ;;
esac
echo "compiled $# in $HOME"
"#;

const RUN: &str = r#"#!/usr/bin/env bash
echo "$VOICE_MOTTO, $PWD, ${1##*/}"
shift
/piston/packages/voice/1.2.3/bin/speak program.voice "$@"
"#;

/// What `bin/` has, found by `PATH`, and by its absolute path.
const RENAME: &str = "#!/bin/bash\ntr a-z A-Z <\"$1\" >program.voice\n";
const SPEAK: &str = "#!/bin/bash\ncat \"$1\"\nshift\nprintf '<%s>' \"$@\"\ncat\n";

fn write(path: &Path, text: &str, mode: u32) {
    let folder = path.parent().expect("it lies in a folder");
    fs::create_dir_all(folder).expect("a folder can be made");
    fs::write(path, text).expect("a file can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("root may");
}

/// A data directory with the real base and this package only.
fn data() -> TempDir {
    let data = TempDir::new().expect("a folder can be made");
    symlink(store().join("base"), data.path().join("base")).expect("a link can be made");
    let package = data.path().join("packages/voice/1.2.3");
    for (name, text, mode) in [
        ("pkg-info.json", INFO, 0o644),
        ("environment", ENVIRONMENT, 0o644),
        ("compile", COMPILE, 0o644),
        ("run", RUN, 0o755),
        ("bin/rename-to-voice", RENAME, 0o755),
        ("bin/speak", SPEAK, 0o755),
        (".ppman-installed", "1600000000000", 0o644),
    ] {
        write(&package.join(name), text, mode);
    }
    data
}

/// A job of this text under an alias or a name, with more fields.
fn job(language: &str, content: &str, more: Value) -> Value {
    let mut body = json!({
        "language": language, "version": "1.x", "files": [{"name": "d/a.txt", "content": content}],
        "stdin": "in", "args": ["-x", "a  b"],
    });
    let fields = body.as_object_mut().expect("it is an object");
    fields.extend(more.as_object().expect("so is this").clone());
    body
}

#[test]
fn a_package_of_piston_works_as_it_is() {
    let data = data();
    let options =
        NodeOptions::new().set("data_directory", data.path().to_string_lossy().into_owned());
    let node = Node::start(options);
    let runtimes = node.get("/api/v2/runtimes").json();
    assert_eq!(
        runtimes,
        json!([
            {"language": "shout", "version": "1.2.3", "aliases": ["loud", "sh"], "runtime": "voice"},
            {"language": "whisper", "version": "1.2.3", "aliases": [], "runtime": "voice"},
        ])
    );

    let (status, answer) = node.execute(&job("loud", "hey\n", json!({"run_timeout": 5000})));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["language"], "shout");
    assert_eq!(answer["version"], "1.2.3");
    assert_eq!(
        answer["compile"]["output"], "compiled 1 in /tmp\n",
        "{answer}"
    );
    let said = "one = two, /box/submission, a.txt\nHEY\n<-x><a  b>in\n";
    assert_eq!(answer["run"]["output"], said, "{answer}");
    assert_eq!(answer["run"]["code"], 0, "{answer}");

    let refused = node.execute(&job("shout", "", json!({"run_timeout": 5001})));
    let message = "run_timeout cannot exceed the configured limit of 5000";
    assert_eq!(refused, (400, json!({"message": message})));

    let (_, answer) = node.execute(&job("whisper", "hey\n", json!({})));
    assert_eq!(answer["compile"]["status"], "OL", "{answer}");
    assert_eq!(answer["run"]["stdout"], "compiled 1 i", "{answer}");
}
