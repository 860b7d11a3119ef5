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

/// Fails unless this is the recorded answer. `body` is missing where the method has none.
fn compare(case: &Value, status: u16, content_type: &str, body: Option<&str>) {
    let name = case["name"].as_str().unwrap();
    assert_eq!(case["status"], status, "{name}");
    assert_eq!(case["content_type"], content_type, "{name}");
    match (&case["response"], body) {
        (Value::String(text), body) => assert_eq!(text, body.unwrap_or_default(), "{name}"),
        (recorded, Some(body)) if status != 200 => {
            let answer: Value = serde_json::from_str(body).unwrap();
            assert_eq!(recorded, &answer, "{name}");
        }
        _ => {}
    }
}

fn compared_cases() -> Vec<Value> {
    let mut cases = cases();
    cases.retain(|case| case["name"] != "content_type_uppercase");
    assert!(cases.len() > 12);
    cases
}

#[tokio::test]
async fn answers_as_recorded() {
    let server = Server::start().await;
    for case in compared_cases() {
        let mut client = server.connect().await;
        client.send(request(&case)).await;
        let head = case["request"]["method"] == "HEAD";
        let answer = if head {
            client.head().await
        } else {
            client.answer().await
        };
        let body = (!head).then_some(answer.body.as_str());
        compare(&case, answer.status, answer.header("content-type"), body);
    }
}

#[tokio::test]
async fn answers_over_http2_as_recorded() {
    let server = Server::start().await;
    let mut client = h2c::client(&server).await;
    for case in compared_cases() {
        let request = &case["request"];
        let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
        let mut asked = hyper::Request::builder()
            .method(text("method").as_str())
            .uri(format!("http://x{}", text("path")));
        for (name, value) in request["headers"].as_object().unwrap() {
            asked = asked.header(name, value.as_str().unwrap());
        }
        let answer = h2c::ask(&mut client, asked.body(text("body").into()).unwrap()).await;
        let body = (request["method"] != "HEAD").then_some(answer.body.as_str());
        compare(&case, answer.status, answer.header("content-type"), body);
    }
}
