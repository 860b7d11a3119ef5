//! The strict comparison.

use crate::normalise;
use serde_json::Value;

/// Compares a body; texts may hold `{any}`. Empty where nothing is expected, as for HEAD.
pub(crate) fn body(expected: &Value, actual: &[u8], wrong: &mut Vec<String>) {
    match (expected, serde_json::from_slice::<Value>(actual)) {
        (Value::String(text), _) => {
            let actual = String::from_utf8_lossy(actual);
            if *text != actual {
                wrong.push(format!("body {actual:?} instead of {text:?}"));
            }
        }
        (expected, Ok(actual)) => value("", &with_limit(expected), &with_limit(&actual), wrong),
        (_, Err(error)) => wrong.push(format!("the body is not JSON: {error}")),
    }
}

/// Adds what Piston does not say and a node does: `limit` names the limit that ended a stage, and is null or left
/// out when none did. In an expected answer it follows from the status.
fn with_limit(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for name in ["compile", "run"] {
        let Some(stage) = answer.get_mut(name).and_then(Value::as_object_mut) else {
            continue;
        };
        if stage.contains_key("limit") {
            continue;
        }
        let limit = match (
            stage.get("status").and_then(Value::as_str),
            stage.get("message").and_then(Value::as_str),
        ) {
            (Some("TO"), Some("Time limit exceeded (wall clock)")) => "wall".into(),
            (Some("TO"), _) => "cpu".into(),
            (Some("OL" | "EL"), _) => "output".into(),
            _ => Value::Null,
        };
        stage.insert("limit".into(), limit);
    }
    answer
}

fn value(at: &str, expected: &Value, actual: &Value, wrong: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(want), Value::Object(have)) => {
            let keys: std::collections::BTreeSet<&String> =
                want.keys().chain(have.keys()).collect();
            for key in keys {
                let at = format!("{at}.{key}");
                match (want.get(key), have.get(key)) {
                    (Some(_), Some(number)) if is_measured(key) => measured(&at, number, wrong),
                    (Some(want), Some(have)) => value(&at, want, have, wrong),
                    (Some(want), None) => wrong.push(format!("{at} is missing, expected {want}")),
                    (None, Some(have)) => wrong.push(format!("{at} is unexpected: {have}")),
                    (None, None) => unreachable!("the key is from one of them"),
                }
            }
        }
        (Value::Array(want), Value::Array(have)) if want.len() == have.len() => {
            for (index, (want, have)) in want.iter().zip(have).enumerate() {
                value(&format!("{at}[{index}]"), want, have, wrong);
            }
        }
        (Value::String(want), Value::String(have)) => {
            if !matches(&normalise::text(want), &normalise::text(have)) {
                wrong.push(format!("{at} is {have:?} instead of {want:?}"));
            }
        }
        (want, have) if want == have => {}
        (Value::String(want), have) if want == "{any}" => {
            wrong.push(format!("{at} is {have} instead of a text"))
        }
        (want, have) => wrong.push(format!("{at} is {have} instead of {want}")),
    }
}

fn is_measured(key: &str) -> bool {
    matches!(key, "memory" | "cpu_time" | "wall_time")
}

/// Varies from run to run, but is a whole number of milliseconds or bytes.
fn measured(at: &str, actual: &Value, wrong: &mut Vec<String>) {
    if actual.as_u64().is_none() {
        wrong.push(format!("{at} is {actual} instead of a whole number"));
    }
}

/// Whether a text fits a pattern in which `{any}` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("{any}");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differing(expected: &Value, actual: &Value) -> usize {
        let mut wrong = Vec::new();
        body(expected, actual.to_string().as_bytes(), &mut wrong);
        wrong.len()
    }

    #[test]
    fn patterns() {
        assert!(
            matches("a{any}c", "abc")
                && matches("{any}", "")
                && matches("a", "a")
                && matches("a{any}", "a")
        );
        assert!(!matches("a{any}c", "ab") && !matches("a", "ab") && !matches("{any}b{any}", "ac"));
        assert!(!matches("ab{any}ba", "aba"), "a text is not used twice");
    }

    #[test]
    fn times_and_memory_may_vary_but_are_numbers() {
        let stage = |time: Value| json!({"run": {"cpu_time": time, "stdout": "x"}});
        assert_eq!(differing(&stage(json!(1)), &stage(json!(2))), 0);
        assert_eq!(differing(&stage(json!(1)), &stage(json!(null))), 1);
        assert_eq!(differing(&stage(json!(1)), &stage(json!(1.5))), 1);
    }

    #[test]
    fn missing_unexpected_and_other_fields_are_found() {
        assert_eq!(differing(&json!({"a": 1, "b": null}), &json!({"a": 1})), 1);
        assert_eq!(differing(&json!({"a": 1}), &json!({"a": 1, "b": null})), 1);
        assert_eq!(differing(&json!({"a": "x"}), &json!({"a": "y"})), 1);
        assert_eq!(differing(&json!([1, 2]), &json!([1])), 1);
    }

    #[test]
    fn the_limit_follows_from_the_status() {
        let stage = |limit: Option<&str>| {
            let mut stage = json!({"status": "TO", "message": "Time limit exceeded"});
            if let Some(limit) = limit {
                stage["limit"] = limit.into();
            }
            json!({"run": stage})
        };
        assert_eq!(differing(&stage(None), &stage(Some("cpu"))), 0);
        assert_eq!(differing(&stage(None), &stage(Some("wall"))), 1);
        let fine = json!({"run": {"status": null, "message": null}});
        assert_eq!(
            differing(
                &fine,
                &json!({"run": {"status": null, "message": null, "limit": null}})
            ),
            0
        );
    }
}
