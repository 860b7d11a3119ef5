//! Stands in for the catalogue.

use crate::limits::RuntimeLimits;
use std::sync::Arc;

/// A runtime.
#[derive(Clone, Debug)]
pub(crate) struct Runtime {
    /// The language's name.
    pub(crate) language: String,
    /// Its version.
    pub(crate) version: String,
    /// Its limits.
    pub(crate) limits: RuntimeLimits,
}

/// The runtimes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog(pub(crate) Vec<Arc<Runtime>>);

impl Catalog {
    /// The newest runtime of a language whose version the selector matches.
    pub(crate) fn resolve(&self, language: &str, selector: &str) -> Option<Arc<Runtime>> {
        let range = nodejs_semver::Range::parse(selector).ok()?;
        self.0
            .iter()
            .filter(|runtime| runtime.language == language)
            .filter_map(|runtime| {
                Some((
                    nodejs_semver::Version::parse(&runtime.version).ok()?,
                    runtime,
                ))
            })
            .filter(|(version, _)| range.satisfies(version))
            .max_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, runtime)| Arc::clone(runtime))
    }
}
