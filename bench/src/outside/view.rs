//! The view: a mount namespace of this process alone, with the store's base as root and the packages at the path that
//! they are made for. Nothing of it is seen by others, and it ends with the process.
//!
//! What packages have for the node's sake is not in it, since a bare compiler knows none of that: headers compiled ahead
//! are empty files, which GCC passes over; GCC starts GNU ld and not the package's own program for it (runtimes/gcc/ld.c);
//! and Python has no start file that would look whether it is to wait for a job.

use crate::error::BenchError;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::io;
use std::path::{Path, PathBuf};

/// The empty file that stands in for others.
const EMPTY: &str = "tmp/empty";

/// Makes it and enters it. This process must have one thread.
pub(super) fn enter(store: &Path) -> Result<(), BenchError> {
    let base = store.join("base");
    make(store, &base).map_err(|source| BenchError::View {
        store: store.display().to_string(),
        source,
    })
}

fn make(store: &Path, base: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    unshare(CloneFlags::CLONE_NEWNS)?;
    change(Path::new("/"), MsFlags::MS_PRIVATE | MsFlags::MS_REC)?;
    bind(base, base)?;
    change(
        base,
        MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | flags,
    )?;
    fresh("tmpfs", &base.join("tmp"), flags)?;
    fresh("tmpfs", &base.join("box"), flags)?;
    fresh("proc", &base.join("proc"), flags | MsFlags::MS_NOEXEC)?;
    bind(Path::new("/dev"), &base.join("dev"))?;
    let packages = base.join("piston/packages");
    bind(&store.join("packages"), &packages)?;
    change(
        &packages,
        MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | flags,
    )?;
    std::fs::write(base.join(EMPTY), "")?;
    take_away(&packages, &base.join(EMPTY))?;
    nix::unistd::chroot(base)?;
    std::env::set_current_dir("/")
}

fn bind(from: &Path, to: &Path) -> io::Result<()> {
    let none: Option<&Path> = None;
    Ok(mount(Some(from), to, none, MsFlags::MS_BIND, none)?)
}

fn change(what: &Path, flags: MsFlags) -> io::Result<()> {
    let none: Option<&Path> = None;
    Ok(mount(none, what, none, flags, none)?)
}

fn fresh(kind: &str, to: &Path, flags: MsFlags) -> io::Result<()> {
    let none: Option<&Path> = None;
    Ok(mount(Some(kind), to, Some(kind), flags, none)?)
}

/// What a package has for the node's sake.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Extra {
    /// An empty file does as well.
    Empty(PathBuf),
    /// The package has the real one too.
    Linker { at: PathBuf, real: PathBuf },
}

fn take_away(packages: &Path, empty: &Path) -> io::Result<()> {
    for extra in extras(packages)? {
        match extra {
            Extra::Empty(path) => bind(empty, &path)?,
            Extra::Linker { at, real } => bind(&real, &at)?,
        }
    }
    Ok(())
}

/// Looks through all packages; links are not followed.
fn extras(packages: &Path) -> io::Result<Vec<Extra>> {
    let (mut found, mut folders) = (Vec::new(), vec![packages.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.extend(extra(entry.path()));
            }
        }
    }
    Ok(found)
}

fn extra(path: PathBuf) -> Option<Extra> {
    let name = path.file_name()?.to_str()?;
    if name.ends_with(".gch") || name == "prestart.pth" {
        return Some(Extra::Empty(path));
    }
    // ROOT/usr/lib/gcc/x86_64-linux-gnu/12/ld
    let real = path.ancestors().nth(5)?.join("bin/x86_64-linux-gnu-ld.bfd");
    let is_linker = name == "ld" && path.ancestors().nth(3)?.ends_with("lib/gcc");
    (is_linker && real.exists()).then_some(Extra::Linker { at: path, real })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_for_the_node_is_found() {
        let root = tempfile::tempdir().unwrap();
        let usr = root.path().join("gcc/12.2.0/usr");
        let library = usr.join("lib/gcc/x86_64-linux-gnu/12");
        for folder in [&library, &usr.join("bin"), &usr.join("include")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let at = |path: &str| usr.join(path);
        for file in [
            "bin/x86_64-linux-gnu-ld.bfd",
            "bin/ld",
            "include/iostream",
            "include/iostream.gch",
        ] {
            std::fs::write(at(file), "x").unwrap();
        }
        std::fs::write(library.join("ld"), "x").unwrap();
        let found = extras(root.path()).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.contains(&Extra::Empty(at("include/iostream.gch"))));
        assert!(found.contains(&Extra::Linker {
            at: library.join("ld"),
            real: at("bin/x86_64-linux-gnu-ld.bfd"),
        }));
    }

    #[test]
    fn a_linker_that_is_a_link_is_the_real_one() {
        let root = tempfile::tempdir().unwrap();
        let library = root.path().join("usr/lib/gcc/x86_64-linux-gnu/12");
        std::fs::create_dir_all(&library).unwrap();
        std::os::unix::fs::symlink("../ld.bfd", library.join("ld")).unwrap();
        assert!(extras(root.path()).unwrap().is_empty());
    }
}
