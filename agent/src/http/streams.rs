//! The tasks of one HTTP/2 connection's requests: they end with it, whichever way it ends.

use hyper::rt::Executor;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::task::JoinSet;

/// The tasks. Dropping this aborts them.
#[derive(Debug, Default)]
pub(super) struct Streams(Arc<Mutex<JoinSet<()>>>);

/// Starts tasks. What is to be started after the connection's end is dropped.
#[derive(Clone, Debug)]
pub(super) struct Starter(Weak<Mutex<JoinSet<()>>>);

impl Streams {
    /// For the connection, whose tasks hold it too: it must not keep them alive.
    pub(super) fn starter(&self) -> Starter {
        Starter(Arc::downgrade(&self.0))
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Starter {
    fn execute(&self, task: F) {
        let Some(tasks) = self.0.upgrade() else {
            return;
        };
        let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}
