//! Finds the cgroup hierarchies of the host and the agent's own groups in them.

use super::{CgroupError, Version};
use std::path::{Path, PathBuf};

/// The controllers that limits need.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "cpuacct"];

/// Where the agent's own group is, per controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    version: Version,
    /// In the order memory, pids, cpu, cpuacct; all equal on v2.
    own: [PathBuf; 4],
}

impl Hierarchy {
    /// v1 or v2.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    pub(super) fn own_groups(&self) -> [PathBuf; 4] {
        self.own.clone()
    }
}

/// Chooses v2 where its tree has the controllers, else v1.
///
/// `mountinfo` and `membership` are the contents of `/proc/self/mountinfo` and `/proc/self/cgroup`
/// (proc_pid_mountinfo(5), cgroups(7)); `controllers` reads a v2 group's `cgroup.controllers`.
///
/// # Errors
/// [`CgroupError::NoController`] names what is missing.
pub fn detect(
    mountinfo: &str,
    membership: &str,
    controllers: impl Fn(&Path) -> String,
) -> Result<Hierarchy, CgroupError> {
    if let Some((point, root)) =
        mounts(mountinfo).find_map(|m| (m.kind == "cgroup2").then_some((m.point, m.root)))
    {
        let own = own_group(
            &point,
            &root,
            member_path(membership, |list| list.is_empty()),
        );
        let offered = controllers(&point);
        let offered: Vec<&str> = offered.split_whitespace().collect();
        if ["memory", "pids", "cpu"]
            .iter()
            .all(|c| offered.contains(c))
        {
            return Ok(Hierarchy {
                version: Version::V2,
                own: [(); 4].map(|()| own.clone()),
            });
        }
    }
    let mut own = Vec::with_capacity(4);
    for controller in CONTROLLERS {
        let (point, root) = mounts(mountinfo)
            .find_map(|m| {
                let has = m.kind == "cgroup" && m.options.split(',').any(|o| o == controller);
                has.then_some((m.point, m.root))
            })
            .ok_or(CgroupError::NoController(controller))?;
        let member = member_path(membership, |list| list.split(',').any(|c| c == controller));
        own.push(own_group(&point, &root, member));
    }
    let own = own
        .try_into()
        .map_err(|_| CgroupError::NoController("memory"))?;
    Ok(Hierarchy {
        version: Version::V1,
        own,
    })
}

struct Mount<'a> {
    root: PathBuf,
    point: PathBuf,
    kind: &'a str,
    options: &'a str,
}

fn mounts(mountinfo: &str) -> impl Iterator<Item = Mount<'_>> {
    mountinfo.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        let (root, point) = (left.next()?, left.next()?);
        let mut right = right.split(' ');
        let (kind, _source, options) = (right.next()?, right.next()?, right.next().unwrap_or(""));
        Some(Mount {
            root: root.into(),
            point: point.into(),
            kind,
            options,
        })
    })
}

/// The path of the process's group, from the line whose controller list satisfies `wanted`.
fn member_path(membership: &str, wanted: impl Fn(&str) -> bool) -> &str {
    membership
        .lines()
        .find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (list, path) = (fields.next()?, fields.next()?);
            wanted(list).then_some(path)
        })
        .unwrap_or("/")
}

/// Folder of the group at `path` in a hierarchy of which `root` is mounted at `point`.
fn own_group(point: &Path, root: &Path, path: &str) -> PathBuf {
    let path = Path::new(path);
    let below = path
        .strip_prefix(root)
        .or_else(|_| path.strip_prefix("/"))
        .unwrap_or(path);
    if below.as_os_str().is_empty() {
        point.to_path_buf()
    } else {
        point.join(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
32 30 0:28 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct
33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
34 30 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
35 30 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn hybrid_hosts_use_v1_when_the_v2_tree_has_no_controllers() {
        let membership = "8:pids:/\n4:memory:/a/b\n2:cpuacct:/\n1:cpu:/\n0::/";
        let found = detect(HYBRID, membership, |_| "hugetlb".into()).unwrap();
        assert_eq!(found.version(), Version::V1);
        assert_eq!(found.own[0], Path::new("/sys/fs/cgroup/memory/a/b"));
        assert_eq!(found.own[1], Path::new("/sys/fs/cgroup/pids"));
    }

    #[test]
    fn v2_hosts_use_their_own_group() {
        let mounts =
            "30 29 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
        let member = "0::/system.slice/capsule-agent.service";
        let found = detect(mounts, member, |_| "cpuset cpu io memory pids".into()).unwrap();
        assert_eq!(found.version(), Version::V2);
        assert_eq!(
            found.own[0],
            Path::new("/sys/fs/cgroup/system.slice/capsule-agent.service")
        );
    }

    #[test]
    fn comounted_v1_controllers_are_found() {
        let mounts = "\
31 30 0:27 / /c/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 /docker/x /c/memory rw - cgroup cgroup rw,memory
34 30 0:30 / /c/pids rw - cgroup cgroup rw,pids";
        let member = "3:cpu,cpuacct:/\n2:memory:/docker/x\n1:pids:/";
        let found = detect(mounts, member, |_| String::new()).unwrap();
        assert_eq!(found.own[0], Path::new("/c/memory"));
        assert_eq!(found.own[2], found.own[3]);
    }

    #[test]
    fn a_missing_controller_is_named() {
        let error = detect("", "", |_| String::new()).unwrap_err();
        assert!(matches!(error, CgroupError::NoController("memory")));
    }
}
