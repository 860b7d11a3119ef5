//! The processor time of a whole node: of the warden, of everything that it started, and of every program of every jail,
//! those that are gone too.
//!
//! The kernel's account of a cgroup has it all. Adding up the processes themselves would leave out those that nobody waits
//! for, which in a jail that is killed is everything but its init.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where the node's time is added up.
#[derive(Debug)]
pub(super) enum Account {
    /// cgroup v1: a group of the controller cpuacct that is made for the node, and in which it makes its own.
    Group(PathBuf),
    /// cgroup v2: the scope that systemd makes for the node, where it can hand limits down.
    Scope,
    /// cgroup v2 without systemd: the node has no group that is its alone.
    None,
}

impl Account {
    /// For a node that is yet to start.
    pub(super) fn open(name: &str) -> std::io::Result<Self> {
        if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            let has_systemd = Path::new("/run/systemd/system").is_dir();
            return Ok(if has_systemd { Self::Scope } else { Self::None });
        }
        let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
        let member = std::fs::read_to_string("/proc/self/cgroup")?;
        let Some(own) = own_group(&mounts, &member) else {
            return Ok(Self::None);
        };
        let group = own.join(name);
        match std::fs::create_dir(&group) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(Self::Group(group)),
        }
    }

    /// The command that becomes `program` on its account, with the same process number.
    pub(super) fn command(&self, program: &Path) -> Command {
        match self {
            Self::Group(folder) => {
                let mut command = Command::new("/bin/sh");
                command
                    .args(["-c", "echo $$ >\"$0/cgroup.procs\" && exec \"$@\""])
                    .arg(folder)
                    .arg(program);
                command
            }
            Self::Scope => {
                let mut command = Command::new("systemd-run");
                command
                    .args(["--quiet", "--scope", "--property=Delegate=yes", "--"])
                    .arg(program);
                command
            }
            Self::None => Command::new(program),
        }
    }

    /// Used so far by the node with this first process; `None` where there is no account.
    pub(super) fn used(&self, pid: u32) -> std::io::Result<Option<Duration>> {
        match self {
            Self::Group(folder) => {
                let text = std::fs::read_to_string(folder.join("cpuacct.usage"))?;
                Ok(text.trim().parse().ok().map(Duration::from_nanos))
            }
            Self::Scope => {
                let member = std::fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
                let Some(scope) = scope_of(&member) else {
                    return Ok(None);
                };
                let file = Path::new("/sys/fs/cgroup").join(scope).join("cpu.stat");
                Ok(usage(&std::fs::read_to_string(file)?))
            }
            Self::None => Ok(None),
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Self::Group(folder) = self {
            // The node is gone; the kernel may need a moment more to see the group empty.
            for _ in 0..50 {
                if std::fs::remove_dir(&*folder).is_ok() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// The folder of this process's group of cpuacct, by mountinfo and /proc/self/cgroup.
fn own_group(mounts: &str, member: &str) -> Option<PathBuf> {
    let lists_it = |list: &str| list.split(',').any(|name| name == "cpuacct");
    let (root, point) = mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - cgroup ")?;
        let mut fields = mount.split(' ').skip(3);
        let found = (fields.next()?, fields.next()?);
        lists_it(kind.rsplit(' ').next()?).then_some(found)
    })?;
    let path = member.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        (lists_it(parts.next()?)).then(|| parts.next())?
    })?;
    let below = path
        .strip_prefix(root.trim_end_matches('/'))
        .unwrap_or(path);
    Some(Path::new(point).join(below.trim_start_matches('/')))
}

/// The path of the scope that a process of v2 is in, without the first slash.
fn scope_of(member: &str) -> Option<&str> {
    let path = member.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let end = path.rfind(".scope")? + ".scope".len();
    path.get(..end)
}

fn usage(cpu_stat: &str) -> Option<Duration> {
    let line = cpu_stat
        .lines()
        .find_map(|line| line.strip_prefix("usage_usec "))?;
    line.trim().parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_version_1() {
        let mounts = "30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n";
        let member = "4:memory:/a\n3:cpu,cpuacct:/user/x\n0::/\n";
        assert_eq!(
            own_group(mounts, member).unwrap(),
            Path::new("/sys/fs/cgroup/cpu,cpuacct/user/x")
        );
        let bound = mounts.replace("0:27 / ", "0:27 /user ");
        assert_eq!(
            own_group(&bound, member).unwrap(),
            Path::new("/sys/fs/cgroup/cpu,cpuacct/x")
        );
        assert!(own_group("", member).is_none());
    }

    #[test]
    fn the_scope_of_version_2() {
        let member = "0::/system.slice/run-r5.scope/warden\n";
        assert_eq!(scope_of(member), Some("system.slice/run-r5.scope"));
        assert_eq!(scope_of("0::/\n"), None);
        let stat = "usage_usec 1500\nuser_usec 1000\n";
        assert_eq!(usage(stat), Some(Duration::from_micros(1500)));
        assert_eq!(usage("user_usec 1\n"), None);
    }
}
