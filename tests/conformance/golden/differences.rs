//! Where our answer differs from Piston's on purpose.
//!
//! In expected texts `{any}` stands for any text, `{python}`, `{java}`, `{gcc}` for the node's versions and
//! `{python-minor}` for the first two numbers of the first.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One difference, with our own answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Difference {
    /// The reason.
    pub(crate) why: String,
    /// A part of the request's body, and what is sent in its place: what Piston's compiler needs the time and memory of the
    /// case for is nothing for ours.
    #[serde(default)]
    pub(crate) instead: Option<(String, String)>,
    /// Our answer.
    pub(crate) outcome: Outcome,
}

/// What a node does in place of what Piston did.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It refuses the configuration.
    NoStart,
    /// It refuses the request.
    Refused {
        /// HTTP status.
        status: u16,
        /// The message.
        message: String,
    },
    /// It gives another body altogether.
    Whole(Value),
    /// It runs the program; these fields of its stages differ from the recorded ones.
    Stages(BTreeMap<String, Map<String, Value>>),
}

/// All differences by the case's name.
pub(crate) fn load() -> BTreeMap<String, Difference> {
    serde_json::from_str(include_str!("differences.json"))
        .expect("the table of differences has its own form")
}
