//! Every exit code comes back as it is.

use crate::suite::ending;
use capsule_tests::each;
use capsule_tests::{Node, NodeOptions};
use serde_json::{Value, json};

fn check_all(language: &str, source: &str) {
    let node = Node::start(NodeOptions::as_deployed());
    let codes: Vec<u32> = (0..256).collect();
    let wrong = each(&codes, |&code| {
        let body = json!({
            "language": language, "version": "*", "files": [{"content": source}], "args": [code.to_string()],
        });
        let (status, answer) = node.execute(&body);
        let (failed, message) = match code {
            0 => (Value::Null, Value::Null),
            code => (
                json!("RE"),
                json!(format!("Exited with error status {code}")),
            ),
        };
        let right = status == 200 && ending(&answer) == (json!(code), Value::Null, failed, message);
        (!right).then(|| format!("exit code {code}: {status} {answer}"))
    });
    assert!(wrong.is_empty(), "{language}:\n{}", wrong.join("\n"));
}

#[test]
fn every_exit_code_of_python() {
    check_all("python", "import sys; sys.exit(int(sys.argv[1]))");
}

#[test]
fn every_exit_code_of_c() {
    check_all(
        "c",
        "#include <stdlib.h>\nint main(int c, char **v) { return c > 1 ? atoi(v[1]) : 1; }",
    );
}
