//! Nodes of the bench's own: each beside all others of the machine, and ended when its owner is dropped.

use super::account::Account;
use crate::client::{Client, Target};
use crate::error::BenchError;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The first start of a store seals its runtimes, which takes long.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// A node with nothing to do stops at once; then it is killed.
const ENDED_WITHIN: Duration = Duration::from_secs(15);
/// Longest wait for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Where the node and what becomes it are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What all nodes of one run share.
#[derive(Debug)]
pub(super) struct Site {
    agent: PathBuf,
    store: PathBuf,
}

impl Site {
    /// Fails where there is no such program.
    pub(super) fn new(agent: &Path, store: &Path) -> Result<Self, BenchError> {
        let absolute = |path: &Path| {
            path.canonicalize().map_err(|source| BenchError::ReadFile {
                path: path.display().to_string(),
                source,
            })
        };
        Ok(Self {
            agent: absolute(agent)?,
            store: absolute(store)?,
        })
    }
}

/// Whether jails are kept ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pools {
    /// As a node has them by itself.
    Default,
    /// None: every jail is made for its job.
    Off,
}

/// A node that serves.
#[derive(Debug)]
pub(super) struct Node {
    // Ended by `drop`, before the account and the folder go.
    child: Child,
    port: u16,
    folder: TempDir,
    account: Account,
    /// From its start to the first answer that it is ready.
    pub(super) ready_after: Duration,
}

impl Node {
    /// Starts it with the configuration that a node has by itself, and waits until it is ready.
    pub(super) async fn start(site: &Site, pools: Pools) -> Result<Self, BenchError> {
        let port = free_port().map_err(BenchError::Start)?;
        let folder = tempfile::tempdir().map_err(BenchError::Start)?;
        // Other accounts look for sockets in it.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711))
            .map_err(BenchError::Start)?;
        let log = std::fs::File::create(folder.path().join("log")).map_err(BenchError::Start)?;
        let account =
            Account::open(&format!("codecapsule-bench-{port}")).map_err(BenchError::Start)?;
        let begin = Instant::now();
        let child = account
            .command(&site.agent)
            .args(arguments(site, pools, port, folder.path()))
            // Nothing of the caller's configures it.
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(BenchError::Start)?;
        let mut node = Self {
            child,
            port,
            folder,
            account,
            ready_after: Duration::ZERO,
        };
        while !is_ready(port, pools) {
            node.require_alive()?;
            if begin.elapsed() > READY_WITHIN {
                return Err(node.dead("it is not ready"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        node.ready_after = begin.elapsed();
        Ok(node)
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A connection to it.
    pub(super) fn client(&self) -> Result<Client, BenchError> {
        Ok(Client::new(Target::parse(&self.url())?, ANSWER_WITHIN))
    }

    /// Its first process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Processor time of all that it ever started; `None` where the machine keeps no account of it.
    pub(super) fn cpu(&self) -> Result<Option<Duration>, BenchError> {
        self.account
            .used(self.pid())
            .map_err(|source| BenchError::Account { source })
    }

    /// Fails with its last words when it has ended.
    pub(super) fn require_alive(&mut self) -> Result<(), BenchError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.dead(&status.to_string())),
            Err(source) => Err(BenchError::Start(source)),
        }
    }

    fn dead(&self, how: &str) -> BenchError {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        BenchError::NodeDied {
            how: how.to_owned(),
            log: last.join("\n"),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).map(Pid::from_raw);
        let told = pid.is_ok_and(|pid| kill(pid, Signal::SIGTERM).is_ok());
        let end = Instant::now() + ENDED_WITHIN;
        while told && Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Of no effect where it has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What makes it one of several on a machine, as packaging/dev/serve does.
fn arguments(site: &Site, pools: Pools, port: u16, folder: &Path) -> Vec<String> {
    let first = 2_101_000_000 + u32::from(port) * 700;
    let last = first + 699;
    let mut arguments = vec![
        "serve".to_owned(),
        // Not the host's own.
        "--config=/dev/null".to_owned(),
        format!("--bind-address=127.0.0.1:{port}"),
        format!("--data-directory={}", site.store.display()),
        format!("--state-directory={}", folder.join("state").display()),
        format!("--cgroup=codecapsule-bench-{port}"),
    ];
    let mut set = |key: &str, value: u32| arguments.push(format!("--set={key}={value}"));
    for kind in ["uid", "gid"] {
        set(&format!("runner_{kind}_min"), first);
        set(&format!("runner_{kind}_max"), last);
    }
    if pools == Pools::Off {
        set("pool_size", 0);
    }
    arguments
}

/// One that nobody listens on. It could be taken before the node does; then the node says so.
fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// By `/readyz`, and where there are pools by the figures, which say when they are full.
fn is_ready(port: u16, pools: Pools) -> bool {
    let is_full =
        || ask(port, "/metrics").is_ok_and(|text| text.contains("\ncapsule_pool_complete 1\n"));
    ask(port, "/readyz").is_ok_and(|text| text.starts_with("HTTP/1.1 200 "))
        && (pools == Pools::Off || is_full())
}

fn ask(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a script in the node's place.
    fn start(script: &str) -> Result<Node, BenchError> {
        let folder = tempfile::tempdir().unwrap();
        let agent = folder.path().join("agent");
        std::fs::write(&agent, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&agent, Permissions::from_mode(0o755)).unwrap();
        let site = Site::new(&agent, folder.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(Node::start(&site, Pools::Off))
    }

    #[test]
    fn a_node_that_does_not_start_leaves_its_last_words() {
        let error = start("echo the store is empty >&2; exit 3").unwrap_err();
        let text = crate::error::chain(&error);
        assert!(
            text.contains("exit status: 3") && text.contains("the store is empty"),
            "{text}"
        );
    }

    #[test]
    fn two_nodes_have_nothing_in_common() {
        let site = Site {
            agent: "/a".into(),
            store: "/s".into(),
        };
        let of = |port| arguments(&site, Pools::Default, port, Path::new(&format!("/{port}")));
        let (one, two) = (of(2001), of(2002));
        let shared: Vec<_> = one.iter().filter(|word| two.contains(word)).collect();
        assert_eq!(
            shared,
            ["serve", "--config=/dev/null", "--data-directory=/s"]
        );
        assert!(!one.iter().any(|word| word.contains("pool_size")));
        assert!(
            arguments(&site, Pools::Off, 1, Path::new("/t"))
                .contains(&"--set=pool_size=0".to_owned())
        );
    }

    #[test]
    fn an_agent_that_is_not_there_is_named() {
        let error = Site::new(Path::new("/no/agent"), Path::new("/")).unwrap_err();
        assert!(crate::error::chain(&error).contains("/no/agent"));
    }
}
