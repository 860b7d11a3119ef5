//! Whether a folder is mounted anywhere: a job that was given it keeps it that way, also when it has another name by now.

use nix::errno::Errno;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Whether any process of this machine sees a folder mounted somewhere. `proc` is where the processes are.
///
/// Mounts are told by their paths within their own file systems, which need not be ours: the last three names
/// (`.staging/NUMBER/package`) decide where to look closer.
pub(super) fn is_mounted(folder: &Path, proc: &Path) -> io::Result<bool> {
    let ours = fs::symlink_metadata(folder)?;
    let mut known = BTreeSet::new();
    for entry in fs::read_dir(proc)? {
        let process = entry?.path();
        let number = process.file_name().unwrap_or_default();
        if !number.as_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        match in_process(&process, folder, &ours, &mut known) {
            Ok(false) => {}
            Err(error) if has_ended(&error) => {}
            other => return other,
        }
    }
    Ok(false)
}

/// As [`is_mounted`], for one process, unless its mount namespace was looked at already.
fn in_process(
    process: &Path,
    folder: &Path,
    ours: &Metadata,
    known: &mut BTreeSet<PathBuf>,
) -> io::Result<bool> {
    // Of a process that may not be looked into, its mounts are no secret.
    let namespace = fs::read_link(process.join("ns/mnt")).ok();
    if namespace.is_some_and(|namespace| !known.insert(namespace)) {
        return Ok(false);
    }
    let root = process.join("root");
    let mounts = fs::read(process.join("mountinfo"))?;
    let mut lines = mounts.split(|&byte| byte == b'\n');
    Ok(lines.any(|line| shows(line, folder, ours, &root)))
}

/// What reading of a process answers that has ended, or is about to.
fn has_ended(error: &io::Error) -> bool {
    let ended = [Errno::ENOENT, Errno::ESRCH, Errno::EINVAL].map(|errno| errno as i32);
    error
        .raw_os_error()
        .is_some_and(|errno| ended.contains(&errno))
}

/// Whether a line of a process's mounts (proc_pid_mountinfo(5)) is about the folder: fourth what of its file system is shown, fifth
/// where, below the root of that process.
fn shows(line: &[u8], folder: &Path, ours: &Metadata, root: &Path) -> bool {
    let mut fields = line.split(|&byte| byte == b' ').skip(3);
    let (Some(shown), Some(place)) = (fields.next(), fields.next()) else {
        return false;
    };
    let shown = unescaped(shown);
    if !shown.iter().rev().take(3).eq(folder.iter().rev().take(3)) {
        return false;
    }
    let place = unescaped(place);
    match fs::metadata(root.join(place.strip_prefix("/").unwrap_or(&place))) {
        Ok(theirs) => (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()),
        // The process has ended meanwhile, or nobody knows.
        Err(_) => root.try_exists().unwrap_or(true),
    }
}

/// A path in which white space and backslashes are octal numbers.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut path = Vec::new();
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let number = after.first_chunk::<3>().filter(|_| *first == b'\\');
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                path.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                path.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(OsString::from_vec(path))
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
        // One that has ended meanwhile, and one with the same mounts.
        fs::create_dir(proc.join("12")).unwrap();
        fs::create_dir(proc.join("self")).unwrap();
        fs::create_dir_all(proc.join("13/ns")).unwrap();
        symlink("mnt:[1]", proc.join("13/ns/mnt")).unwrap();
        fs::write(proc.join("13/mountinfo"), "").unwrap();
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
        // Whoever may make mounts does not keep packages by one that is called so.
        for root in [
            "/package",
            "/3/package",
            "/.staging/4/package",
            "/x.staging/3/package",
        ] {
            see(root);
            fs::remove_file(jobs.join("1.0.0")).ok();
            assert!(!mounted(), "{root}");
        }
        // What is not known is not taken for nothing.
        fs::remove_file(proc.join("13/mountinfo")).unwrap();
        fs::create_dir(proc.join("13/mountinfo")).unwrap();
        assert!(is_mounted(&folder, &proc).is_err());
    }

    #[test]
    fn paths_are_read_as_the_kernel_writes_them() {
        for (field, path) in [
            ("/a/b", "/a/b"),
            (r"/a\040b\134", r"/a b\"),
            (r"/a\04", r"/a\04"),
            (r"\777", r"\777"),
        ] {
            assert_eq!(unescaped(field.as_bytes()), Path::new(path));
        }
    }
}
