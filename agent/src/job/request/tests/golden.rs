//! Every request of the record whose answer needs no program.

use super::*;
use std::path::Path;

/// Refusals of the HTTP layer, or under other settings.
const NOT_HERE: [&str; 3] = [
    "content_type_charset_latin1",
    "content_type_jsonp_suffix",
    "configured_compile_memory_limit_above",
];

/// Accepted by Piston, or failed with 500 and no text: ours say what is wrong.
const OUR_REFUSALS: [(&str, &str); 8] = [
    ("file_null", "files[0].content is required as a string"),
    (
        "stdin_number",
        "stdin must be a string: send numbers and other data as text",
    ),
    (
        "file_name_dotdot",
        "files[0].name must stay in the submission folder",
    ),
    (
        "file_name_absolute",
        "files[0].name must be relative to the submission folder",
    ),
    ("file_name_number", "files[0].name must be a string"),
    (
        "file_name_long",
        "files[0].name cannot have a part longer than 245 bytes",
    ),
    (
        "file_is_also_dir",
        "files[0].name is also the folder of another file",
    ),
    ("args_nul_byte", "args[0] cannot contain a NUL byte"),
];

fn record() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/golden.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn body(case: &Value) -> Vec<u8> {
    let request = &case["request"];
    match (&request["body"], &request["body_base64"]) {
        (Value::String(body), _) => body.clone().into_bytes(),
        (_, Value::String(body)) => {
            super::super::encoding::Encoding::named(&json!("base64")).decode(body.clone())
        }
        _ => Vec::new(),
    }
}

fn executes() -> impl Iterator<Item = (String, Value)> {
    let cases = record().into_iter().filter(|case| {
        let request = &case["request"];
        request["method"] == "POST" && request["path"] == "/api/v2/execute"
    });
    cases.map(|case| (case["name"].as_str().unwrap().to_owned(), case))
}

#[test]
fn refuses_in_the_recorded_words() {
    let mut refused = 0;
    for (name, case) in executes().filter(|(_, case)| case["status"] == 400) {
        if NOT_HERE.contains(&name.as_str()) {
            continue;
        }
        let refusal = try_job(&body(&case)).expect_err(&name).to_string();
        let recorded = case["response"]["message"].as_str();
        let ours = OUR_REFUSALS
            .iter()
            .find(|(case, _)| *case == name)
            .map(|(_, text)| *text);
        match recorded.or(ours) {
            Some(expected) => assert_eq!(refusal, expected, "{name}"),
            None => assert!(
                refusal.starts_with("request body is not valid JSON: "),
                "{name}: {refusal}"
            ),
        }
        refused += 1;
    }
    assert!(
        refused > 25,
        "the record holds more refusals than {refused}"
    );
}

#[test]
fn refuses_what_piston_fails_on() {
    for (name, expected) in OUR_REFUSALS {
        let (_, case) = executes().find(|(case, _)| case == name).expect(name);
        assert_eq!(
            try_job(&body(&case)).expect_err(name).to_string(),
            expected,
            "{name}"
        );
    }
}

#[test]
fn accepts_what_piston_ran() {
    let mut accepted = 0;
    for (name, case) in executes().filter(|(_, case)| case["status"] == 200) {
        let known = ["python", "javascript", "java", "c", "c++"];
        let language = case["response"]["language"].as_str().unwrap_or_default();
        let aliased = name == "alias_gcc";
        if name == "file_name_absolute"
            || aliased
            || !known.contains(&language)
            || !case["config"].is_null()
        {
            continue;
        }
        let job = try_job(&body(&case)).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(case["response"]["version"], job.runtime.version, "{name}");
        accepted += 1;
    }
    assert!(
        accepted > 60,
        "the record holds more answers than {accepted}"
    );
}

#[test]
fn invalid_utf8_becomes_replacement_characters() {
    let (_, case) = executes()
        .find(|(name, _)| name == "invalid_utf8_in_request")
        .unwrap();
    let job = try_job(&body(&case)).unwrap();
    assert_eq!(job.files[0].content, "print(\"\u{fffd}\")".as_bytes());
}

#[test]
fn a_configured_memory_limit_is_named() {
    let fields = json!({"language": "bounded", "compile_memory_limit": 1_000_000_000});
    let expected = "compile_memory_limit cannot exceed the configured limit of 256000000";
    assert_eq!(message(fields), expected);
}
