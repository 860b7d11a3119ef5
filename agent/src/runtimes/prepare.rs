//! The helper that has a view follow the store: seals what has no fresh image, checks images as the disk has them, mounts
//! those, and retires what is not in the store any more. Before a node serves the view is empty, later it is not.

mod error;
mod images;
mod retire;

use super::View;
use crate::config::ImagePolicy;
use crate::order::{self, Log};
use crate::sentence;
use error::PrepareError;
use images::{PartImage, require_sound};
use jail::host::mount_image;
use nix::mount::{MsFlags, mount};
use packages::install::{Installer, STAGING};
use packages::sealed::{Images, Manifest, Tree, fingerprint};
use packages::{PackageError, Store};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) use error::Unusable;
pub(crate) use images::means;

/// The part that is no package.
const BASE: &str = "base";

/// What the warden orders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) data: PathBuf,
    pub(super) view: PathBuf,
    pub(super) policy: ImagePolicy,
    /// Unmount what was retired at an earlier time.
    pub(super) unmount_retired: bool,
    pub(super) log: Log,
}

/// Entry point of the process.
pub(crate) fn prepare_main() -> ExitCode {
    let prepared = match order::take::<Order>() {
        Ok(order) => {
            order.log.start();
            prepare(&order).map_err(|error| sentence(&error))
        }
        Err(error) => Err(error.to_string()),
    };
    match prepared {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            // Whoever started this sees its status, should it not hear the words.
            order::say_failure(&sentence).ok();
            ExitCode::FAILURE
        }
    }
}

/// The parts of a data directory, and what is wrong with packages that are none.
pub(crate) fn parts(data: &Path) -> Result<(Vec<String>, Vec<PackageError>), PackageError> {
    let (folders, faults) = Store::open(data.join("packages"))?.installed();
    let name = |folder: &PathBuf| Some(folder.strip_prefix(data).ok()?.to_str()?.to_owned());
    let packages = folders.iter().filter_map(name);
    Ok((
        [BASE.to_owned()].into_iter().chain(packages).collect(),
        faults,
    ))
}

fn prepare(order: &Order) -> Result<(), PrepareError> {
    let view = View {
        root: order.view.clone(),
    };
    recover(&order.data);
    let (parts, faults) = parts(&order.data)?;
    for fault in faults {
        tracing::error!(error = &fault as &dyn std::error::Error, "package left out");
    }
    let mut preparation = Preparation {
        order,
        view,
        images: None,
        fallback: None,
    };
    preparation.follow(&parts)?;
    if order.unmount_retired {
        // Jobs may have been the last to have them.
        recover(&order.data);
    }
    Ok(())
}

/// Removes what installs that crashed have left, and removed packages that were mounted. Nothing of it is in the way of a node that can't.
fn recover(data: &Path) {
    if !data.join(STAGING).exists() {
        return;
    }
    let recovered = Installer::open(data).and_then(|installer| installer.recover());
    if let Err(error) = recovered {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "what is left of installs stays"
        );
    }
}

struct Preparation<'a> {
    order: &'a Order,
    view: View,
    /// Locked until all is mounted: another node must not replace an image that was just checked.
    images: Option<Images>,
    /// How many parts have no image, and why the first one has none.
    fallback: Option<(usize, String)>,
}

