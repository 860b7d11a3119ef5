//! What can be run: every language of every installed package, with its stages and limits.

mod version_map;

pub(crate) use version_map::{MapFault, StandIn, VersionMap};

use crate::limits::RuntimeLimits;
use agent_api::RuntimeInfo;
use packages::{LimitOverrides, Package, Provided, Selector, Stages, Version};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One language in one version.
#[derive(Clone, Debug)]
pub(crate) struct Runtime {
    /// Its name, which answers show and `PISTON_LANGUAGE` holds.
    pub(crate) language: String,
    /// Its version as answers show it.
    pub(crate) version: String,
    /// The same, to compare.
    pub(crate) semver: Version,
    /// Other names that requests may use.
    pub(crate) aliases: Vec<String>,
    /// Name of the package, where that is another one.
    pub(crate) runtime: Option<String>,
    /// How its files are named, and how it is compiled and run.
    pub(crate) stages: Stages,
    /// What a job of it may use when it asks for nothing, and at most.
    pub(crate) limits: RuntimeLimits,
}

/// All runtimes of this node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    /// By language, then version.
    runtimes: Vec<Arc<Runtime>>,
    versions: VersionMap,
    reading: u64,
}

impl Catalog {
    /// The languages of `packages`. The limits of each are `overrides` for its name, then what its package asks
    /// for, then `general`.
    pub(crate) fn new(
        packages: Vec<Package>,
        general: &RuntimeLimits,
        overrides: &BTreeMap<String, LimitOverrides>,
    ) -> Self {
        let mut runtimes = Vec::new();
        for package in &packages {
            for provided in &package.provides {
                let mut limits = general.clone().overridden(&provided.limit_overrides);
                if let Some(by) = overrides.get(&provided.language) {
                    limits = limits.overridden(by);
                }
                runtimes.push(Arc::new(Runtime::new(package, provided, limits)));
            }
        }
        // Stable: of two packages with the same language and version the one that was read first stays first.
        runtimes.sort_by(|a, b| (&a.language, &a.semver).cmp(&(&b.language, &b.semver)));
        Self {
            runtimes,
            versions: VersionMap::default(),
            reading: 0,
        }
    }

    /// The same with what stands in for versions that it does not have.
    pub(crate) fn with_versions(self, versions: VersionMap) -> Self {
        Self { versions, ..self }
    }

    /// The same with a number of its own: of another catalogue the packages may be others, also where they are called alike.
    pub(crate) fn numbered(self, reading: u64) -> Self {
        Self { reading, ..self }
    }

    /// That number.
    pub(crate) const fn reading(&self) -> u64 {
        self.reading
    }

    /// The runtime with the highest version that `selector` matches, for a language or alias of exactly that
    /// name. Where there is none, what stands in for a version that it matches. A faulty selector matches nothing, which
    /// is how Piston answers it.
    pub(crate) fn resolve(&self, language: &str, selector: &str) -> Option<Arc<Runtime>> {
        let selector: Selector = selector.parse().ok()?;
        let named: Vec<_> = self
            .runtimes
            .iter()
            .filter(|runtime| runtime.is_called(language))
            .collect();
        let found = newest(&named, &selector).or_else(|| {
            let mut all = named.iter();
            all.find_map(|runtime| {
                let stand_in = self.versions.find(&runtime.language, &selector)?;
                newest(&self.of_language(&runtime.language), &stand_in.selector)
            })
        });
        found.cloned()
    }

    /// Languages and versions for which nothing stands in, whatever the operator wrote.
    pub(crate) fn dangling_versions(&self) -> impl Iterator<Item = (&str, &Version)> {
        let all = self.versions.iter();
        all.filter(|(language, stand_in)| {
            newest(&self.of_language(language), &stand_in.selector).is_none()
        })
        .map(|(language, stand_in)| (language, &stand_in.pinned))
    }

    fn of_language(&self, language: &str) -> Vec<&Arc<Runtime>> {
        let all = self.runtimes.iter();
        all.filter(|runtime| runtime.language == language).collect()
    }

    /// Of every language its newest version, which is what most jobs ask for.
    pub(crate) fn newest_of_each(&self) -> impl Iterator<Item = &Runtime> {
        // Sorted by language, then version.
        let of_each = self.runtimes.chunk_by(|a, b| a.language == b.language);
        of_each.filter_map(|versions| versions.last().map(Arc::as_ref))
    }

    /// What `GET /api/v2/runtimes` answers.
    pub(crate) fn runtimes(&self) -> Vec<RuntimeInfo> {
        self.runtimes
            .iter()
            .map(|runtime| RuntimeInfo {
                language: runtime.language.clone(),
                version: runtime.version.clone(),
                aliases: runtime.aliases.clone(),
                runtime: runtime.runtime.clone(),
            })
            .collect()
    }
}

/// Of equal versions the first, as Piston.
fn newest<'a>(runtimes: &[&'a Arc<Runtime>], selector: &Selector) -> Option<&'a Arc<Runtime>> {
    let matching = runtimes.iter().copied();
    matching
        .filter(|runtime| selector.matches(&runtime.semver))
        // `max_by` takes the last of equals.
        .rev()
        .max_by(|a, b| a.semver.cmp(&b.semver))
}

impl Runtime {
    fn is_called(&self, name: &str) -> bool {
        self.language == name || self.aliases.iter().any(|alias| alias == name)
    }

    fn new(package: &Package, provided: &Provided, limits: RuntimeLimits) -> Self {
        let version = package.version.to_string();
        Self {
            language: provided.language.clone(),
            version: version.clone(),
            semver: package.version.clone(),
            aliases: provided.aliases.clone(),
            runtime: (package.name != provided.language).then(|| package.name.clone()),
            stages: provided.stages.clone(),
            limits,
        }
    }
}

#[cfg(test)]
mod tests;
