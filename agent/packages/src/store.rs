//! The store's folders: finding packages and reading their files.

mod contents;

use contents::read_contents;

use crate::error::PackageError;
use crate::id::PackageId;
use crate::package::Package;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Piston's mark of a package that is there in full.
pub(crate) const INSTALLED: &str = ".ppman-installed";

/// Where the store is mounted inside a jail, the place for which Piston's own packages are built.
const INSIDE: &str = "/piston/packages";

/// The longest `pkg-info.json` or `.env`, in bytes. Piston's are below 1 KiB.
const FILE_MAX: u64 = 64 * 1024;

/// The most entries in a folder of the store; each package is read into memory.
const ENTRIES_MAX: usize = 1024;

/// A folder of packages.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The store in `dir`.
    ///
    /// # Errors
    /// `dir` can't be read as a folder.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, PackageError> {
        let dir = dir.into();
        match fs::read_dir(&dir) {
            Ok(_) => Ok(Self { dir }),
            Err(source) => Err(PackageError::Read { path: dir, source }),
        }
    }

    /// The store in `dir`, which need not be there.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Whether a package is there in full, a broken one too.
    #[must_use]
    pub fn has(&self, id: &PackageId) -> bool {
        self.dir.join(id.folder()).join(INSTALLED).exists()
    }

    /// The folder that it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folders of all packages that are there in full, broken ones too, and what keeps others from being looked at.
    #[must_use]
    pub fn installed(&self) -> (Vec<PathBuf>, Vec<PackageError>) {
        let (mut installed, mut errors) = (Vec::new(), Vec::new());
        for (_, name_dir) in folders(&self.dir, &mut errors) {
            for (_, dir) in folders(&name_dir, &mut errors) {
                match exists(&dir.join(INSTALLED)) {
                    Ok(true) => installed.push(dir),
                    Ok(false) => {}
                    Err(error) => errors.push(error),
                }
            }
        }
        (installed, errors)
    }

    /// Every installed package, by name and then version in the order of folder names, and what is wrong with the
    /// others. A folder without the installed mark is a package still being made, and left out.
    #[must_use]
    pub fn packages(&self) -> (Vec<Package>, Vec<PackageError>) {
        let (mut packages, mut errors) = (Vec::new(), Vec::new());
        for (name, name_dir) in folders(&self.dir, &mut errors) {
            for (version, dir) in folders(&name_dir, &mut errors) {
                match read_package(&name, &version, dir) {
                    Ok(Some(package)) => packages.push(package),
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
            }
        }
        (packages, errors)
    }
}

/// Checks what a package says of itself in a folder where it was unpacked: that it is `id`, and one that can be used. For whoever
/// unpacks: [`install`](crate::install) does not read it.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_package(id: &PackageId, folder: &Path) -> Result<(), PackageError> {
    read_contents(id.name(), &id.version().to_string(), folder.to_owned()).map(drop)
}

/// The folders in `dir` with their names, sorted. Plain files between them are of no concern.
fn folders(dir: &Path, errors: &mut Vec<PackageError>) -> Vec<(String, PathBuf)> {
    let read = || -> io::Result<Vec<_>> {
        fs::read_dir(dir)?
            .take(ENTRIES_MAX + 1)
            .map(|entry| entry.and_then(|e| Ok((e.path(), e.file_type()?))))
            .collect()
    };
    let entries = match read() {
        Ok(entries) => entries,
        Err(source) => {
            errors.push(PackageError::Read {
                path: dir.to_owned(),
                source,
            });
            return Vec::new();
        }
    };
    if entries.len() > ENTRIES_MAX {
        errors.push(PackageError::TooMany {
            path: dir.to_owned(),
            limit: ENTRIES_MAX,
        });
    }
    let mut folders = Vec::new();
    for (path, kind) in entries.into_iter().take(ENTRIES_MAX) {
        if kind.is_symlink() {
            errors.push(PackageError::Link { path });
        } else if kind.is_dir()
            && let Some(name) = path.file_name().and_then(|name| name.to_str())
        {
            folders.push((name.to_owned(), path));
        }
    }
    folders.sort();
    folders
}

/// The package in `dir`; `None` when it is not installed in full.
fn read_package(name: &str, version: &str, dir: PathBuf) -> Result<Option<Package>, PackageError> {
    match exists(&dir.join(INSTALLED))? {
        true => read_contents(name, version, dir).map(Some),
        false => Ok(None),
    }
}

fn exists(path: &Path) -> Result<bool, PackageError> {
    path.try_exists().map_err(|source| PackageError::Read {
        path: path.to_owned(),
        source,
    })
}

/// All of a file that may not be longer than [`FILE_MAX`].
fn read_all(path: &Path) -> Result<Vec<u8>, PackageError> {
    let limit = usize::try_from(FILE_MAX).unwrap_or(usize::MAX);
    let bytes = read_head(path, limit + 1)?;
    if bytes.len() > limit {
        return Err(PackageError::TooLong {
            path: path.to_owned(),
            limit: FILE_MAX,
        });
    }
    Ok(bytes)
}

fn read_head(path: &Path, most: usize) -> Result<Vec<u8>, PackageError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most as u64).read_to_end(&mut bytes))
        .map_err(|source| PackageError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