impl Preparation<'_> {
    /// Has the view follow the store, which has these parts. Whatever comes of it, the view is read-only at the end.
    fn follow(&mut self, parts: &[String]) -> Result<(), PrepareError> {
        let failed = |source| PrepareError::View { source };
        let store = "packages";
        self.view.set_writable(true).map_err(failed)?;
        let done = self
            .place(store)
            .map_err(failed)
            .and_then(|_| self.retire(parts))
            .and_then(|stale| self.provide_missing(parts, &stale));
        self.view.set_writable(false).map_err(failed)?;
        self.warn();
        done
    }

    /// Seals and checks what is not there yet or is stale, then mounts each.
    fn provide_missing(&mut self, parts: &[String], stale: &[String]) -> Result<(), PrepareError> {
        let is_missing = |part: &&String| stale.contains(part) || !self.view.part(part).is_dir();
        let missing: Vec<String> = parts.iter().filter(is_missing).cloned().collect();
        for (part, image) in self.images(parts, &missing)? {
            if stale.contains(&part) {
                self.unmount(&part)
                    .map_err(|source| PrepareError::View { source })?;
            }
            if let Err(error) = self.provide(&part, image) {
                // Half of it must not pass for a part that is there.
                let unmounted = self.unmount(&part);
                if let Err(error) = &unmounted {
                    tracing::error!(part, %error, "can't be unmounted");
                }
                if unmounted.is_err() || !self.is_gone(&part) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether the store does not have a part any more: who has removed it since will ask for another look.
    fn is_gone(&self, part: &str) -> bool {
        let folder = self.order.data.join(part).symlink_metadata();
        let gone = folder.is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if gone && part != BASE {
            tracing::info!(part, "removed meanwhile");
        }
        gone && part != BASE
    }

    /// The parts that are missing, each with its image, where it has one or gets one, as it was sealed.
    fn images(
        &mut self,
        all: &[String],
        parts: &[String],
    ) -> Result<Vec<(String, Option<PartImage>)>, PrepareError> {
        let none = || parts.iter().map(|part| (part.clone(), None)).collect();
        if self.order.policy == ImagePolicy::Off {
            return Ok(none());
        }
        let found = means().and_then(|formats| Ok((formats, Images::open(&self.order.data)?)));
        let (formats, images) = match found {
            Ok(found) => found,
            Err(unusable) => {
                let part = parts.first().map_or(BASE, String::as_str);
                self.fall_back(part, unusable)?;
                self.fallback = self.fallback.take().map(|(_, why)| (parts.len(), why));
                return Ok(none());
            }
        };
        if let Err(error) = images.keep_only(all) {
            tracing::warn!(error = &error as &dyn std::error::Error, "old images stay");
        }
        let tool = formats.iter().find_map(|format| format.tool());
        let mut sealed = Vec::new();
        for part in parts {
            let image = PartImage::find_or_seal(&images, part, &formats, tool.as_ref());
            let image = match image {
                Ok(image) => Some(image),
                Err(_) if self.is_gone(part) => continue,
                Err(unusable) => {
                    self.fall_back(part, unusable)?;
                    None
                }
            };
            sealed.push((part.clone(), image));
        }
        self.images = Some(images);
        require_sound(sealed.iter().filter_map(|(_, image)| image.as_ref()))?;
        Ok(sealed)
    }

    /// Mounts a part where jails find it, and puts its manifest beside it.
    fn provide(&mut self, part: &str, image: Option<PartImage>) -> Result<(), PrepareError> {
        let failed = |source| PrepareError::Mount {
            part: part.to_owned(),
            source,
        };
        let target = self.place(part).map_err(failed)?;
        let manifest = match self.mount(image, &target)? {
            Some(manifest) => manifest,
            None => {
                let folder = self.order.data.join(part);
                let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
                mount(Some(&folder), &target, None::<&str>, bind, None::<&str>)
                    .map_err(|error| failed(error.into()))?;
                if self.order.policy == ImagePolicy::Off {
                    return Ok(());
                }
                of_folder(part, &target)?
            }
        };
        fs::write(self.view.manifest(part), manifest.to_bytes()).map_err(failed)
    }

    /// Makes the folders of a part, with the permissions that the source's have: a store that the front may not read
    /// stays one.
    fn place(&self, part: &str) -> io::Result<PathBuf> {
        let sealed = self.view.manifest(part);
        if let Some(folder) = sealed.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut below = PathBuf::new();
        for name in Path::new(part) {
            below.push(name);
            let folder = self.view.root.join(&below);
            if !folder.is_dir() {
                fs::create_dir(&folder)?;
                let source = fs::metadata(self.order.data.join(&below))?;
                fs::set_permissions(&folder, source.permissions())?;
            }
        }
        Ok(self.view.part(part))
    }

    /// Mounts the image of a part, if it has one that the kernel takes. Its manifest.
    fn mount(
        &mut self,
        image: Option<PartImage>,
        target: &Path,
    ) -> Result<Option<Manifest>, PrepareError> {
        let Some(image) = image else { return Ok(None) };
        if let Err(error) = self.mount_image(&image, target) {
            self.fall_back(&image.part, Unusable::Mounting(error))?;
            return Ok(None);
        }
        if let Some(images) = &self.images {
            image.confirm(images, target)?;
        }
        Ok(Some(image.manifest))
    }

    fn mount_image(&self, image: &PartImage, target: &Path) -> io::Result<()> {
        let Some(sealed) = &image.manifest.image else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        mount_image(&image.path, sealed.format.name(), target)?;
        // Another node may seal anew and rename over it: this keeps the file that is mounted in sight.
        let kept = self.view.image(&image.part);
        File::create(&kept)?;
        let bind = MsFlags::MS_BIND;
        mount(Some(&image.path), &kept, None::<&str>, bind, None::<&str>)?;
        Ok(())
    }

    /// Notes that a part is used from its folder, unless that is not allowed.
    fn fall_back(&mut self, part: &str, unusable: Unusable) -> Result<(), PrepareError> {
        if self.order.policy == ImagePolicy::Require {
            return Err(PrepareError::Required {
                part: part.to_owned(),
                source: unusable,
            });
        }
        let why = || format!("{part}: {}", sentence(&unusable));
        let (count, _) = self.fallback.get_or_insert_with(|| (0, why()));
        *count += 1;
        Ok(())
    }

    fn warn(&self) {
        if let Some((parts, why)) = &self.fallback {
            tracing::warn!(
                parts,
                why,
                "runtimes are mounted from their folders and not from sealed images: \
                 `capsule-agent doctor` says what to do"
            );
        }
    }
}

/// The manifest of a folder that is used as it is.
fn of_folder(part: &str, folder: &Path) -> Result<Manifest, PrepareError> {
    let read = || {
        Ok(Manifest::of_folder(
            fingerprint(folder)?,
            Tree::of_source(folder)?,
        ))
    };
    read().map_err(|source| PrepareError::Folder {
        part: part.to_owned(),
        source,
    })
}
