//! Takes values out of a table by their keys. What nobody took is unknown, and the keys that were asked for are the known ones.

use super::RuntimeFault;
use crate::nearest;
use std::ops::RangeInclusive;
use toml::{Table, Value};

/// A table that is being read, and where it stands.
pub(super) struct Keys {
    path: String,
    table: Table,
    known: Vec<&'static str>,
}

/// `false`, also where there is no such key, `true`, or a table.
pub(super) enum Switch {
    Off,
    On,
    With(Keys),
}

impl Keys {
    /// The table at the top of a file.
    pub(super) fn top(table: Table) -> Self {
        Self::at(String::new(), table)
    }

    fn at(path: String, table: Table) -> Self {
        Self {
            path,
            table,
            known: Vec::new(),
        }
    }

    /// A table that is the value of `key`.
    pub(super) fn of(key: String, value: Value) -> Result<Self, RuntimeFault> {
        match value {
            Value::Table(table) => Ok(Self::at(key, table)),
            _ => Err(wrong(key, "a table")),
        }
    }

    /// The whole key of one in this table. What is no bare key of TOML is quoted, so that none makes a line of its own.
    pub(super) fn key(&self, name: &str) -> String {
        let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name = match !name.is_empty() && name.chars().all(bare) {
            true => name.to_owned(),
            false => format!("{name:?}"),
        };
        match self.path.as_str() {
            "" => name,
            path => format!("{path}.{name}"),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.table.remove(name)
    }

    /// What `accept` makes of the value, `None` where there is no such key.
    fn read<T>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        accept: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, RuntimeFault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match accept(value) {
            Some(accepted) => Ok(Some(accepted)),
            None => Err(wrong(self.key(name), wanted)),
        }
    }

    /// One of the given words.
    pub(super) fn choice<T: Clone>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, RuntimeFault> {
        self.read(name, wanted, |value| {
            let known = choices
                .iter()
                .find(|(word, _)| value.as_str() == Some(word));
            known.map(|(_, choice)| choice.clone())
        })
    }

    /// A switch that can say more than that it is on.
    pub(super) fn switch(
        &mut self,
        name: &'static str,
        wanted: &'static str,
    ) -> Result<Switch, RuntimeFault> {
        let key = self.key(name);
        let switch = self.read(name, wanted, |value| match value {
            Value::Boolean(false) => Some(Switch::Off),
            Value::Boolean(true) => Some(Switch::On),
            Value::Table(table) => Some(Switch::With(Self::at(key, table))),
            _ => None,
        });
        Ok(switch?.unwrap_or(Switch::Off))
    }

    pub(super) fn integer<T: TryFrom<i64>>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<T>, RuntimeFault> {
        self.read(name, wanted, |value| {
            let number = value.as_integer().filter(|number| range.contains(number));
            T::try_from(number?).ok()
        })
    }

    /// A text that `accept` takes.
    pub(super) fn text<T>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        accept: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, RuntimeFault> {
        self.read(name, wanted, |value| accept(value.as_str()?))
    }

    /// A list of texts that all fulfil `accept`.
    pub(super) fn texts(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        accept: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, RuntimeFault> {
        self.read(name, wanted, |value| {
            let values = value.as_array()?.iter();
            let texts = values.map(|value| value.as_str().filter(|text| accept(text)));
            texts.map(|text| text.map(str::to_owned)).collect()
        })
    }

    /// A list of tables, each with its own key.
    pub(super) fn tables(&mut self, name: &'static str) -> Result<Option<Vec<Self>>, RuntimeFault> {
        let wanted = "a list of tables";
        let Some(values) = self.read(name, wanted, |value| match value {
            Value::Array(values) => Some(values),
            _ => None,
        })?
        else {
            return Ok(None);
        };
        let key = self.key(name);
        let tables = values.into_iter().enumerate();
        let tables = tables.map(|(index, value)| Self::of(format!("{key}[{index}]"), value));
        tables.collect::<Result<_, _>>().map(Some)
    }

    /// A table in this one.
    pub(super) fn table(&mut self, name: &'static str) -> Result<Option<Self>, RuntimeFault> {
        let key = self.key(name);
        self.take(name)
            .map(|value| Self::of(key, value))
            .transpose()
    }

    /// A table whose keys are names and no words of the schema: each with its whole key and its value.
    pub(super) fn named(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<(String, String, Value)>, RuntimeFault> {
        let Some(mut table) = self.table(name)? else {
            return Ok(Vec::new());
        };
        let entries = std::mem::take(&mut table.table).into_iter();
        Ok(entries
            .map(|(name, value)| (table.key(&name), name, value))
            .collect())
    }

    pub(super) fn missing(&self, name: &str) -> RuntimeFault {
        RuntimeFault::Missing {
            key: self.key(name),
        }
    }

    /// Refuses what is left.
    pub(super) fn finish(self) -> Result<(), RuntimeFault> {
        let Some(name) = self.table.keys().next() else {
            return Ok(());
        };
        Err(RuntimeFault::UnknownKey {
            key: self.key(name),
            nearest: nearest(name, self.known.iter().copied()),
        })
    }
}

pub(super) fn wrong(key: String, wanted: &'static str) -> RuntimeFault {
    RuntimeFault::Value { key, wanted }
}
