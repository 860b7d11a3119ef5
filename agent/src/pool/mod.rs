//! Jails, made ahead of the job: making one takes some 10 to 20 ms, most of it waiting for the kernel to move processes
//! between cgroups, and none of that is on a job's way while the pool has one. In some of them a program that jobs have asked for
//! lately has been started as well, and waits. Knows no job.

mod demand;
mod jail;
mod link;
mod meters;
mod plan;
mod stock;

pub(crate) use jail::{Ahead, Jail, Meter, Pipes};
pub(crate) use link::{Link, LinkError};

use crate::host_memory::HostMemory;
use ::jail::Bytes;
use jail::NotPrepared;
use meters::{How, Meters};
use prometheus_client::registry::Registry;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stock::{Bounds, Change, Stock};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

/// Pauses after a jail could not be made: from the first to the longest, doubled each time.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How the warden says that all jails that may exist do, and how long a job waits for one to go away: dying takes
/// milliseconds, with gigabytes of memory to free some more.
const FULL: i32 = nix::libc::EAGAIN;
const PATIENCE: Duration = Duration::from_secs(5);

/// How long refilling gives way to the job that has just begun, as long as half of the jails are left: most jobs are over
/// by then, and on a small node the two would share a core.
const GIVE_WAY: Duration = Duration::from_millis(20);

/// How long until the memory of a program that was ended shows as the host's again.
const FREED: Duration = Duration::from_millis(300);

/// How long until somebody looks whether what was started ahead is still wanted, and the host has memory for it.
const LOOK: Duration = Duration::from_secs(1);

/// Bounds of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Jails that are kept ready; 0 makes each when it is needed.
    pub(crate) jails: usize,
    /// What programs that wait may need together.
    pub(crate) memory: Bytes,
}

/// What a job needs.
#[derive(Debug)]
pub(crate) struct Wish {
    /// Name and version of its runtime, for the figures.
    pub(crate) runtime: Arc<str>,
    /// The program, where it could have been started before the job came.
    pub(crate) ahead: Option<Ahead>,
}

/// The pool of a node.
#[derive(Debug)]
pub(crate) struct Pool {
    link: Arc<Link>,
    size: Size,
    host: HostMemory,
    stock: Mutex<Stock>,
    meters: Meters,
    /// Rung when a blank jail is missing, and when there is one more or other programs are wanted.
    missing: Notify,
    changed: Notify,
    /// Rung when all are destroyed.
    retired: Notify,
}

impl Pool {
    /// Keeps jails ready once [`Pool::fill`] runs.
    pub(crate) fn new(link: Arc<Link>, size: Size, host: HostMemory) -> Self {
        Self {
            link,
            size,
            host,
            stock: Mutex::default(),
            meters: Meters::default(),
            missing: Notify::new(),
            changed: Notify::new(),
            retired: Notify::new(),
        }
    }

    /// Tells what it does from now on.
    pub(crate) fn register(&self, registry: &mut Registry) {
        self.meters.register(registry);
    }

    /// A jail for one job: one in which its program waits, else a blank one, else one made now.
    pub(crate) async fn lease(&self, wish: &Wish) -> Result<Jail, LinkError> {
        if let Some(ahead) = &wish.ahead {
            self.stock().demand.note(ahead, Instant::now());
        }
        while let Some((jail, prepared)) = self.take(wish.ahead.as_ref()) {
            // One that died meanwhile is destroyed here, and the next one tried.
            if jail.is_silent() {
                let how = if prepared {
                    How::Prestarted
                } else {
                    How::Blank
                };
                self.meters.leased(&wish.runtime, how);
                return Ok(jail);
            }
        }
        self.meters.leased(&wish.runtime, How::Made);
        self.make().await
    }

    fn take(&self, ahead: Option<&Ahead>) -> Option<(Jail, bool)> {
        let mut stock = self.stock();
        let taken = stock.take(ahead);
        self.meters.stocked(&stock);
        drop(stock);
        self.missing.notify_one();
        self.changed.notify_one();
        taken
    }

    /// A jail for a program of our own, which is none of the figures' business.
    pub(crate) async fn lease_any(&self) -> Result<Jail, LinkError> {
        match self.take(None) {
            Some((jail, _)) if jail.is_silent() => Ok(jail),
            _ => self.make().await,
        }
    }

