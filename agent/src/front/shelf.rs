//! The runtimes that new requests get: read from the store when the front starts, and anew when the warden says that
//! there are others.

use crate::catalog::Catalog;
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
    catalog: Mutex<Arc<Catalog>>,
}

impl Shelf {
    /// Reads the store for the first time.
    pub(super) fn new(
        store: Store,
        limits: RuntimeLimits,
        overrides: BTreeMap<String, LimitOverrides>,
    ) -> Self {
        let catalog = Arc::new(read(&store, &limits, &overrides));
        Self {
            store,
            limits,
            overrides,
            catalog: Mutex::new(catalog),
        }
    }

    /// What there is now.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.lock())
    }

    /// Reads the store again, which takes some milliseconds.
    pub(super) fn read_anew(&self) {
        let catalog = Arc::new(read(&self.store, &self.limits, &self.overrides));
        *self.lock() = catalog;
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Catalog>> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(
    store: &Store,
    limits: &RuntimeLimits,
    overrides: &BTreeMap<String, LimitOverrides>,
) -> Catalog {
    let (mut packages, faults) = store.packages();
    for fault in faults {
        tracing::error!(error = &fault as &dyn std::error::Error, "package left out");
    }
    packages.retain(|package| !is_retired(&package.dir));
    Catalog::new(packages, limits, overrides)
}
