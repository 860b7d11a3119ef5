//! `limit_overrides`: limits per language, a table in the file and JSON in `PISTON_LIMIT_OVERRIDES`.

use super::fault::{Origin, Problem};
use super::layer::{Override, Value};
use super::settings::Settings;
use packages::{LimitOverrides, OverrideFault, nearest};
use std::collections::BTreeMap;

const KEY: &str = "limit_overrides";

/// Reads them, noting what is wrong.
pub(super) fn resolve(settings: &mut Settings) -> BTreeMap<String, LimitOverrides> {
    let Some(setting) = settings.raw(KEY).cloned() else {
        return BTreeMap::new();
    };
    let entries = match setting.value {
        Value::Overrides(entries) => entries,
        Value::Text(json) => match from_json(&json, &setting.origin) {
            Ok(entries) => entries,
            Err(problem) => {
                settings.fault(KEY.to_owned(), setting.origin, problem);
                return BTreeMap::new();
            }
        },
        other => {
            settings.fault(KEY.to_owned(), setting.origin, form(other.in_words()));
            return BTreeMap::new();
        }
    };
    let mut overrides: BTreeMap<String, LimitOverrides> = BTreeMap::new();
    for entry in entries {
        let of_language = overrides.entry(entry.language.clone()).or_default();
        if let Err(problem) = apply(of_language, &entry) {
            settings.fault(
                format!("{KEY}.{}.{}", entry.language, entry.limit),
                entry.origin,
                problem,
            );
        }
    }
    overrides
}

fn apply(overrides: &mut LimitOverrides, entry: &Override) -> Result<(), Problem> {
    let Value::Integer(value) = entry.value else {
        return Err(Problem::Value {
            found: entry.value.in_words(),
            wanted: "a whole number".to_owned(),
        });
    };
    overrides
        .set(&entry.limit, value)
        .map_err(|fault| match fault {
            OverrideFault::UnknownKey(key) => Problem::Unknown {
                nearest: nearest(&key, LimitOverrides::KEYS.into_iter()).map(str::to_owned),
            },
            fault => Problem::Override(fault),
        })
}

/// `{"python": {"run_timeout": 5000}}`.
fn from_json(json: &str, origin: &Origin) -> Result<Vec<Override>, Problem> {
    let languages: serde_json::Value =
        serde_json::from_str(json).map_err(|error| Problem::Syntax {
            form: "JSON",
            details: error.to_string(),
        })?;
    let serde_json::Value::Object(languages) = languages else {
        return Err(form(in_words(&languages).to_owned()));
    };
    let mut entries = Vec::new();
    for (language, limits) in languages {
        let serde_json::Value::Object(limits) = limits else {
            return Err(form(format!("{} for {language}", in_words(&limits))));
        };
        entries.extend(limits.into_iter().map(|(limit, value)| {
            Override {
                language: language.clone(),
                limit,
                value: value
                    .as_i64()
                    .map_or(Value::Other(in_words(&value)), Value::Integer),
                origin: origin.clone(),
            }
        }));
    }
    Ok(entries)
}

fn form(found: String) -> Problem {
    Problem::Value {
        found,
        wanted: "limits per language, such as {\"python\": {\"run_timeout\": 5000}}".to_owned(),
    }
}

fn in_words(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number that is not whole or too large",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}
