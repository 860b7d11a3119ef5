//! `packages list`.

use super::bar::Bar;
use super::{Desk, say};
use crate::supply::{Listed, SupplyError};
use serde_json::json;

impl Desk {
    /// Lists what the disk has; with `available` what the indexes offer too.
    pub(super) fn list(&mut self, available: bool, json: bool) {
        match self.listed(available) {
            Ok(all) if json => say(format_args!("{}", as_json(&all))),
            Ok(all) => all
                .iter()
                .for_each(|one| say(format_args!("{}", line(one)))),
            Err(error) => self.failed(&error),
        }
    }

    fn listed(&self, available: bool) -> Result<Vec<Listed>, SupplyError> {
        if available {
            let mut bar = Bar::new("packages".to_owned());
            return self.supply.list(&mut |stage| bar.show(stage));
        }
        let listed = |id| Listed {
            id,
            installed: true,
        };
        Ok(self.supply.installed()?.into_iter().map(listed).collect())
    }
}

fn line(one: &Listed) -> String {
    let state = if one.installed {
        "installed"
    } else {
        "available"
    };
    format!("{} {} {state}", one.id.name(), one.id.version())
}

/// With Piston's keys.
fn as_json(all: &[Listed]) -> serde_json::Value {
    let one = |one: &Listed| {
        json!({
            "language": one.id.name(),
            "language_version": one.id.version().to_string(),
            "installed": one.installed,
        })
    };
    all.iter().map(one).collect()
}
