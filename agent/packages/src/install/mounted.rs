//! Whether a folder is mounted anywhere: a job that was given it keeps it that way, also when it has another name by now.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether any process of this machine sees a folder mounted somewhere. `proc` is where the processes are.
///
/// Mounts are told by their paths within their own file systems, which need not be ours: the last name decides where to look
/// closer.
pub(super) fn is_mounted(folder: &Path, proc: &Path) -> io::Result<bool> {
    let ours = fs::symlink_metadata(folder)?;
    for entry in fs::read_dir(proc)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        // One that has ended meanwhile sees nothing.
        let mounts = fs::read_to_string(entry.path().join("mountinfo")).unwrap_or_default();
        let root = entry.path().join("root");
        if mounts.lines().any(|line| shows(line, folder, &ours, &root)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a line of a process's mounts (proc_pid_mountinfo(5)) is about the folder: fourth what of its file system is shown, fifth
/// where, below the root of that process.
fn shows(line: &str, folder: &Path, ours: &Metadata, root: &Path) -> bool {
    let mut fields = line.split(' ').skip(3);
    let (Some(shown), Some(place)) = (fields.next(), fields.next()) else {
        return false;
    };
    if Path::new(shown).file_name() != folder.file_name() {
        return false;
    }
    let place = place.strip_prefix('/').unwrap_or(place);
    match fs::metadata(root.join(place)) {
        Ok(theirs) => (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()),
        // The process has ended meanwhile, or nobody knows.
        Err(_) => root.exists(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_mount_in_any_process_counts() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join(".staging/3/package");
        let other = data.path().join(".staging/4/package");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&other).unwrap();
        let proc = data.path().join("proc");
        let jobs = proc.join("13/root/piston/packages/x");
        fs::create_dir_all(&jobs).unwrap();
        fs::create_dir(proc.join("12")).unwrap();
        fs::create_dir(proc.join("self")).unwrap();
        let mounted = || is_mounted(&folder, &proc).unwrap();
        assert!(!mounted());
        let see = |root: &str| {
            let line = format!(
                "30 20 8:1 / / rw - ext4 /dev/vda rw\n31 20 8:1 {root} /piston/packages/x/1.0.0 ro,nosuid - ext4 /dev/vda rw\n"
            );
            fs::write(proc.join("13/mountinfo"), line).unwrap();
        };
        see("/lib/codecapsule/.staging/3/package");
        // Nobody knows what is there.
        assert!(mounted());
        symlink(&folder, jobs.join("1.0.0")).unwrap();
        assert!(mounted());
        see("/lib/codecapsule/packages/x/1.0.0");
        assert!(!mounted());
        fs::remove_file(jobs.join("1.0.0")).unwrap();
        symlink(&other, jobs.join("1.0.0")).unwrap();
        see("/lib/elsewhere/.staging/3/package");
        assert!(!mounted());
    }
}
