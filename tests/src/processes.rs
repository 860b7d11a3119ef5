//! The processes of the host, read from /proc. A process that ends while it is read is left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent's number.
    pub parent: i32,
    /// Start time in clock ticks since boot: with the number it names a process for good.
    pub started: u64,
    /// One letter: R, S, D, Z ...
    pub state: char,
    /// Real uid on the host.
    pub uid: u32,
    /// The kernel's name of it.
    pub name: String,
    /// Command line.
    pub args: Vec<String>,
}

impl Process {
    /// Reads one process, if it is there.
    #[must_use]
    pub fn read(pid: i32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let args = fs::read(folder.join("cmdline")).ok()?;
        // The name is in parentheses and may hold any character, so the fields are counted from its end.
        let (front, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let uid = status
            .lines()
            .find_map(|line| line.strip_prefix("Uid:"))?
            .split_whitespace()
            .next()?;
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
            state: fields.first()?.chars().next()?,
            uid: uid.parse().ok()?,
            name: front.split_once('(')?.1.to_owned(),
            args: args
                .split(|byte| *byte == 0)
                .filter(|arg| !arg.is_empty())
                .map(|arg| String::from_utf8_lossy(arg).into_owned())
                .collect(),
        })
    }

    /// Whether this very process, not a later one of its number, is still there (a zombie is).
    #[must_use]
    pub fn is_there(&self) -> bool {
        Self::read(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// The groups it is in, one line per hierarchy.
    #[must_use]
    pub fn cgroups(&self) -> String {
        fs::read_to_string(format!("/proc/{}/cgroup", self.pid)).unwrap_or_default()
    }

    /// Its network namespace as `net:[4026531840]`.
    #[must_use]
    pub fn network_namespace(&self) -> Option<String> {
        let link = fs::read_link(format!("/proc/{}/ns/net", self.pid)).ok()?;
        Some(link.to_string_lossy().into_owned())
    }

    /// Its open files by descriptor.
    #[must_use]
    pub fn descriptors(&self) -> BTreeMap<u32, String> {
        let Ok(entries) = fs::read_dir(format!("/proc/{}/fd", self.pid)) else {
            return BTreeMap::new();
        };
        entries
            .flatten()
            .filter_map(|entry| {
                let number = entry.file_name().to_str()?.parse().ok()?;
                let link = fs::read_link(entry.path()).ok()?;
                Some((number, link.to_string_lossy().into_owned()))
            })
            .collect()
    }
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            pid,
            parent,
            state,
            uid,
            name,
            ..
        } = self;
        let args: String = self.args.join(" ").chars().take(80).collect();
        write!(f, "{pid} {state} {name} uid {uid} parent {parent} `{args}`")
    }
}

/// All processes of the host.
#[must_use]
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    entries
        .flatten()
        .filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// The processes that descend from `root`, itself left out.
#[must_use]
pub fn descendants(root: i32) -> Vec<Process> {
    let mut rest = all();
    let mut generation = vec![root];
    let mut found = Vec::new();
    while !generation.is_empty() {
        let (children, others): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|process| generation.contains(&process.parent));
        generation = children.iter().map(|process| process.pid).collect();
        found.extend(children);
        rest = others;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn reads_this_process() {
        let pid = i32::try_from(std::process::id()).expect("process numbers fit");
        let this = Process::read(pid).expect("it runs");
        assert_eq!(this.uid, nix::unistd::getuid().as_raw());
        assert!(!this.args.is_empty() && this.is_there());
        assert!(!this.descriptors().is_empty());
    }

    #[test]
    fn finds_children_and_misses_them_when_gone() {
        let mut child = Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("sleep starts");
        let pid = i32::try_from(child.id()).expect("process numbers fit");
        let own = i32::try_from(std::process::id()).expect("process numbers fit");
        let found = descendants(own)
            .into_iter()
            .find(|process| process.pid == pid)
            .expect("it is a descendant");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        assert!(!found.is_there());
    }
}
