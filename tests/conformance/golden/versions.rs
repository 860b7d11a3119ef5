//! The recorded runtimes and the node's: requests ask for the node's versions, answers are expected with them.

use capsule_tests::Node;
use serde_json::Value;

/// The node's versions in place of the recorded ones.
#[derive(Clone, Debug)]
pub(crate) struct Versions {
    python: String,
    java: String,
    gcc: String,
}

impl Versions {
    /// What this node has. JavaScript is the recorded version exactly, so it is not mapped.
    pub(crate) fn of(node: &Node) -> Self {
        Self {
            python: node.version_of("python"),
            java: node.version_of("java"),
            gcc: node.version_of("c"),
        }
    }

    /// `3.11` of `3.11.2`.
    fn python_minor(&self) -> String {
        self.python.split('.').take(2).collect::<Vec<_>>().join(".")
    }

    fn pairs(&self) -> [(&'static str, String); 5] {
        [
            ("3.10.0", self.python.clone()),
            ("3.11.0", self.python.clone()),
            ("3.12.0", self.python.clone()),
            ("15.0.2", self.java.clone()),
            ("10.2.0", self.gcc.clone()),
        ]
    }

    /// Maps the version selector in a body, which need not be JSON.
    pub(crate) fn map_request(&self, body: &[u8]) -> Vec<u8> {
        const KEY: &[u8] = b"\"version\": \"";
        let Some(at) = body.windows(KEY.len()).position(|window| window == KEY) else {
            return body.to_vec();
        };
        let (front, rest) = body.split_at(at + KEY.len());
        let Some(end) = rest.iter().position(|byte| *byte == b'"') else {
            return body.to_vec();
        };
        let (selector, rest) = rest.split_at(end);
        let mut selector = String::from_utf8_lossy(selector).into_owned();
        for (recorded, ours) in self.pairs() {
            if selector.contains(recorded) {
                selector = selector.replace(recorded, &ours);
                break;
            }
        }
        [front, selector.as_bytes(), rest].concat()
    }

    /// Maps the versions and the paths that hold them in an expected answer.
    pub(crate) fn map_response(&self, expected: Value) -> Value {
        match expected {
            Value::String(text) => Value::String(self.map_text(text)),
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.map_response(item))
                .collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, value)| (key, self.map_response(value)))
                .collect(),
            other => other,
        }
    }

    fn map_text(&self, text: String) -> String {
        if let Some((_, ours)) = self
            .pairs()
            .into_iter()
            .find(|(recorded, _)| text == *recorded)
        {
            return ours;
        }
        let minor = self.python_minor();
        text.replace("{python}", &self.python)
            .replace("{python-minor}", &minor)
            .replace("{java}", &self.java)
            .replace("{gcc}", &self.gcc)
            .replace("python3.10", &format!("python{minor}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions() -> Versions {
        Versions {
            python: "3.11.2".into(),
            java: "17.0.9".into(),
            gcc: "12.2.0".into(),
        }
    }

    #[test]
    fn selectors_are_mapped_and_nothing_else() {
        let map = |body: &str| {
            String::from_utf8(versions().map_request(body.as_bytes())).expect("it was UTF-8")
        };
        assert_eq!(
            map(r#"{"version": "~3.10.0", "x": "3.10.0"}"#),
            r#"{"version": "~3.11.2", "x": "3.10.0"}"#
        );
        assert_eq!(map(r#"{"version": "*"}"#), r#"{"version": "*"}"#);
        assert_eq!(map(r#"{"version": 3}"#), r#"{"version": 3}"#);
        assert_eq!(map("hello"), "hello");
    }

    #[test]
    fn answers_are_mapped() {
        let mapped = versions().map_response(
            serde_json::json!({"version": "3.12.0", "run": ["{python-minor} {any}"]}),
        );
        assert_eq!(
            mapped,
            serde_json::json!({"version": "3.11.2", "run": ["3.11 {any}"]})
        );
    }
}
