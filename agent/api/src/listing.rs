//! What a node has: runtimes, packages; and the body of every refusal.

use serde::{Deserialize, Serialize};

/// One entry of `GET /api/v2/runtimes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeInfo {
    /// Name of the language.
    pub language: String,
    /// Its version.
    pub version: String,
    /// Other names that requests may use.
    pub aliases: Vec<String>,
    /// The package that provides it, where that has another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
}

/// One entry of `GET /api/v2/packages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageInfo {
    /// Name of the package (Piston calls it language).
    pub language: String,
    /// Its version.
    pub language_version: String,
    /// Whether this node has it.
    pub installed: bool,
}

/// `POST` and `DELETE /api/v2/packages`: what to install or remove, and what was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageName {
    /// Name of the package (Piston calls it language).
    pub language: String,
    /// In a request a version selector, in an answer the version that it came to.
    pub version: String,
}

/// The body of every answer that refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What is wrong with the request, or with the node.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_listings_and_refusals_survive_a_round_trip() {
        let golden = include_str!("../../../tests/conformance/golden.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
        let (mut lists, mut refusals) = (0, 0);
        for case in &cases {
            let answer = &case["response"];
            if answer.is_array() {
                let typed: Vec<RuntimeInfo> = serde_json::from_value(answer.clone()).unwrap();
                assert_eq!(serde_json::to_string(&typed).unwrap(), ordered(answer));
                lists += 1;
            } else if answer.get("message").is_some() {
                let typed: ErrorBody = serde_json::from_value(answer.clone()).unwrap();
                assert_eq!(
                    &serde_json::to_value(&typed).unwrap(),
                    answer,
                    "{}",
                    case["name"]
                );
                refusals += 1;
            }
        }
        assert!(
            lists > 0 && refusals > 20,
            "{lists} lists and {refusals} refusals in the record"
        );
    }

    /// The list as text with its keys in the record's order, which `serde_json::Value` does not keep.
    fn ordered(list: &serde_json::Value) -> String {
        let entries: Vec<String> = list.as_array().unwrap().iter().map(entry).collect();
        format!("[{}]", entries.join(","))
    }

    fn entry(value: &serde_json::Value) -> String {
        let keys = ["language", "version", "aliases", "runtime"];
        let pairs = keys
            .iter()
            .filter_map(|key| Some(format!("\"{key}\":{}", value.get(key)?)));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }
}
