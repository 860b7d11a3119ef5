//! `packages bundle`: packages of an index in one file.

use super::bar::Bar;
use super::{Desk, say};
use crate::supply::steps::Download;
use crate::supply::{SupplyError, Wish};
use packages::Part;
use packages::bundle::{write_archive, write_end, write_index};
use packages::index::Fetched;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A bundle that is not made.
#[derive(Debug, thiserror::Error)]
enum BundleError {
    #[error("a bundle has one index, and these packages are of several: make one for each")]
    Indexes,
    #[error("the index that came can't be read")]
    Index(#[source] io::Error),
    #[error("{} can't be written", .0.display())]
    Write(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Supply(#[from] SupplyError),
}

impl Desk {
    /// Downloads packages and writes them to one file, or leaves that as it was.
    pub(super) fn bundle(&mut self, output: &Path, wishes: &[Wish]) {
        match self.make_bundle(output, wishes) {
            Ok(packages) => packages
                .iter()
                .for_each(|package| say(format_args!("{} is in {}", package.id, output.display()))),
            Err(error) => self.failed(&error),
        }
    }

    fn make_bundle(&self, output: &Path, wishes: &[Wish]) -> Result<Vec<Download>, BundleError> {
        let installer = self.supply.installer()?;
        let mut packages: Vec<Download> = Vec::new();
        for wish in wishes {
            let mut bar = Bar::new(wish.to_string());
            let package = self
                .supply
                .download(&installer, wish, &mut |stage| bar.show(stage))?;
            // Asked for in two ways.
            if packages.iter().all(|other| other.id != package.id) {
                packages.push(package);
            }
        }
        let index = one_index(&packages)?;
        let mut name = output.as_os_str().to_owned();
        name.push(".new");
        let new = PathBuf::from(name);
        let written = write(&new, &index, &packages).and_then(|()| {
            fs::rename(&new, output).map_err(|error| BundleError::Write(output.to_owned(), error))
        });
        if written.is_err() {
            // Not there is as good.
            fs::remove_file(&new).ok();
        }
        written.map(|()| packages)
    }
}

/// The index that all of them are of. Its lines are not looked at.
fn one_index(packages: &[Download]) -> Result<Fetched, BundleError> {
    let mut one: Option<Fetched> = None;
    for package in packages {
        let index = Fetched::read(package.index()?).map_err(BundleError::Index)?;
        match &one {
            Some(first) if *first != index => return Err(BundleError::Indexes),
            _ => one = Some(index),
        }
    }
    one.ok_or(BundleError::Indexes)
}

fn write(path: &Path, index: &Fetched, packages: &[Download]) -> Result<(), BundleError> {
    let failed = |error| BundleError::Write(path.to_owned(), error);
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    write_index(&mut file, index).map_err(failed)?;
    for package in packages {
        let archive = package.archive()?;
        Part::whole(&archive)
            .and_then(|part| write_archive(&mut file, &package.id, part))
            .map_err(failed)?;
    }
    write_end(&mut file)
        .and_then(|()| file.flush())
        .and_then(|()| file.get_ref().sync_all())
        .map_err(failed)
}
