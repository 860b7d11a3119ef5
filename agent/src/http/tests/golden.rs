//! The record's requests that need no program.

use super::*;
use serde_json::Value;
use std::path::Path;

/// Executions whose answer depends on the HTTP layer alone.
const EXECUTIONS: [&str; 3] = [
    "execute_uppercase_path",
    "content_type_charset_utf8",
    "content_type_jsonp_suffix",
];

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/golden.json");
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    cases
        .into_iter()
        .filter(|case| {
            let name = case["name"].as_str().unwrap();
            let execution =
                case["request"]["method"] == "POST" && case["request"]["path"] == "/api/v2/execute";
            !execution || case["status"] == 415 || EXECUTIONS.contains(&name)
        })
        .collect()
}

fn request(case: &Value) -> String {
    let request = &case["request"];
    let body = request["body"].as_str().unwrap_or_default();
    let headers = request["headers"].as_object().unwrap().iter();
    let headers: String = headers
        .map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap()))
        .collect();
    let (method, path) = (
        request["method"].as_str().unwrap(),
        request["path"].as_str().unwrap(),
    );
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn answers_as_recorded() {
    let server = Server::start().await;
    let cases = cases();
    assert!(cases.len() > 12);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        if name == "content_type_uppercase" {
            continue;
        }
        let mut client = server.connect().await;
        client.send(request(&case)).await;
        let head = case["request"]["method"] == "HEAD";
        let answer = if head {
            client.head().await
        } else {
            client.answer().await
        };
        assert_eq!(case["status"], answer.status, "{name}");
        assert_eq!(
            case["content_type"],
            answer.header("content-type"),
            "{name}"
        );
        match &case["response"] {
            Value::String(text) => assert_eq!(text, &answer.body, "{name}"),
            recorded if answer.status != 200 => assert_eq!(recorded, &answer.json(), "{name}"),
            _ => {}
        }
    }
}
