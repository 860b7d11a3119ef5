//! The state of the whole host as far as a node could change it: read before a node starts and after it stopped.

mod cgroups;
mod files;
mod leftovers;
mod mounts;

use crate::processes::{self, Process};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;

pub use files::owned_by;

/// The kind of things in a node's state directory.
const STATE_FILE: &str = "state file";

/// By what the things of one node are known on the host.
#[derive(Clone, Debug)]
pub struct Traces {
    /// Part of the name of all its cgroup folders.
    pub cgroup: String,
    /// Host uids of its programs.
    pub uids: RangeInclusive<u32>,
    /// Its state directory.
    pub state_directory: PathBuf,
    /// Processes seen while it ran.
    pub processes: Vec<Process>,
    /// Network namespaces seen while it ran, that of the test itself left out.
    pub network_namespaces: BTreeSet<String>,
}

impl Traces {
    /// Notes what belongs to the node now: its processes and their network namespaces.
    pub fn note(&mut self, warden: i32) {
        let ours = nix::unistd::getpid().as_raw();
        let host = Process::read(ours).and_then(|test| test.network_namespace());
        let own = processes::all()
            .into_iter()
            .filter(|process| self.is_ours(process));
        let mut found = processes::descendants(warden);
        found.extend(own);
        found.extend(Process::read(warden));
        for process in found {
            if let Some(namespace) = process.network_namespace()
                && Some(&namespace) != host.as_ref()
            {
                self.network_namespaces.insert(namespace);
            }
            if !self.processes.contains(&process) {
                self.processes.push(process);
            }
        }
    }

    /// Whether a process is known by its uid or its cgroup.
    #[must_use]
    pub fn is_ours(&self, process: &Process) -> bool {
        self.uids.contains(&process.uid) || process.cgroups().contains(&self.cgroup)
    }

    /// The node's processes that are there now.
    #[must_use]
    pub fn alive(&self) -> Vec<Process> {
        let noted = |process: &Process| {
            self.processes
                .iter()
                .any(|known| known.pid == process.pid && known.started == process.started)
        };
        processes::all()
            .into_iter()
            .filter(|process| noted(process) || self.is_ours(process))
            .collect()
    }
}

/// The host at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    things: BTreeSet<String>,
}

impl Host {
    /// Reads all of it.
    #[must_use]
    pub fn read(traces: &Traces) -> Self {
        let mut things = BTreeSet::new();
        let mut add = |kind: &str, found: Vec<String>| {
            things.extend(found.into_iter().map(|thing| format!("{kind}: {thing}")));
        };
        add("mount", mounts::all());
        add(
            "cgroup",
            cgroups::named(&traces.cgroup)
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
        );
        add(
            "process",
            traces.alive().iter().map(ToString::to_string).collect(),
        );
        add(
            "network namespace",
            leftovers::held_namespaces(&traces.network_namespaces),
        );
        add("System V object", leftovers::system_v_objects(&traces.uids));
        add(STATE_FILE, files::below(&traces.state_directory));
        for folder in ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run"] {
            add("file", files::owned_by(folder.as_ref(), &traces.uids));
        }
        Self { things }
    }

    /// Takes over the state files of another moment, as ones that may be there.
    pub fn allow_state_files_of(&mut self, other: &Self) {
        self.things.extend(
            other
                .things
                .iter()
                .filter(|thing| thing.starts_with(STATE_FILE))
                .cloned(),
        );
    }

    /// What is here and was not there before.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<String> {
        self.things.difference(&before.things).cloned().collect()
    }
}

/// How many jails of a node have cgroups.
pub(crate) fn jail_groups(traces: &Traces) -> usize {
    let jails = cgroups::named(&traces.cgroup)
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            name.starts_with("jail-").then(|| name.to_owned())
        });
    jails.collect::<BTreeSet<_>>().len()
}

/// Removes what a broken node left, so that the tests after it are not disturbed.
pub(crate) fn sweep(traces: &Traces) {
    for process in traces.alive() {
        match kill(Pid::from_raw(process.pid), Signal::SIGKILL) {
            // It may end by itself meanwhile, which is as good.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("{process} can't be killed: {error}"),
        }
    }
    cgroups::remove(&traces.cgroup);
}
