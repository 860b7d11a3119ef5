//! The runtimes as jobs see them: each part (`base` and every package) mounted read-only from a sealed image, or where
//! that can't be from its folder, below one folder that exists in the warden's mount namespace only:
//!
//! ```text
//! STATE/runtimes/                            tmpfs, read-only once it is complete
//!   base/  packages/NAME/VERSION/            the mounts, which jails take over
//!   sealed/PART.json                         the manifest of each
//!   sealed/PART.image                        the image file itself, where there is one; jails don't have this folder
//!   packages/NAME/.retired-VERSION           no new job gets this one; it is unmounted when those that waited have begun
//! ```
//!
//! [`provide()`] has all of it made before the node serves, [`Refresh`] has it follow the store while it does, [`verify()`]
//! and the warden's own checks compare it with the manifests at any time. Helpers do that work: the warden neither waits
//! for it, nor reads these files, nor has threads.

mod check;

mod prepare;
mod provide;
mod verify;

pub(crate) use check::{MISMATCH, Order, check_main, start_check};
pub(crate) use prepare::{means, parts, prepare_main};
pub(crate) use provide::{ProvideError, Refresh, Started, provide};
pub(crate) use verify::verify;

use std::path::{Path, PathBuf};

/// Command names of the helpers.
pub(crate) const PREPARE: &str = "prepare-runtimes";
pub(crate) const CHECK: &str = "check-runtimes";

/// The folder in which everything is mounted.
#[derive(Clone, Debug)]
pub(crate) struct View {
    root: PathBuf,
}

impl View {
    /// That of the node with this state directory, seen from inside its mount namespace.
    pub(crate) fn of(state_directory: &Path) -> Self {
        Self {
            root: state_directory.join("runtimes"),
        }
    }

    /// The same seen from outside, through the root of a process inside.
    pub(crate) fn through(&self, warden: &crate::instance::Running) -> Self {
        let inside = self.root.strip_prefix("/").unwrap_or(&self.root);
        Self {
            root: warden.root().join(inside),
        }
    }

    /// Whether all of it is there: the last step of making it has it read-only.
    pub(crate) fn is_complete(&self) -> bool {
        use nix::sys::statvfs::{FsFlags, statvfs};
        statvfs(&self.root).is_ok_and(|status| status.flags().contains(FsFlags::ST_RDONLY))
    }

    /// Whether new jobs get the package in this folder of the store.
    pub(crate) fn offers(&self, folder: &str) -> bool {
        let package = self.packages().join(folder);
        package.is_dir() && !is_retired(&package)
    }

    /// Lets root change what is there, or nobody.
    fn set_writable(&self, writable: bool) -> std::io::Result<()> {
        use nix::mount::{MsFlags, mount};
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        let flags = if writable {
            flags
        } else {
            flags | MsFlags::MS_RDONLY
        };
        mount(None::<&str>, &self.root, None::<&str>, flags, None::<&str>)?;
        Ok(())
    }

    /// What is mounted there of the store, as parts.
    fn packages_there(&self) -> std::io::Result<Vec<String>> {
        let mut parts = Vec::new();
        for name in folders(&self.packages())? {
            for version in folders(&self.packages().join(&name))? {
                parts.push(format!("packages/{name}/{version}"));
            }
        }
        Ok(parts)
    }

    /// Root folder of every jail.
    pub(crate) fn base(&self) -> PathBuf {
        self.root.join("base")
    }

    /// The store, in Piston's layout.
    pub(crate) fn packages(&self) -> PathBuf {
        self.root.join("packages")
    }

    fn part(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }

    fn sealed(&self) -> PathBuf {
        self.root.join("sealed")
    }

    fn manifest(&self, part: &str) -> PathBuf {
        self.sealed().join(format!("{part}.json"))
    }

    fn image(&self, part: &str) -> PathBuf {
        self.sealed().join(format!("{part}.image"))
    }
}

/// The mark of a package that no new job gets, beside its folder: below the packages, where the front sees it.
fn retired_mark(package: &Path) -> Option<PathBuf> {
    let version = package.file_name()?.to_str()?;
    Some(package.with_file_name(format!(".retired-{version}")))
}

/// Whether a package, by its folder in a view, is there only for jobs that asked for it before it was removed.
pub(crate) fn is_retired(package: &Path) -> bool {
    retired_mark(package).is_some_and(|mark| mark.exists())
}

/// Names of the folders in one; none where it does not exist.
fn folders(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let (true, Ok(name)) = (entry.file_type()?.is_dir(), entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
