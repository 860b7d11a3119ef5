//! `limit_overrides`: limits per language.

use super::fault::Problem;
use super::layer::{Entry, Value};
use super::per_language::entries;
use super::settings::Settings;
use packages::{LimitOverrides, OverrideFault, nearest};
use std::collections::BTreeMap;

const KEY: &str = "limit_overrides";

const EXAMPLE: &str = "limits per language, such as {\"python\": {\"run_timeout\": 5000}}";

/// Reads them, noting what is wrong.
pub(super) fn resolve(settings: &mut Settings) -> BTreeMap<String, LimitOverrides> {
    let mut overrides: BTreeMap<String, LimitOverrides> = BTreeMap::new();
    for entry in entries(settings, KEY, EXAMPLE) {
        let of_language = overrides.entry(entry.language.clone()).or_default();
        if let Err(problem) = apply(of_language, &entry) {
            settings.fault(
                format!("{KEY}.{}.{}", entry.language, entry.key),
                entry.origin,
                problem,
            );
        }
    }
    overrides
}

fn apply(overrides: &mut LimitOverrides, entry: &Entry) -> Result<(), Problem> {
    let Value::Integer(value) = entry.value else {
        return Err(Problem::Value {
            found: entry.value.in_words(),
            wanted: "a whole number".to_owned(),
        });
    };
    overrides
        .set(&entry.key, value)
        .map_err(|fault| match fault {
            OverrideFault::UnknownKey(key) => Problem::Unknown {
                nearest: nearest(&key, LimitOverrides::KEYS.into_iter()).map(str::to_owned),
            },
            fault => Problem::Override(fault),
        })
}
