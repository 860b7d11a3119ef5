//! One source of configuration, as written: which keys it sets to what, and where. Nothing here is checked but the
//! names, and nothing is read but what is handed in.

use super::fault::{Fault, Origin, Problem};
use super::flags::Flags;
use super::schema::{self, KEYS, Key, Kind};
use packages::nearest;
use std::collections::BTreeMap;

/// A value as a source has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Text that may stand for anything: environment variables and flags have no types.
    Text(String),
    /// A string of the file.
    String(String),
    /// A whole number of the file.
    Integer(i64),
    /// Another number of the file.
    Float(f64),
    /// A boolean of the file.
    Boolean(bool),
    /// A list of strings of the file.
    List(Vec<String>),
    /// A table of the file with a table for each language.
    PerLanguage(Vec<Entry>),
    /// Something of the file that no key takes, in words.
    Other(&'static str),
}

/// What is set for one language.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) language: String,
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// All that one source sets, and what is wrong with its names.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) settings: BTreeMap<&'static str, Setting>,
    pub(super) faults: Vec<Fault>,
}

impl Layer {
    /// What the environment sets: variables that begin with `PISTON_`. An empty one counts as not set, as in
    /// Piston.
    pub(super) fn from_environment(env: &[(String, String)]) -> Self {
        let mut layer = Self::default();
        for (name, value) in env {
            let Some(key) = name.strip_prefix("PISTON_") else {
                continue;
            };
            let origin = Origin::Environment(name.clone());
            let lower = key.to_ascii_lowercase();
            match schema::find(&lower)
                .filter(|known| known.kind == Kind::Piston && *key == key.to_ascii_uppercase())
            {
                Some(_) if value.is_empty() => {}
                Some(known) => layer.set(known, Value::Text(value.clone()), origin),
                None => {
                    let known = KEYS
                        .iter()
                        .filter(|key| key.kind == Kind::Piston)
                        .map(|key| key.name);
                    let nearest =
                        nearest(&lower, known).map(|key| format!("PISTON_{}", key.to_uppercase()));
                    layer.fault(name.clone(), origin, Problem::Unknown { nearest });
                }
            }
        }
        layer
    }

    /// What the flags set. A flag of its own wins over `--set`.
    pub(super) fn from_flags(flags: &Flags) -> Self {
        let mut layer = Self::default();
        for pair in &flags.set {
            let origin = Origin::Flag(format!("--set {pair}"));
            match pair.split_once('=') {
                Some((name, value)) => match schema::find(name.trim()) {
                    Some(known) => layer.set(known, Value::Text(value.to_owned()), origin),
                    None => layer.unknown(name.to_owned(), origin),
                },
                None => {
                    let wanted = "KEY=VALUE".to_owned();
                    layer.fault(
                        pair.clone(),
                        origin,
                        Problem::Value {
                            found: format!("{pair:?}"),
                            wanted,
                        },
                    );
                }
            }
        }
        let own = [
            ("bind_address", "--bind-address", &flags.bind_address),
            ("data_directory", "--data-directory", &flags.data_directory),
            (
                "state_directory",
                "--state-directory",
                &flags.state_directory,
            ),
            ("cgroup", "--cgroup", &flags.cgroup),
            ("log_level", "--log-level", &flags.log_level),
        ];
        for (name, flag, value) in own {
            if let (Some(known), Some(value)) = (schema::find(name), value) {
                layer.set(
                    known,
                    Value::Text(value.clone()),
                    Origin::Flag(flag.to_owned()),
                );
            }
        }
        layer
    }

    /// This layer with `above` laid over it, key by key.
    pub(super) fn under(mut self, above: Self) -> Self {
        self.settings.extend(above.settings);
        self.faults.extend(above.faults);
        self
    }

    pub(super) fn set(&mut self, key: &Key, value: Value, origin: Origin) {
        self.settings.insert(key.name, Setting { value, origin });
    }

    pub(super) fn unknown(&mut self, key: String, origin: Origin) {
        let nearest = nearest(&key, KEYS.iter().map(|key| key.name)).map(str::to_owned);
        self.fault(key, origin, Problem::Unknown { nearest });
    }

    pub(super) fn fault(&mut self, key: String, origin: Origin, problem: Problem) {
        self.faults.push(Fault {
            // A name of nothing is named all the same.
            key: if key.is_empty() {
                "\"\"".to_owned()
            } else {
                key
            },
            origin,
            problem,
        });
    }
}
