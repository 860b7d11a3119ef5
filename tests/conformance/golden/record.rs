//! The record as it lies in golden.json.

use crate::differences::{Difference, Outcome};
use crate::versions::Versions;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The content type of every answer that holds JSON.
const JSON: &str = "application/json; charset=utf-8";

/// One request with the answer that Piston gave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) request: RecordedRequest,
    status: u16,
    content_type: Option<String>,
    response: Value,
    /// Environment of the Piston that answered, beside the usual one.
    #[serde(default)]
    pub(crate) config: BTreeMap<String, String>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

/// A request as it was sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    /// For bodies that are not UTF-8.
    #[serde(default)]
    body_base64: Option<String>,
}

impl RecordedRequest {
    /// The body with the node's versions in place of the recorded ones.
    pub(crate) fn bytes(&self, versions: &Versions) -> Vec<u8> {
        match (&self.body, &self.body_base64) {
            (Some(text), _) => versions.map_request(text.as_bytes()),
            (None, Some(encoded)) => {
                versions.map_request(&STANDARD.decode(encoded).expect("recorded as base64"))
            }
            (None, None) => Vec::new(),
        }
    }
}

/// What our answer has to be.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Value,
}

impl Case {
    /// Piston's answer with the node's versions, or ours where it differs on purpose.
    pub(crate) fn expected(
        &self,
        difference: Option<&Difference>,
        versions: &Versions,
    ) -> Expected {
        let mut expected = Expected {
            status: self.status,
            content_type: self.content_type.clone(),
            body: self.response.clone(),
        };
        match difference.map(|difference| &difference.outcome) {
            None => {}
            Some(Outcome::NoStart) => {
                panic!("{} has no answer: the node does not start", self.name)
            }
            Some(Outcome::Refused { status, message }) => {
                expected.status = *status;
                expected.content_type = Some(JSON.into());
                expected.body = json!({ "message": message });
            }
            Some(Outcome::Whole(body)) => expected.body = body.clone(),
            Some(Outcome::Stages(stages)) => {
                expected.status = 200;
                expected.content_type = Some(JSON.into());
                if expected.body.get("run").is_none() {
                    expected.body = json!({"run": {}, "language": "python", "version": "3.10.0"});
                }
                for (stage, changes) in stages {
                    change_stage(&mut expected.body[stage], changes);
                }
            }
        }
        // Piston's own text for a body it can't read was not recorded: it held a stack trace.
        if expected.status == 400 && expected.body == json!({}) {
            expected.body = json!({"message": "{any}"});
        }
        expected.body = versions.map_response(expected.body);
        expected
    }

    /// Whether `GOLDEN_ONLY`, where it is set, is a part of the name.
    pub(crate) fn is_selected(&self) -> bool {
        std::env::var("GOLDEN_ONLY").map_or(true, |part| self.name.contains(&part))
    }
}

/// Puts changes over a recorded stage; `output` follows from the streams unless it is given too.
fn change_stage(stage: &mut Value, changes: &serde_json::Map<String, Value>) {
    if !stage.is_object() || stage.as_object().is_some_and(serde_json::Map::is_empty) {
        *stage = json!({
            "stdout": "", "stderr": "", "output": "", "code": 0, "signal": null, "message": null, "status": null,
            "cpu_time": 0, "wall_time": 0, "memory": 0,
        });
    }
    for (key, value) in changes {
        stage[key] = value.clone();
    }
    if !changes.contains_key("output")
        && (changes.contains_key("stdout") || changes.contains_key("stderr"))
    {
        let text = |key: &str| stage[key].as_str().unwrap_or_default().to_owned();
        stage["output"] = Value::String(text("stdout") + &text("stderr"));
    }
}

/// All cases.
pub(crate) fn load() -> Vec<Case> {
    serde_json::from_str(include_str!("../golden.json")).expect("the record has its own form")
}
