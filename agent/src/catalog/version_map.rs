//! Versions that clients pin and the node does not have, and what the operator puts in their place.

use packages::{Selector, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Stand-ins by the names of languages. Written down as the texts that it was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Texts", into = "Texts")]
pub(crate) struct VersionMap(BTreeMap<String, Vec<StandIn>>);

type Texts = BTreeMap<String, Vec<(String, String)>>;

/// What stands in for one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StandIn {
    /// The version that clients pin.
    pub(crate) pinned: Version,
    /// Selects among the versions that the node has.
    pub(crate) selector: Selector,
    text: String,
}

/// Why there can be no such stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MapFault {
    /// What is pinned is no whole version in its usual spelling.
    #[error("not a version")]
    Version,
    /// What stands in is no selector.
    #[error("not a version selector")]
    Selector,
}

impl StandIn {
    /// For the version `pinned` what `selector` selects.
    pub(crate) fn new(pinned: &str, selector: &str) -> Result<Self, MapFault> {
        let version: Version = pinned.parse().map_err(|_| MapFault::Version)?;
        if version.to_string() != pinned {
            return Err(MapFault::Version);
        }
        Ok(Self {
            pinned: version,
            selector: selector.parse().map_err(|_| MapFault::Selector)?,
            text: selector.to_owned(),
        })
    }
}

impl VersionMap {
    /// Adds one of a language.
    pub(crate) fn add(&mut self, language: String, stand_in: StandIn) {
        self.0.entry(language).or_default().push(stand_in);
    }

    /// The stand-in for the highest version of the language that `wanted` matches: the language is treated as if it had
    /// those versions.
    pub(super) fn find(&self, language: &str, wanted: &Selector) -> Option<&StandIn> {
        let of_language = self.0.get(language)?.iter();
        of_language
            .filter(|stand_in| wanted.matches(&stand_in.pinned))
            .max_by(|a, b| a.pinned.cmp(&b.pinned))
    }

    /// All of them with their languages.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &StandIn)> {
        let languages = self.0.iter();
        languages.flat_map(|(language, all)| all.iter().map(|one| (language.as_str(), one)))
    }
}

impl From<VersionMap> for Texts {
    fn from(map: VersionMap) -> Self {
        let texts = |one: StandIn| (one.pinned.to_string(), one.text);
        let languages = map.0.into_iter();
        languages
            .map(|(language, all)| (language, all.into_iter().map(texts).collect()))
            .collect()
    }
}

impl TryFrom<Texts> for VersionMap {
    type Error = MapFault;

    fn try_from(texts: Texts) -> Result<Self, MapFault> {
        let mut map = Self::default();
        for (language, all) in texts {
            for (pinned, selector) in all {
                map.add(language.clone(), StandIn::new(&pinned, &selector)?);
            }
        }
        Ok(map)
    }
}
