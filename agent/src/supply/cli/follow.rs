//! Has the node that runs take over packages that came or went, and waits until its jobs get them.

use crate::instance::{Running, running};
use crate::runtimes::View;
use nix::sys::signal::Signal;
use packages::{PackageId, Store};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a node may take: sealing a large package takes seconds, and minutes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// The node does not have what the store has.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    #[error("the store has changed, and the running node can't be told: send it SIGHUP")]
    Tell(#[source] io::Error),
    #[error(
        "the store has changed, and the running node has not taken that over within {} s: its log says why",
        PATIENCE.as_secs()
    )]
    Late,
}

/// Tells the node with this state directory, if one runs, that these packages came or went, and waits until it agrees with
/// the store about them, which another one may have changed again meanwhile.
///
/// # Errors
/// It does not follow. The changes stay.
pub(super) fn follow(
    state_directory: &Path,
    store: &Store,
    changed: &[PackageId],
) -> Result<(), FollowError> {
    if changed.is_empty() {
        return Ok(());
    }
    // Where there is no such directory no node runs.
    let Ok(state) = state_directory.canonicalize() else {
        return Ok(());
    };
    let Some(node) = running(&state).map_err(FollowError::Tell)? else {
        return Ok(());
    };
    let view = View::of(&state).through(&node);
    let end = Instant::now() + PATIENCE;
    let mut taken = node.taken_over(&state);
    node.signal(Signal::SIGHUP).map_err(FollowError::Tell)?;
    // What the front has read before the view was seen to be wrong is not what it has to read; whatever comes after is.
    loop {
        let now = node.taken_over(&state);
        if agrees(&view, store, changed) {
            break;
        }
        taken = now;
        if pause(&node, end)? {
            return Ok(());
        }
    }
    while node.taken_over(&state) == taken {
        if pause(&node, end)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the node has ended meanwhile: the next one begins with what the store has.
fn pause(node: &Running, end: Instant) -> Result<bool, FollowError> {
    if node.has_ended() {
        return Ok(true);
    }
    if Instant::now() >= end {
        return Err(FollowError::Late);
    }
    sleep(PERIOD);
    Ok(false)
}

fn agrees(view: &View, store: &Store, changed: &[PackageId]) -> bool {
    let agrees = |id: &PackageId| view.offers(&id.folder()) == store.has(id);
    view.is_complete() && changed.iter().all(agrees)
}
