//! How a node is brought up: its configuration, its process, and the two signs that it serves.

use crate::http::{self, Request};
use crate::options::NodeOptions;
use crate::prerequisites::{agent_binary, store};
use crate::site::Site;
use crate::wait;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a node prints when it serves.
const LISTENING: &str = "listening on http://";

/// A node that did not come up.
#[derive(Debug)]
pub struct StartError {
    /// How it ended; `None` where it still ran and was killed.
    pub status: Option<ExitStatus>,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// A process that serves.
#[derive(Debug)]
pub(crate) struct Launched {
    /// The warden.
    pub(crate) child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    stderr: Arc<Mutex<String>>,
}

impl Launched {
    /// The warden's number.
    pub(crate) fn pid(&self) -> i32 {
        pid_of(&self.child)
    }

    /// What it wrote to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        text_of(&self.stderr)
    }
}

/// A child's number.
pub(crate) fn pid_of(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("process numbers fit")
}

/// Kills a child and waits for it.
pub(crate) fn end(child: &mut Child) {
    child.kill().expect("a child can be killed");
    child.wait().expect("a killed process ends");
}

fn text_of(collected: &Mutex<String>) -> String {
    collected
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Writes the configuration: what the test set, and the node's own place where it did not.
pub(crate) fn write_config(site: &Site, options: &NodeOptions) {
    let text = |path: std::path::PathBuf| toml::Value::String(path.to_string_lossy().into_owned());
    let mut config = options.config.clone();
    let mut own = |key: &str, value: toml::Value| {
        config.entry(key).or_insert(value);
    };
    own("bind_address", "127.0.0.1:0".into());
    own("data_directory", text(store()));
    own("state_directory", text(site.state_directory()));
    own("cgroup", site.cgroup.as_str().into());
    own("runner_uid_min", i64::from(*site.uids.start()).into());
    own("runner_uid_max", i64::from(*site.uids.end()).into());
    own("runner_gid_min", i64::from(*site.uids.start()).into());
    own("runner_gid_max", i64::from(*site.uids.end()).into());
    // An emulated processor takes minutes to seal and to compare half a GiB.
    let images = if wait::slowness() == 1 { "auto" } else { "off" };
    own("runtime_images", images.into());
    // There on every system, where the account of an installed node need not be.
    own("user", "nobody".into());
    std::fs::write(site.config_file(), config.to_string())
        .expect("a file can be written into a fresh folder");
}

/// The node's binary, in a group of its own, through another command if the test wants that.
fn command(options: &NodeOptions) -> Command {
    let agent = agent_binary().into_os_string();
    let through = options.through.iter().map(OsString::from);
    let mut words = own_group()
        .iter()
        .map(OsString::from)
        .chain(through)
        .chain([agent]);
    let mut command = Command::new(words.next().expect("there is at least the agent"));
    command.args(words);
    command
}

/// Whether every node is started in a cgroup of its own, where names of other nodes do not clash with its own.
#[must_use]
pub fn nodes_have_own_groups() -> bool {
    !own_group().is_empty()
}

/// On cgroup v2 a group that holds other processes, as a login session's does, can't hand limits down. systemd makes
/// one for a command and becomes that command, with the same number.
fn own_group() -> &'static [&'static str] {
    let unified = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    if unified && Path::new("/run/systemd/system").is_dir() {
        &[
            "systemd-run",
            "--quiet",
            "--scope",
            "--property=Delegate=yes",
            "--",
        ]
    } else {
        &[]
    }
}

/// Starts the process and waits until it serves.
pub(crate) fn spawn(site: &Site, options: &NodeOptions) -> Result<Launched, StartError> {
    let mut child = command(options)
        .args(["serve", "--config"])
        .arg(site.config_file())
        .env_clear()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .envs(options.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the daemon can be started");
    let stderr = collect_stderr(&mut child);
    // Runtimes are sealed before it listens.
    let limit = options.ready_within * wait::slowness();
    let end_of_wait = Instant::now() + limit;
    let address = listening_address(&mut child, limit);
    let ready = address.filter(|address| {
        let is_ready = || {
            http::send(*address, &Request::get("/readyz"))
                .ok()
                .filter(|reply| reply.status == 200)
        };
        wait::until(
            end_of_wait.saturating_duration_since(Instant::now()),
            is_ready,
        )
        .is_some()
    });
    match ready {
        Some(address) => Ok(Launched {
            child,
            address,
            stderr,
        }),
        None => {
            // Without an address it is about to end by itself, and its own status tells more.
            let ended = wait::until(Duration::from_secs(1), || child.try_wait().transpose());
            if ended.is_none() {
                end(&mut child);
            }
            // The collector sees the end of the pipe a moment later.
            std::thread::sleep(Duration::from_millis(100));
            Err(StartError {
                status: ended.and_then(Result::ok),
                stderr: text_of(&stderr),
            })
        }
    }
}

/// Reads stderr to its end in a thread, so that the node never waits for us.
fn collect_stderr(child: &mut Child) -> Arc<Mutex<String>> {
    let mut pipe = child.stderr.take().expect("stderr is a pipe");
    let text = Arc::new(Mutex::new(String::new()));
    let collected = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            let mut text = collected.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    });
    text
}

/// The address that the node prints; `None` when it ends or takes too long.
fn listening_address(child: &mut Child, limit: Duration) -> Option<SocketAddr> {
    let pipe = child.stdout.take().expect("stdout is a pipe");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // To the end of the pipe, so that the node can go on writing; nobody listens after the first line found.
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix(LISTENING) {
                drop(sender.send(address.trim_end_matches('/').parse()));
            }
        }
    });
    receiver.recv_timeout(limit).ok()?.ok()
}
