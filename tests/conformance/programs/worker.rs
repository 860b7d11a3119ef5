//! The very body that the deployed Worker sends, in every language.

use capsule_tests::{Node, NodeOptions};
use serde_json::{Value, json};

/// Language, file name and program; each prints 42.
const PROGRAMS: [(&str, &str, &str); 5] = [
    ("python", "main.py", "print(42)"),
    ("javascript", "main.js", "console.log(42)"),
    (
        "java",
        "Main.java",
        "public class Main { public static void main(String[] args) { System.out.println(42); } }",
    ),
    (
        "c",
        "main.c",
        "#include <stdio.h>\nint main() { printf(\"42\\n\"); return 0; }",
    ),
    (
        "c++",
        "main.cpp",
        "#include <iostream>\nint main() { std::cout << 42 << std::endl; return 0; }",
    ),
];

/// As the Worker spells it, keys in its order.
fn body(language: &str, name: &str, content: &str) -> Value {
    json!({
        "language": language, "version": "*", "files": [{"name": name, "content": content}], "stdin": "", "args": [],
        "compile_timeout": 10000, "run_timeout": 10000, "run_memory_limit": 134_217_728,
    })
}

#[test]
fn the_workers_body_runs_in_every_language() {
    let node = Node::start(NodeOptions::as_deployed());
    for (language, name, content) in PROGRAMS {
        let (status, answer) = node.execute(&body(language, name, content));
        assert_eq!(status, 200, "{language}: {answer}");
        assert_eq!(answer["run"]["stdout"], "42\n", "{language}: {answer}");
        assert_eq!(answer["run"]["code"], 0, "{language}: {answer}");
        assert_eq!(answer["run"]["stderr"], "", "{language}: {answer}");
        assert_eq!(answer["language"], language, "{answer}");
    }
}

/// The built-in defaults are Piston's, under which this body is refused in Piston's words.
#[test]
fn the_workers_body_is_above_pistons_own_limit() {
    let node = Node::start(NodeOptions::new());
    let (language, name, content) = PROGRAMS[0];
    let (status, answer) = node.execute(&body(language, name, content));
    assert_eq!(status, 400, "{answer}");
    assert_eq!(
        answer,
        json!({"message": "run_timeout cannot exceed the configured limit of 3000"})
    );
}
