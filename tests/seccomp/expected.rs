//! Refusals that programs live with, each with its reason: `expected.toml`.

use crate::survey::{name, stage};
use crate::tracer::{Caller, Made};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    refused: Vec<Expected>,
}

/// A call that is refused, in runtimes that do without.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    call: String,
    /// Arguments (0-5) that it has, where it is refused for them.
    #[serde(default)]
    args: BTreeMap<String, u64>,
    /// Language and stage, as `java run`.
    by: BTreeSet<String>,
    why: String,
    /// Where it was seen.
    #[serde(skip)]
    seen: BTreeSet<String>,
}

/// The list.
pub(crate) fn load() -> Vec<Expected> {
    let file: File =
        toml::from_str(include_str!("expected.toml")).expect("the list has its own form");
    for one in &file.refused {
        assert!(one.why.len() > 10, "{} has no reason", one.call);
    }
    file.refused
}

impl Expected {
    /// Whether it is this call, made there.
    pub(crate) fn is(&self, language: &str, made: &Made) -> bool {
        let fits = |(place, value): (&String, &u64)| {
            let place: usize = place.parse().expect("arguments are numbered");
            made.call.args[place] == Some(*value)
        };
        self.by.contains(&place(language, made.by))
            && self.call == name(made.call.number)
            && self.args.iter().all(fits)
    }

    /// It was seen there.
    pub(crate) fn note(&mut self, language: &str, by: Caller) {
        self.seen.insert(place(language, by));
    }

    /// Where it is expected and never happened.
    pub(crate) fn missed(&self) -> Vec<String> {
        let missed = self.by.difference(&self.seen);
        missed
            .map(|place| {
                format!(
                    "expected.toml: {} is no longer refused to {place}: take that out",
                    self.call
                )
            })
            .collect()
    }
}

fn place(language: &str, by: Caller) -> String {
    format!("{language} {}", stage(by))
}
