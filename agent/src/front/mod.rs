//! The front: the process that speaks HTTP. Unprivileged; it was handed its listeners, a channel to the warden and the
//! folder of packages, and can get at nothing else.

mod health;
mod node;
mod shelf;

pub(crate) use node::{Node, Settings};

use crate::host_memory::HostMemory;
use crate::http::{self, Listener};
use crate::pool::Link;
use crate::warden::protocol::ToWarden;
use crate::warden::{CONFIG_FD, FIRST_LISTENER_FD, LINK_FD, PACKAGES_FD};
use nix::sys::prctl;
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage, getsockname};
use packages::Store;
use std::fs::File;
use std::io::{self, Read};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The front can't start or go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrontError {
    /// Something it was handed is missing or unusable.
    #[error("the front can't {what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// What refills the pool, or watches the node's health, ended.
    #[error("a task of the front that never ends did")]
    Background,
    /// The package folder can't be read.
    #[error("the package folder can't be read")]
    Packages(#[from] packages::PackageError),
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> FrontError {
    move |source| FrontError::System {
        what,
        source: source.into(),
    }
}

/// Entry point of the process.
pub(crate) fn main() -> Result<(), FrontError> {
    // No other process of this account may look into it.
    prctl::set_dumpable(false).map_err(system("hide its memory"))?;
    prctl::set_name(c"capsule-front").map_err(system("name itself"))?;
    let settings = read_settings().map_err(system("read its configuration"))?;
    crate::logging::start(settings.log_level(), settings.log_format);
    let memory = HostMemory::open().map_err(system("read the host's memory"))?;
    // From here on no file of the host but the packages is within reach, and no socket of it, whatever a client makes of
    // this process.
    shut_in().map_err(system("shut itself in"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(system("start its event loop"))?;
    runtime.block_on(serve(settings, memory))
}

fn read_settings() -> io::Result<Settings> {
    let mut text = String::new();
    File::from(jail::sys::inherited(CONFIG_FD)?).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn shut_in() -> io::Result<()> {
    let packages = File::open(packages_folder())?;
    jail::host::shut_in(packages.as_fd())
}

/// Its descriptor is not taken over: it stays open for as long as the process lives.
fn packages_folder() -> String {
    format!("/proc/self/fd/{PACKAGES_FD}")
}

async fn serve(settings: Settings, memory: HostMemory) -> Result<(), FrontError> {
    let link = jail::sys::inherited(LINK_FD)
        .and_then(Link::new)
        .map_err(system("reach the warden"))?;
    let listeners =
        inherited_listeners(settings.listeners).map_err(system("take its listeners"))?;
    let store = Store::open(packages_folder())?;
    let http_settings = settings.http();
    let node = Arc::new(Node::new(settings, store, Arc::clone(&link), memory));

    let mut tasks = JoinSet::new();
    tasks.spawn({
        let node = Arc::clone(&node);
        let unsound = link.unsound();
        async move { until_unsound(unsound, node.pool.fill()).await }
    });
    tasks.spawn({
        let node = Arc::clone(&node);
        let unsound = link.unsound();
        async move { until_unsound(unsound, node.health.watch(&node)).await }
    });
    tasks.spawn(Arc::clone(&node).follow_packages(Arc::clone(&link)));
    let server = http::serve(listeners, Arc::clone(&node), http_settings, link.drain());
    link.tell(ToWarden::Serving);
    tokio::select! {
        pumped = link.pump() => pumped.map_err(system("hear the warden")),
        () = server => {
            tracing::debug!("drained");
            Ok(())
        }
        // They have no end: without one of them a new front is better than this.
        _ = tasks.join_next() => Err(FrontError::Background),
    }
}

/// Runs a task for as long as the runtimes are what was sealed, and waits for ever then.
async fn until_unsound(mut unsound: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    let ended = tokio::select! {
        () = task => true,
        // The sender lives as long as the process.
        _ = unsound.wait_for(|unsound| *unsound) => false,
    };
    if !ended {
        std::future::pending().await
    }
}

/// As the warden bound them: to addresses, or to socket files.
fn inherited_listeners(count: usize) -> io::Result<Vec<Listener>> {
    let adopt = |number| {
        let fd = jail::sys::inherited(number)?;
        let bound: SockaddrStorage = getsockname(fd.as_raw_fd())?;
        if bound.family() == Some(AddressFamily::Unix) {
            let listener = UnixListener::from(fd);
            listener.set_nonblocking(true)?;
            return tokio::net::UnixListener::from_std(listener).map(Listener::Unix);
        }
        let listener = TcpListener::from(fd);
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener).map(Listener::Tcp)
    };
    (FIRST_LISTENER_FD..).take(count).map(adopt).collect()
}
