//! Versions that clients pin and the node does not have.

use capsule_tests::{Node, NodeOptions};
use serde_json::{Value, json};

fn python(version: &str) -> Value {
    json!({"language": "py", "version": version, "files": [{"content": "print(42)"}]})
}

#[test]
fn a_pinned_version_runs_only_if_the_operator_says_by_what() {
    let map = r#"{"python": {"3.0.1": "3.x", "3.0.2": "2.x"}}"#;
    let map: toml::Table = serde_json::from_str(map).expect("it is a table");
    let node = Node::start(NodeOptions::new().set("version_map", map));
    let (status, answer) = node.execute(&python("3.0.1"));
    assert_eq!((status, &answer["run"]["stdout"]), (200, &json!("42\n")));
    // The version that ran it.
    let runtimes = node.get("/api/v2/runtimes").json();
    let mut runtimes = runtimes.as_array().into_iter().flatten();
    let python_there = runtimes.find(|runtime| runtime["language"] == "python");
    let python_there = python_there.expect("there is one");
    assert_eq!(answer["version"], python_there["version"], "{answer}");
    for version in ["3.0.0", "3.0.2"] {
        let message = format!("py-{version} runtime is unknown");
        assert_eq!(
            node.execute(&python(version)),
            (400, json!({"message": message}))
        );
    }
    let warning = "version_map leads to no runtime of this node language=\"python\" version=3.0.2";
    assert!(node.stderr().contains(warning), "{}", node.stderr());
}
