//! How many files the node's processes may have open, and what follows for the number of connections.

use crate::http;
use crate::serve::StartError;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io;

/// Of the front, beside jails and connections: standard streams, listeners, its channel, its event loop.
const BASE: u64 = 64;

/// Of the front for each jail: its control channel and the pipes of both stages. The warden has fewer.
const PER_JAIL: u64 = 7;

/// With fewer connections a node is of no use behind a tunnel, which keeps some open.
const FEWEST_CONNECTIONS: u64 = 32;

/// Raises the limit of this process and all that it starts as far as need be and may be. The number of connections
/// that it has room for: a connection must never take the descriptors of a job.
pub(crate) fn provide(jails: usize) -> Result<usize, StartError> {
    let most = http::Settings::default().max_connections;
    let jails = u64::try_from(jails).unwrap_or(u64::MAX);
    let fixed = BASE.saturating_add(jails.saturating_mul(PER_JAIL));
    let connections = u64::try_from(most).unwrap_or(u64::MAX);
    let have = raise(fixed.saturating_add(connections)).map_err(|source| StartError::System {
        what: "asking for the limit on open files",
        source,
    })?;
    let room = have.saturating_sub(fixed);
    if room < FEWEST_CONNECTIONS {
        let needed = fixed.saturating_add(FEWEST_CONNECTIONS);
        return Err(StartError::FewDescriptors { have, needed });
    }
    Ok(usize::try_from(room).unwrap_or(usize::MAX).min(most))
}

/// Raises the limit to `wanted`, or as near as this process may, and gives what holds then.
fn raise(wanted: u64) -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= wanted {
        return Ok(soft);
    }
    if hard < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted).is_ok() {
        return Ok(wanted);
    }
    let reachable = wanted.min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, reachable, hard)?;
    Ok(reachable)
}
