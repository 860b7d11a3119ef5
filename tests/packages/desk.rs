//! A data directory, with or without a node on it, and the command line.

use crate::repository::Repository;
use crate::server::Server;
use capsule_tests::processes::{self, Process};
use capsule_tests::{Node, NodeOptions, agent_binary, require_root, store, wait};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A data directory of its own, empty but for the real base, and its configuration.
pub(crate) struct Desk {
    folder: TempDir,
    config: toml::Table,
}

impl Desk {
    /// That gets packages from this server.
    pub(crate) fn at(server: &Server) -> Self {
        Self::of(&[server.index()])
    }

    /// That gets packages from these indexes.
    pub(crate) fn of(indexes: &[String]) -> Self {
        require_root();
        let folder = tempfile::tempdir().expect("a folder can be made");
        // The front goes through it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let mut desk = Self {
            folder,
            config: toml::Table::new(),
        };
        fs::create_dir_all(desk.data().join("packages")).expect("a folder can be made");
        symlink(store().join("base"), desk.data().join("base")).expect("a link can be made");
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        desk.set("data_directory", text(desk.data()));
        desk.set("package_indexes", indexes.to_vec());
        desk
    }

    /// Sets a key of the configuration.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<toml::Value>) {
        self.config.insert(key.to_owned(), value.into());
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of a package in the store.
    pub(crate) fn package(&self, package: &str) -> PathBuf {
        self.data().join("packages").join(package)
    }

    /// A node on it.
    pub(crate) fn node(&self) -> Node {
        Node::start(self.options())
    }

    /// What a node on it is started with.
    pub(crate) fn options(&self) -> NodeOptions {
        let options = NodeOptions::as_deployed()
            .set("max_concurrent_jobs", 4)
            .set("pool_size", 4)
            .set("queue_timeout", 1000);
        let set = |options: NodeOptions, (key, value): (&String, &toml::Value)| {
            options.set(key, value.clone())
        };
        self.config.iter().fold(options, set)
    }

    /// `capsule-agent packages` with these words, where no node runs.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let config = self.folder.path().join("agent.toml");
        let mut table = self.config.clone();
        let state = self.folder.path().join("state");
        table.insert(
            "state_directory".into(),
            state.to_string_lossy().into_owned().into(),
        );
        fs::write(&config, table.to_string()).expect("a file can be written");
        command(&config, words)
    }

    /// The same, done.
    pub(crate) fn packages(&self, words: &[&str]) -> Said {
        done(&mut self.command(words))
    }

    /// The same, going on.
    pub(crate) fn begin(&self, words: &[&str]) -> Child {
        self.command(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the daemon can be started")
    }

    /// Fails unless nothing but packages is in the data directory: no download, no staging folder.
    pub(crate) fn assert_tidy(&self) {
        let left = self.staged();
        assert!(left.is_empty(), "left in staging: {left:?}");
    }

    /// What is in the staging area besides its lock.
    pub(crate) fn staged(&self) -> Vec<String> {
        let mut names = names(&self.data().join(".staging"));
        names.retain(|name| name != "lock");
        names
    }
}

/// Names in a folder, which need not be there.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn command(config: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(agent_binary());
    command
        .env_clear()
        .arg("packages")
        .args(words)
        .arg("--config")
        .arg(config);
    command
}

/// Runs a command to its end.
pub(crate) fn done(command: &mut Command) -> Said {
    let output = command.output().expect("the daemon can be started");
    Said {
        status: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `capsule-agent packages` with these words, for a node that runs.
pub(crate) fn packages_of(node: &Node, words: &[&str]) -> Said {
    done(&mut command(&node.config_file(), words))
}

/// A process of this role below a command that runs, once it is there.
pub(crate) fn worker(of: &Child, role: &str) -> Option<Process> {
    let pid = i32::try_from(of.id()).expect("process numbers fit");
    let is_it = |process: &Process| process.args.get(1).is_some_and(|arg| arg == role);
    wait::until(Duration::from_secs(20), || {
        processes::descendants(pid).into_iter().find(is_it)
    })
}
/// A repository of one package called so, and a server of it.
pub(crate) fn one(name: &str) -> (Repository, Server) {
    let repository = Repository::with(&[(name, "1.0.0")]);
    let server = Server::start(repository.path());
    (repository, server)
}
