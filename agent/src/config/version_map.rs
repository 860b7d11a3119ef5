//! `version_map`: what stands in for versions that clients pin and the node does not have.

use super::fault::Problem;
use super::layer::{Entry, Value};
use super::per_language::entries;
use super::settings::Settings;
use crate::catalog::{MapFault, StandIn, VersionMap};

const KEY: &str = "version_map";

const EXAMPLE: &str = "versions per language, such as {\"python\": {\"3.10.0\": \"3.11.x\"}}";

/// Reads it, noting what is wrong.
pub(super) fn resolve(settings: &mut Settings) -> VersionMap {
    let mut map = VersionMap::default();
    for entry in entries(settings, KEY, EXAMPLE) {
        match stand_in(&entry) {
            Ok(stand_in) => map.add(entry.language, stand_in),
            Err(problem) => settings.fault(
                format!("{KEY}.{}.{}", entry.language, entry.key),
                entry.origin,
                problem,
            ),
        }
    }
    map
}

fn stand_in(entry: &Entry) -> Result<StandIn, Problem> {
    let problem = |found, wanted: &str| Problem::Value {
        found,
        wanted: wanted.to_owned(),
    };
    let Value::String(selector) = &entry.value else {
        let wanted = "a selector of versions such as \"3.11.x\"";
        return Err(problem(entry.value.in_words(), wanted));
    };
    StandIn::new(&entry.key, selector).map_err(|fault| match fault {
        MapFault::Version => problem(
            format!("{:?}", entry.key),
            "a whole version such as \"3.10.0\"",
        ),
        MapFault::Selector => problem(
            entry.value.in_words(),
            "a selector of versions such as \"3.11.x\"",
        ),
    })
}
