//! The accept loop, and its end.

use super::budget::Budget;
use super::places::Places;
use super::router::{Api, router};
use super::transport::{Listener, Stream};
use super::{Backend, Settings, connection};
use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// After an accept that failed for want of descriptors or memory: trying again at once would only burn cpu.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The routes.
    pub(super) router: Router,
    /// The bounds.
    pub(super) settings: Settings,
}

/// Serves until `shutdown` turns true or its sender is gone; then accepts nothing, lets requests in flight end within
/// the bound for that, and ends the rest.
pub(crate) async fn serve<B: Backend>(
    listeners: Vec<Listener>,
    backend: B,
    settings: Settings,
    mut shutdown: watch::Receiver<bool>,
) {
    let budget = Budget::new(settings.body_budget.max(settings.max_body));
    let shared = Arc::new(Shared {
        router: router(Api {
            backend,
            settings,
            budget,
            places: Places::new(settings.max_requests),
        }),
        settings,
    });
    let drain = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&listeners, &shared, &drain, &mut connections) => {}
        // An error means that the sender is gone, which is a shutdown as well.
        _ = shutdown.wait_for(|stop| *stop) => {}
    }
    drop(listeners);
    if timeout(settings.drain, drain.shutdown()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests did not end in time and are cut off"
        );
    }
    connections.shutdown().await;
}

/// Accepts for ever. Beyond the greatest number of connections clients wait in the listen queues.
async fn accept(
    listeners: &[Listener],
    shared: &Arc<Shared>,
    drain: &GracefulShutdown,
    connections: &mut JoinSet<()>,
) {
    let slots = Arc::new(Semaphore::new(shared.settings.max_connections));
    for turn in (0..listeners.len()).cycle() {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let Some(stream) = accept_one(listeners, turn).await else {
            continue;
        };
        let (shared, watcher) = (Arc::clone(shared), drain.watcher());
        connections.spawn(async move {
            if let Err(error) = connection::serve(stream, shared, watcher).await {
                tracing::debug!(%error, "connection ended early");
            }
            drop(slot);
        });
    }
}

/// From any listener, the one whose turn it is first: none waits for ever for others that are busier.
async fn accept_one(listeners: &[Listener], turn: usize) -> Option<Stream> {
    let (before, after) = listeners.split_at(turn);
    let accepted = poll_fn(|cx| {
        let mut polled = after.iter().chain(before).map(|one| one.poll_accept(cx));
        polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
    });
    match accepted.await {
        Ok(stream) => Some(stream),
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => None,
        Err(error) => {
            tracing::warn!(%error, "can't accept connections");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
