//! What the cache tells of itself, for `GET /metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// What a job that may use the cache found there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Found {
    found: &'static str,
}

/// The figures.
#[derive(Debug, Default)]
pub(super) struct Meters {
    lookups: Family<Found, Counter>,
    stores: Counter,
    not_stored: Counter,
    evictions: Counter,
    bytes: Gauge,
}

impl Meters {
    pub(super) fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("compile_cache");
        registry.register(
            "lookups",
            "Jobs that looked for what their compile stage comes to: it was there, was not, or is another each time",
            self.lookups.clone(),
        );
        registry.register("stores", "Results that were kept", self.stores.clone());
        registry.register(
            "not_stored",
            "Results that could not be kept",
            self.not_stored.clone(),
        );
        registry.register(
            "evictions",
            "Entries that made way for others",
            self.evictions.clone(),
        );
        registry.register_with_unit(
            "size",
            "What all entries take",
            Unit::Bytes,
            self.bytes.clone(),
        );
    }

    pub(super) fn looked_up(&self, found: &'static str) {
        self.lookups.get_or_create(&Found { found }).inc();
    }

    pub(super) fn stored(&self) {
        self.stores.inc();
    }

    pub(super) fn not_stored(&self) {
        self.not_stored.inc();
    }

    pub(super) fn evicted(&self) {
        self.evictions.inc();
    }

    /// What all entries take now.
    pub(super) fn holds(&self, bytes: u64) {
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
