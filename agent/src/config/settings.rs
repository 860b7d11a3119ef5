//! Reads typed values out of the merged layers. Whatever is wrong is noted and the default goes on, so that one
//! start finds every fault.

use super::fault::{ConfigFaults, Conflict, Fault, Origin, Problem};
use super::layer::{Layer, Setting, Value};
use super::schema;
use jail::Bytes;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// A day: no limit of a job or a queue is longer.
const TIME_MAX: i64 = 86_400_000;

/// What the layers say, and what was found wrong so far.
#[derive(Debug)]
pub(super) struct Settings {
    settings: BTreeMap<&'static str, Setting>,
    faults: Vec<Fault>,
}

impl Settings {
    pub(super) fn new(layer: Layer) -> Self {
        Self {
            settings: layer.settings,
            faults: layer.faults,
        }
    }

    /// `config` if nothing was wrong.
    pub(super) fn finish<T>(mut self, config: T) -> Result<T, ConfigFaults> {
        self.faults.sort_by(|a, b| a.origin.cmp(&b.origin));
        if self.faults.is_empty() {
            Ok(config)
        } else {
            Err(ConfigFaults(self.faults))
        }
    }

    /// Whether any source sets `key`.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.settings.contains_key(key)
    }

    /// The value as written.
    pub(super) fn raw(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// Notes a fault of `key`, which may have parts after a dot.
    pub(super) fn fault(&mut self, key: String, origin: Origin, problem: Problem) {
        self.faults.push(Fault {
            key,
            origin,
            problem,
        });
    }

    /// Notes that `key` does not hold together with others, unless it or one of `others` is faulty by itself.
    pub(super) fn conflict(&mut self, key: &str, others: &[&str], conflict: Conflict) {
        if self
            .faults
            .iter()
            .any(|fault| fault.key == key || others.contains(&fault.key.as_str()))
        {
            return;
        }
        let top = key.split('.').next().unwrap_or(key);
        let written = [top]
            .iter()
            .chain(others)
            .find_map(|key| self.settings.get(*key));
        let origin = written.map_or(Origin::Default, |setting| setting.origin.clone());
        self.fault(key.to_owned(), origin, Problem::Conflict(conflict));
    }

    /// A whole number in `range`.
    pub(super) fn integer<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
    ) -> Option<T> {
        self.read(key, |value| {
            let number = match value {
                Value::Integer(number) => Some(*number),
                Value::Text(text) => text.trim().parse().ok(),
                _ => None,
            };
            number
                .filter(|number| range.contains(number))
                .and_then(|number| T::try_from(number).ok())
        })
    }

    /// Milliseconds.
    pub(super) fn time(&mut self, key: &'static str) -> Option<Duration> {
        self.integer(key, 1..=TIME_MAX).map(Duration::from_millis)
    }

    /// Milliseconds between two events, or 0 for never. The outer `None` is not set.
    pub(super) fn interval(&mut self, key: &'static str) -> Option<Option<Duration>> {
        let milliseconds = self.integer(key, 0..=TIME_MAX)?;
        Some((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
    }

    /// Bytes, at least `least`.
    pub(super) fn size(&mut self, key: &'static str, least: Bytes) -> Option<Bytes> {
        let least = i64::try_from(least.get()).unwrap_or(i64::MAX);
        self.integer(key, least..=i64::MAX).map(Bytes)
    }

    /// Milliseconds, or -1 for none. The outer `None` is not set.
    pub(super) fn capped_time(&mut self, key: &'static str) -> Option<Option<Duration>> {
        if self.lifts(key) {
            Some(None)
        } else {
            self.time(key).map(Some)
        }
    }

    /// Bytes, or -1 for none. The outer `None` is not set.
    pub(super) fn capped_size(&mut self, key: &'static str) -> Option<Option<Bytes>> {
        if self.lifts(key) {
            Some(None)
        } else {
            self.size(key, Bytes::mib(1)).map(Some)
        }
    }

    fn lifts(&self, key: &str) -> bool {
        match self.settings.get(key).map(|setting| &setting.value) {
            Some(Value::Integer(-1)) => true,
            Some(Value::Text(text)) => text.trim() == "-1",
            _ => false,
        }
    }

    /// A number of cores, in hundredths at the finest.
    pub(super) fn cores(&mut self, key: &'static str, most: usize) -> Option<f64> {
        self.read(key, |value| {
            let number = match value {
                Value::Float(number) => Some(*number),
                Value::Integer(number) => u32::try_from(*number).ok().map(f64::from),
                Value::Text(text) => text.trim().parse().ok(),
                _ => None,
            };
            let most = f64::from(u32::try_from(most).unwrap_or(u32::MAX));
            number.filter(|number| (0.01..=most).contains(number))
        })
    }

    /// Text that `accept` takes.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        accept: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.read(key, |value| match value {
            Value::String(text) | Value::Text(text) => accept(text.trim()),
            _ => None,
        })
    }

    /// `true` or `false`, as text too.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.read(key, |value| match value {
            Value::Boolean(flag) => Some(*flag),
            Value::Text(text) => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        })
    }

    /// Text that `accept` takes, or a list of such texts, which it gets with commas between them.
    pub(super) fn joined<T>(
        &mut self,
        key: &'static str,
        accept: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.read(key, |value| match value {
            Value::String(text) | Value::Text(text) => accept(text.trim()),
            Value::List(texts) => accept(&texts.join(",")),
            _ => None,
        })
    }

    /// An absolute path without `..`, which would be resolved against links.
    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.text(key, |text| {
            let path = PathBuf::from(text);
            let plain = path.is_absolute()
                && !text.contains('\0')
                && path.components().all(|part| part.as_os_str() != "..");
            plain.then_some(path)
        })
    }

    /// What `accept` makes of the value; `None` when it is not set, or notes a fault.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        accept: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let setting = self.settings.get(key)?;
        let accepted = accept(&setting.value);
        if accepted.is_none() {
            let origin = setting.origin.clone();
            let wanted = schema::find(key).map_or_else(String::new, |key| key.wanted.to_owned());
            let found = setting.value.in_words();
            self.fault(key.to_owned(), origin, Problem::Value { found, wanted });
        }
        accepted
    }
}

impl Value {
    /// As an operator would recognise it, shortened.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Text(text) | Self::String(text) => {
                let short: String = text.chars().take(80).collect();
                format!("{short:?}")
            }
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::List(texts) => format!("{texts:?}"),
            Self::PerLanguage(_) => "a table".to_owned(),
            Self::Other(what) => (*what).to_owned(),
        }
    }
}
