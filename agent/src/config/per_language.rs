//! Keys with a table per language: a table of tables in the file, JSON in the environment and in flags.

use super::fault::{Origin, Problem};
use super::layer::{Entry, Value};
use super::settings::Settings;

/// What `key` holds, noting what has another form. `example` is the JSON that an operator is shown.
pub(super) fn entries(
    settings: &mut Settings,
    key: &'static str,
    example: &'static str,
) -> Vec<Entry> {
    let Some(setting) = settings.raw(key).cloned() else {
        return Vec::new();
    };
    let read = match setting.value {
        Value::PerLanguage(entries) => Ok(entries),
        Value::Text(json) => from_json(&json, &setting.origin, example),
        other => Err(form(other.in_words(), example)),
    };
    read.unwrap_or_else(|problem| {
        settings.fault(key.to_owned(), setting.origin, problem);
        Vec::new()
    })
}

/// `{"python": {"run_timeout": 5000}}`.
fn from_json(json: &str, origin: &Origin, example: &'static str) -> Result<Vec<Entry>, Problem> {
    let languages: serde_json::Value =
        serde_json::from_str(json).map_err(|error| Problem::Syntax {
            form: "JSON",
            details: error.to_string(),
        })?;
    let serde_json::Value::Object(languages) = languages else {
        return Err(form(in_words(&languages).to_owned(), example));
    };
    let mut entries = Vec::new();
    for (language, table) in languages {
        let serde_json::Value::Object(table) = table else {
            let found = format!("{} for {language}", in_words(&table));
            return Err(form(found, example));
        };
        entries.extend(table.into_iter().map(|(key, value)| Entry {
            language: language.clone(),
            key,
            value: scalar(value),
            origin: origin.clone(),
        }));
    }
    Ok(entries)
}

fn scalar(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::String(text) => Value::String(text),
        other => other
            .as_i64()
            .map_or(Value::Other(in_words(&other)), Value::Integer),
    }
}

fn form(found: String, example: &str) -> Problem {
    Problem::Value {
        found,
        wanted: example.to_owned(),
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
