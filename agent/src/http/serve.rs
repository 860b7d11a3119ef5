//! The accept loop, and its end.

use super::budget::Budget;
use super::router::{Api, router};
use super::{Backend, Settings, connection};
use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// After an accept that failed for want of descriptors or memory: trying again at once would only burn cpu.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` turns true or its sender is gone; then accepts nothing, lets requests in flight end within
/// the bound for that, and ends the rest.
pub(crate) async fn serve<B: Backend>(
    listener: TcpListener,
    backend: B,
    settings: Settings,
    mut shutdown: watch::Receiver<bool>,
) {
    let budget = Budget::new(settings.body_budget.max(settings.max_body));
    let router = router(Api {
        backend,
        settings,
        budget,
    });
    let drain = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&listener, &router, settings, &drain, &mut connections) => {}
        // An error means that the sender is gone, which is a shutdown as well.
        _ = shutdown.wait_for(|stop| *stop) => {}
    }
    drop(listener);
    if timeout(settings.drain, drain.shutdown()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests did not end in time and are cut off"
        );
    }
    connections.shutdown().await;
}

/// Accepts for ever. Beyond the greatest number of connections clients wait in the listen queue.
async fn accept(
    listener: &TcpListener,
    router: &Router,
    settings: Settings,
    drain: &GracefulShutdown,
    connections: &mut JoinSet<()>,
) {
    let slots = Arc::new(Semaphore::new(settings.max_connections));
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let Some(stream) = accept_one(listener).await else {
            continue;
        };
        let (router, watcher) = (router.clone(), drain.watcher());
        connections.spawn(async move {
            if let Err(error) = connection::serve(stream, router, settings, watcher).await {
                tracing::debug!(%error, "connection ended early");
            }
            drop(slot);
        });
    }
}

async fn accept_one(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => None,
        Err(error) => {
            tracing::warn!(%error, "can't accept connections");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
