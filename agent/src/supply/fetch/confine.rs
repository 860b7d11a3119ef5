//! What the fetcher does to itself before it meets a server.

use super::limits::Limits;
use crate::supply::order::{FetchOrder, Order};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use packages::index::{Location, Scheme};
use std::io;
use std::path::Path;

/// What looking up names and vouching for servers takes: the C library's configuration and modules, certificates, and
/// where distributions keep what those are links to.
const FOLDERS: [&str; 8] = [
    "/etc",
    "/usr",
    "/lib",
    "/lib64",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/var/lib/ca-certificates",
];

/// Sockets, files and the C library's own.
const OPEN_FILES: u64 = 64;

/// Itself, and those that look up names, of this and of another one at the same time.
const PROCESSES: u64 = 32;

/// Becomes the account of the order, which can do nothing but read what everybody may read of a few folders, write to the
/// descriptors it has, and connect. It has looked at the result when it returns.
///
/// # Errors
/// A step that failed: the process must not go on.
pub(super) fn confine(order: &Order<FetchOrder>) -> io::Result<()> {
    if nix::unistd::geteuid().is_root() {
        jail::host::give_up_rights(order.uid, order.gid)?;
    }
    jail::host::require_no_rights(order.uid, order.gid)?;
    // No other process of this account may look into it.
    prctl::set_dumpable(false)?;
    for (resource, most) in [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, Limits::default().archive.get()),
        (Resource::RLIMIT_NOFILE, OPEN_FILES),
        (Resource::RLIMIT_NPROC, PROCESSES),
    ] {
        setrlimit(resource, most, most)?;
    }
    let mut folders: Vec<&Path> = FOLDERS.iter().map(Path::new).collect();
    if reads_files(order) {
        // An index may name archives anywhere.
        folders.push(Path::new("/"));
    }
    jail::host::shut_in_with_network(&folders)
}

/// Whether an index is a file of this machine: only such a one can name others.
fn reads_files(order: &Order<FetchOrder>) -> bool {
    let is_file =
        |url: &String| Location::parse(url).is_ok_and(|location| location.scheme() == Scheme::File);
    order.wish.sources().indexes.iter().any(is_file)
}