    /// Makes a jail now. When as many as may exist do, waits for some that are going away.
    async fn make(&self) -> Result<Jail, LinkError> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.link.create().await {
                Err(LinkError::NotCreated(failure))
                    if failure.errno == FULL && Instant::now() < end =>
                {
                    sleep(RETRY.0).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Of each of these programs one is to wait before anybody asks.
    pub(crate) fn expect(&self, expected: &[Ahead]) {
        self.stock().demand.expect(expected, Instant::now());
        self.changed.notify_one();
    }

    /// Destroys all jails, also those being made: they have other packages than those made from now on.
    pub(crate) fn retire(&self) {
        let mut stock = self.stock();
        let retired = stock.retire();
        self.meters.stocked(&stock);
        drop(stock);
        drop(retired);
        self.retired.notify_waiters();
        self.missing.notify_one();
        self.changed.notify_one();
    }

    /// Refills for as long as there is a warden.
    pub(crate) async fn fill(&self) {
        if self.size.jails == 0 {
            self.meters.complete(true);
            return std::future::pending().await;
        }
        tokio::select! {
            () = self.keep_blank() => {}
            () = self.keep_prepared() => {}
        }
    }

    /// Makes blank jails, one at a time: a running job's cpu matters more than the next job's head start.
    async fn keep_blank(&self) {
        let mut pause = RETRY.0;
        loop {
            let (count, generation) = {
                let stock = self.stock();
                (stock.len(), stock.generation())
            };
            if count >= self.size.jails {
                self.missing.notified().await;
                self.give_way().await;
                continue;
            }
            match self.link.create().await {
                Ok(jail) => {
                    pause = RETRY.0;
                    let mut stock = self.stock();
                    stock.put(generation, jail);
                    self.meters.stocked(&stock);
                    drop(stock);
                    self.changed.notify_one();
                }
                Err(LinkError::Closed) => return,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "can't refill the pool"
                    );
                    sleep(pause).await;
                    pause = (pause * 2).min(RETRY.1);
                }
            }
        }
    }

    /// Starts programs ahead, one at a time and with the least share of the processor, and ends those that nobody wants.
    async fn keep_prepared(&self) {
        loop {
            let (change, generation) = {
                let mut stock = self.stock();
                let bounds = self.bounds(&stock);
                let change = stock.change(bounds, Instant::now());
                self.meters
                    .complete(change.is_none() && stock.len() >= self.size.jails);
                (change, stock.generation())
            };
            match change {
                None => {
                    if timeout(LOOK, self.changed.notified()).await.is_ok() {
                        self.give_way().await;
                    }
                }
                Some(Change::Drop(jail)) => {
                    drop(jail);
                    sleep(FREED).await;
                }
                Some(Change::Start(ahead, jail)) => self.prepare(ahead, jail, generation).await,
            }
            self.missing.notify_one();
            self.meters.stocked(&self.stock());
        }
    }

    async fn give_way(&self) {
        if self.stock().len() > self.size.jails / 2 {
            sleep(GIVE_WAY).await;
        }
    }

    async fn prepare(&self, ahead: Ahead, mut jail: Jail, generation: u64) {
        let since = Instant::now();
        let mut retired = pin!(self.retired.notified());
        // From here on it is heard of.
        retired.as_mut().enable();
        let is_of_use = generation == self.stock().generation();
        let outcome = tokio::select! {
            biased;
            () = retired, if is_of_use => None,
            outcome = jail.prepare(&ahead), if is_of_use => Some(outcome),
            else => None,
        };
        let mut stock = self.stock();
        let Some(outcome) = outcome else {
            stock.put_prepared(generation, None);
            return;
        };
        match outcome {
            Ok(usage) => {
                let (took, memory) = (since.elapsed(), Bytes(usage.memory_peak));
                stock.demand.started(&ahead, took, memory);
                self.meters.started(&ahead, took);
                stock.put_prepared(generation, Some((ahead, jail)));
            }
            Err(error) => {
                self.meters.not_started(&ahead);
                let now = Instant::now();
                let is_news = match error {
                    NotPrepared::Late => {
                        stock.demand.late(&ahead, now);
                        false
                    }
                    _ => stock.demand.failed(&ahead, now),
                };
                if is_news {
                    tracing::warn!(
                        runtime = &*ahead.runtime,
                        error = &error as &dyn std::error::Error,
                        "a program can't be started ahead: its jobs start it when they come"
                    );
                }
                stock.put_prepared(generation, None);
            }
        }
    }

    /// As configured, but when the host is short of memory what waits gives way.
    fn bounds(&self, stock: &Stock) -> Bounds {
        let spare = self.host.spare_beside(stock.memory());
        Bounds {
            jails: self.size.jails,
            memory: self.size.memory.min(spare),
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
