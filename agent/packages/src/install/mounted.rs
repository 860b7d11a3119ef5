//! Whether a folder is mounted anywhere: a job that was given it keeps it that way, also when it has another name by now.

use std::fs;
use std::io;
use std::path::Path;

/// Whether any process of this machine sees `folder`, or something in it, mounted somewhere. `proc` is where the processes
/// are. Only the last three names of it count: mounts are told by paths within their own
/// file system, so that a folder of another data directory may be taken for this one.
pub(super) fn is_mounted(folder: &Path, proc: &Path) -> io::Result<bool> {
    let names: Vec<_> = folder.iter().map(|name| name.to_string_lossy()).collect();
    let end = names.get(names.len().saturating_sub(3)..).unwrap_or(&names);
    let end = format!("/{}/", end.join("/"));
    for entry in fs::read_dir(proc)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        // One that has ended meanwhile sees nothing.
        let mounts = fs::read_to_string(entry.path().join("mountinfo")).unwrap_or_default();
        if mounts
            .lines()
            .any(|line| format!("{}/", root(line)).contains(&end))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What of its file system a mount shows: the fourth field (proc_pid_mountinfo(5)).
fn root(line: &str) -> &str {
    line.split(' ').nth(3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_in_any_process_counts() {
        let proc = tempfile::tempdir().unwrap();
        let folder = Path::new("/var/lib/codecapsule/.staging/3/package");
        let mounted = || is_mounted(folder, proc.path()).unwrap();
        fs::create_dir(proc.path().join("self")).unwrap();
        fs::create_dir(proc.path().join("12")).unwrap();
        fs::create_dir(proc.path().join("13")).unwrap();
        let see = |root: &str| {
            let line = format!(
                "30 20 8:1 / / rw - ext4 /dev/vda rw\n31 20 8:1 {root} /piston/packages/x/1.0.0 ro,nosuid - ext4 /dev/vda rw\n"
            );
            fs::write(proc.path().join("13/mountinfo"), line).unwrap();
        };
        assert!(!mounted());
        for root in [
            "/lib/codecapsule/.staging/3/package",
            "/lib/codecapsule/.staging/3/package/lib",
        ] {
            see(root);
            assert!(mounted(), "{root}");
        }
        for root in [
            "/",
            "/lib/codecapsule/packages/x/1.0.0",
            "/lib/codecapsule/.staging/13/package",
            "/lib/codecapsule/.staging/3/packages",
            "/lib/codecapsule/.staging/3",
        ] {
            see(root);
            assert!(!mounted(), "{root}");
        }
    }
}
