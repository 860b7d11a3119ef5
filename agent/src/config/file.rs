//! The configuration file: TOML with the keys of the schema at its top, of which some have a table per language.

use super::fault::{Origin, Problem};
use super::layer::{Entry, Layer, Value};
use super::schema;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys with a table per language.
const PER_LANGUAGE: [&str; 2] = ["limit_overrides", "version_map"];

/// Reads the text of the file at `path`.
pub(super) fn parse(path: &Path, text: &str) -> Layer {
    let file = File { path, text };
    let mut layer = Layer::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let details = error.message().to_owned();
        let origin = file.origin(error.span().unwrap_or_default());
        layer.fault(
            "file".to_owned(),
            origin,
            Problem::Syntax {
                form: "TOML",
                details,
            },
        );
    }
    if !layer.faults.is_empty() {
        // What was recovered from a broken file is guesswork: its keys would only give faults that are none.
        return layer;
    }
    for (name, value) in table.get_ref() {
        let origin = file.origin(name.span());
        match schema::find(name.get_ref()) {
            Some(key) if PER_LANGUAGE.contains(&key.name) => {
                layer.set(key, file.per_language(value), origin)
            }
            Some(key) => layer.set(key, scalar(value.get_ref()), origin),
            None => layer.unknown(name.get_ref().to_string(), origin),
        }
    }
    layer
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn origin(&self, span: Range<usize>) -> Origin {
        let before = self.text.as_bytes().iter().take(span.start);
        Origin::File(
            self.path.to_owned(),
            before.filter(|&&byte| byte == b'\n').count() + 1,
        )
    }

    /// `[KEY.LANGUAGE]` with `key = value`. What has another form is handed on as it is, for the one place that says
    /// what may be written.
    fn per_language(&self, value: &Spanned<DeValue<'_>>) -> Value {
        let Some(languages) = value.get_ref().as_table() else {
            return scalar(value.get_ref());
        };
        let mut entries = Vec::new();
        for (language, table) in languages {
            let Some(table) = table.get_ref().as_table() else {
                return Value::Other("a language without a table of its own");
            };
            for (key, value) in table {
                entries.push(Entry {
                    language: language.get_ref().to_string(),
                    key: key.get_ref().to_string(),
                    value: scalar(value.get_ref()),
                    origin: self.origin(key.span()),
                });
            }
        }
        Value::PerLanguage(entries)
    }
}

fn scalar(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("a number too large"),
        },
        DeValue::Float(digits) => match digits.as_str().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => Value::Other("a number of an unknown form"),
        },
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(values) => {
            let texts = values.iter().map(|value| value.get_ref().as_str());
            let texts: Option<Vec<_>> = texts.map(|text| text.map(str::to_owned)).collect();
            texts.map_or(Value::Other("a list"), Value::List)
        }
        DeValue::Table(_) => Value::Other("a table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Layer {
        super::parse(Path::new("/a.toml"), text)
    }

    #[test]
    fn values_keep_their_type_and_line() {
        let layer = parse(
            "# first\nrun_timeout = 10_000\n\njob_cpus = 1.5\nlog_format = \"json\"\nbox_size = 0x100000\n",
        );
        assert!(layer.faults.is_empty());
        let at = |key| {
            (
                &layer.settings[key].value,
                layer.settings[key].origin.to_string(),
            )
        };
        assert_eq!(
            at("run_timeout"),
            (&Value::Integer(10_000), "/a.toml:2".to_owned())
        );
        assert_eq!(at("job_cpus"), (&Value::Float(1.5), "/a.toml:4".to_owned()));
        assert_eq!(at("log_format").0, &Value::String("json".to_owned()));
        assert_eq!(at("box_size").0, &Value::Integer(0x10_0000));
    }

    #[test]
    fn overrides_are_a_table_per_language() {
        let layer = parse("[limit_overrides.\"c++\"]\ncompile_timeout = 20000\nrun_timeout = -1\n");
        let Value::PerLanguage(overrides) = &layer.settings["limit_overrides"].value else {
            panic!("{layer:?}")
        };
        let seen: Vec<_> = overrides
            .iter()
            .map(|o| (o.language.as_str(), o.key.as_str(), &o.value))
            .collect();
        assert_eq!(
            seen,
            [
                ("c++", "compile_timeout", &Value::Integer(20_000)),
                ("c++", "run_timeout", &Value::Integer(-1))
            ]
        );
        assert_eq!(overrides[1].origin.to_string(), "/a.toml:3");
    }

    #[test]
    fn unknown_keys_and_bad_syntax_are_faults() {
        let lines = |text| {
            let mut lines: Vec<String> =
                parse(text).faults.iter().map(ToString::to_string).collect();
            lines.sort();
            lines
        };
        assert_eq!(
            lines("run_timeuot = 5\n[limits]\nx = 1\n"),
            [
                "/a.toml:1: run_timeuot: unknown key, did you mean run_timeout?",
                "/a.toml:2: limits: unknown key, remove it"
            ]
        );
        let broken = lines("run_timeout = 5\nrun_cpu_time = \nbox_size 5\ncolour = 1\n");
        assert_eq!(broken.len(), 2, "{broken:?}");
        assert!(
            broken[0].starts_with("/a.toml:2: file: not valid TOML"),
            "{broken:?}"
        );
        assert!(
            broken[1].starts_with("/a.toml:3: file: not valid TOML"),
            "{broken:?}"
        );
        let twice = lines("box_size = 1\nbox_size = 2\n");
        assert!(
            twice.len() == 1 && twice[0].starts_with("/a.toml:2: file: not valid TOML"),
            "{twice:?}"
        );
    }
}
