//! The runtimes that new requests get: read from the store when the front starts, and anew when the warden says that
//! there are others.

use crate::catalog::{Catalog, VersionMap};
use crate::limits::RuntimeLimits;
use crate::runtimes::is_retired;
use packages::{LimitOverrides, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The store, and what was last read of it.
#[derive(Debug)]
pub(crate) struct Shelf {
    store: Store,
    limits: RuntimeLimits,
    overrides: BTreeMap<String, LimitOverrides>,
    versions: VersionMap,
    catalog: Mutex<Arc<Catalog>>,
    /// How often it was read.
    readings: Mutex<u64>,
}

impl Shelf {
    /// Reads the store for the first time.
    pub(super) fn new(
        store: Store,
        limits: RuntimeLimits,
        overrides: BTreeMap<String, LimitOverrides>,
        versions: VersionMap,
    ) -> Self {
        let shelf = Self {
            store,
            limits,
            overrides,
            versions,
            catalog: Mutex::default(),
            readings: Mutex::default(),
        };
        shelf.read_anew();
        shelf
    }

    /// What there is now.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.lock())
    }

    /// Reads the store again, which takes some milliseconds.
    pub(super) fn read_anew(&self) {
        // One at a time: what was read first must not replace what was read after it.
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        *readings += 1;
        let catalog = Arc::new(self.read().numbered(*readings));
        *self.lock() = catalog;
    }

    fn read(&self) -> Catalog {
        let (mut packages, faults) = self.store.packages();
        for fault in faults {
            tracing::error!(error = &fault as &dyn std::error::Error, "package left out");
        }
        packages.retain(|package| !is_retired(&package.dir));
        let catalog = Catalog::new(packages, &self.limits, &self.overrides)
            .with_versions(self.versions.clone());
        // Packages come and go while the node serves: what leads nowhere now may lead somewhere later.
        for (language, version) in catalog.dangling_versions() {
            tracing::warn!(language, %version, "version_map leads to no runtime of this node");
        }
        catalog
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Catalog>> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
