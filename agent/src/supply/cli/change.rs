//! `packages install` and `packages remove`.

use super::bar::Bar;
use super::follow::follow;
use super::{Desk, Failed, say};
use crate::supply::{SupplyError, Wish};
use nix::fcntl::OFlag;
use packages::{PackageId, Store};
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A package that can't be removed.
#[derive(Debug, thiserror::Error)]
enum RemoveError {
    #[error("it is not installed{0}")]
    NotInstalled(String),
    #[error("it is {0}: say which one is to be removed, as NAME@VERSION")]
    Several(String),
    #[error(transparent)]
    Supply(#[from] SupplyError),
}

impl Desk {
    /// Installs packages from the indexes, or from a bundle.
    pub(super) fn install(&mut self, wishes: &[Wish], bundle: Option<&Path>) {
        let opened = bundle.map(|path| open(path).map_err(SupplyError::file("open", path)));
        let bundle = match opened.transpose() {
            Ok(bundle) => bundle,
            Err(error) => return self.failed(&error),
        };
        let mut changed = Vec::new();
        for wish in wishes {
            match self.install_one(wish, bundle.as_ref()) {
                Ok(id) => {
                    say(format_args!("{id} is installed"));
                    changed.push(id);
                }
                // As it was asked for.
                Err(SupplyError::AlreadyInstalled(id)) => {
                    say(format_args!("{id} was installed already"));
                }
                Err(error) => self.failed(&Failed(wish, error)),
            }
        }
        self.tell_node(&changed);
    }

    fn install_one(&self, wish: &Wish, bundle: Option<&File>) -> Result<PackageId, SupplyError> {
        let mut bar = Bar::new(wish.to_string());
        let mut show = |stage| bar.show(stage);
        match bundle {
            Some(bundle) => self.supply.install_from(bundle, wish, &mut show),
            None => self.supply.install(wish, &mut show),
        }
    }

    /// Removes packages.
    pub(super) fn remove(&mut self, wishes: &[Wish]) {
        let mut changed = Vec::new();
        for wish in wishes {
            match self.remove_one(wish) {
                Ok(id) => {
                    say(format_args!("{id} is removed"));
                    changed.push(id);
                }
                Err(error) => self.failed(&Failed(wish, error)),
            }
        }
        self.tell_node(&changed);
    }

    /// Of several that are meant none: what is gone is gone.
    fn remove_one(&self, wish: &Wish) -> Result<PackageId, RemoveError> {
        let here = self.supply.installed()?;
        let meant: Vec<_> = here.iter().filter(|id| wish.matches(id)).collect();
        match meant.as_slice() {
            [] => Err(RemoveError::NotInstalled(wish.instead(&here))),
            [id] => {
                self.supply.remove(id)?;
                Ok((*id).clone())
            }
            several => {
                let names: Vec<_> = several.iter().map(ToString::to_string).collect();
                Err(RemoveError::Several(names.join(" or ")))
            }
        }
    }

    /// Has the node that runs take over what changed, so that jobs get it when this command returns.
    fn tell_node(&mut self, changed: &[PackageId]) {
        let store = Store::at(self.config.packages_directory());
        if let Err(error) = follow(&self.config.state_directory, &store, changed) {
            self.failed(&error);
        }
    }
}

/// Does not wait for whoever writes to what should be a file and is a pipe.
fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
}
