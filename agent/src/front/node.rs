//! What every request shares.

use super::health::Health;
use super::shelf::Shelf;
use crate::admin::Admins;
use crate::catalog::VersionMap;
use crate::config::{Admission as AdmissionConfig, Config, LogFormat};
use crate::host_memory::HostMemory;
use crate::http::{self, Backend, Readiness};
use crate::job;
use crate::job::admission::Admission;
use crate::job::compile_cache::CompileCache;
use crate::job::error::JobError;
use crate::limits::{Ceilings, RuntimeLimits};
use crate::pool::{self, Ahead, Link, Pool};
use crate::supply::{Change, Desk, DeskError};
use crate::warden::protocol::ToWarden;
use ::jail::Bytes;
use agent_api::{ExecuteResponse, PackageInfo, PackageName, RuntimeInfo};
use packages::{LimitOverrides, Store};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tracing::level_filters::LevelFilter;

/// The part of the configuration that the front needs, as the warden passes it on: checked already.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    limits: RuntimeLimits,
    limit_overrides: BTreeMap<String, LimitOverrides>,
    version_map: VersionMap,
    ceilings: Ceilings,
    admission: AdmissionConfig,
    pool_size: usize,
    pool_memory: Bytes,
    compile_cache_size: Bytes,
    cores: u32,
    log_level: String,
    /// Form of log lines.
    pub(crate) log_format: LogFormat,
    max_connections: usize,
    admins: Admins,
    /// How many listeners were handed over.
    pub(super) listeners: usize,
}

impl Settings {
    /// Out of the whole configuration.
    pub(crate) fn new(
        config: &Config,
        cores: usize,
        listeners: usize,
        max_connections: usize,
        admins: Admins,
    ) -> Self {
        Self {
            limits: config.limits.clone(),
            limit_overrides: config.limit_overrides.clone(),
            version_map: config.version_map.clone(),
            ceilings: config.ceilings(),
            admission: config.admission,
            pool_size: config.jails.pool_size,
            pool_memory: config.jails.pool_memory,
            compile_cache_size: config.node.compile_cache_size,
            cores: u32::try_from(cores).unwrap_or(u32::MAX),
            log_level: config.log_level.to_string(),
            log_format: config.log_format,
            max_connections,
            admins,
            listeners,
        }
    }

    pub(super) fn log_level(&self) -> LevelFilter {
        self.log_level.parse().unwrap_or(LevelFilter::INFO)
    }

    pub(super) fn http(&self) -> http::Settings {
        let max_body = usize::try_from(self.admission.max_body_size.get()).unwrap_or(usize::MAX);
        http::Settings {
            max_body,
            max_connections: self.max_connections,
            admins: self.admins,
            drain: self.admission.drain_timeout,
            ..http::Settings::default()
        }
    }
}

/// The node as a request sees it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) shelf: Shelf,
    pub(crate) ceilings: Ceilings,
    pub(crate) admission: Admission,
    pub(crate) pool: Pool,
    pub(crate) compile_cache: CompileCache,
    pub(crate) health: Health,
    desk: Desk,
    figures: Registry,
    /// Cores of the host, for the earliest time at which processor time can be used up.
    pub(crate) cores: u32,
}

impl Node {
    pub(super) fn new(
        settings: Settings,
        store: Store,
        link: Arc<Link>,
        memory: HostMemory,
    ) -> Self {
        let admission = settings.admission;
        let size = pool::Size {
            jails: settings.pool_size,
            memory: settings.pool_memory,
        };
        let pool = Pool::new(Arc::clone(&link), size, memory);
        let mut figures = Registry::with_prefix("capsule");
        pool.register(&mut figures);
        let compile_cache = CompileCache::new(settings.compile_cache_size);
        compile_cache.register(&mut figures);
        let node = Self {
            shelf: Shelf::new(
                store,
                settings.limits,
                settings.limit_overrides,
                settings.version_map,
            ),
            ceilings: settings.ceilings,
            admission: Admission::new(
                admission.max_concurrent_jobs,
                admission.queue_length,
                admission.queue_timeout,
            ),
            health: Health::new(link.drain(), link.unsound()),
            desk: Desk::new(link),
            pool,
            compile_cache,
            figures,
            cores: settings.cores,
        };
        node.pool.expect(&node.expected());
        node
    }

    /// What is most likely asked for, of every runtime that can be started ahead: the newest of each first.
    fn expected(&self) -> Vec<Ahead> {
        let catalog = self.shelf.catalog();
        let expected = |runtime| job::ahead::expected(runtime, &self.ceilings);
        catalog.newest_of_each().filter_map(expected).collect()
    }

    /// There are other packages. Jails made before do not have them, so those go before a request can ask for one.
    pub(super) async fn follow_packages(self: Arc<Self>, link: Arc<Link>) {
        let mut changed = link.runtimes();
        // The sender lives as long as the process.
        while changed.changed().await.is_ok() {
            self.read_packages().await;
            link.tell(ToWarden::RuntimesRead);
        }
    }

    async fn read_packages(self: &Arc<Self>) {
        self.pool.retire();
        let node = Arc::clone(self);
        if spawn_blocking(move || node.shelf.read_anew())
            .await
            .is_err()
        {
            tracing::error!("the store can't be read anew");
        }
        self.pool.expect(&self.expected());
        // Nothing of it can be found any more: what finds it has the number of the reading in it.
        self.compile_cache.clear();
    }

    async fn change_packages(
        self: Arc<Self>,
        change: Change,
        package: PackageName,
    ) -> Result<PackageName, DeskError> {
        let changed = self.desk.change(change, package).await?;
        // It is told of other packages before it is told that this was done, but may not have read them yet.
        self.read_packages().await;
        Ok(changed)
    }
}

impl Backend for Arc<Node> {
    async fn execute(&self, body: Vec<u8>) -> Result<ExecuteResponse, JobError> {
        self.health.require_sound()?;
        let result = job::run(self, body).await;
        self.health.require_sound()?;
        result
    }

    fn runtimes(&self) -> Vec<RuntimeInfo> {
        self.shelf.catalog().runtimes()
    }

    /// Also to its end, whoever leaves: what was downloaded for a list is for the next one too.
    async fn packages(&self) -> Result<Vec<PackageInfo>, DeskError> {
        let node = Arc::clone(self);
        let task = tokio::spawn(async move { node.desk.list().await });
        task.await.unwrap_or(Err(DeskError::Unavailable))
    }

    async fn change(&self, change: Change, package: PackageName) -> Result<PackageName, DeskError> {
        let task = tokio::spawn(Arc::clone(self).change_packages(change, package));
        task.await.unwrap_or(Err(DeskError::Unavailable))
    }

    fn figures(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.figures)?;
        Ok(text)
    }

    fn readiness(&self) -> Readiness {
        self.health.readiness()
    }
}
