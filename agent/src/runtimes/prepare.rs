//! The helper that makes the runtimes ready: seals what has no fresh image, checks every image as the disk has it, mounts
//! all of them.

use super::helper::{self, Log};
use super::{View, check};
use crate::config::ImagePolicy;
use crate::sentence;
use jail::host::{has_loop_devices, knows_file_system, mount_image};
use nix::mount::{MsFlags, mount};
use packages::sealed::{
    Difference, Digest, Format, Images, Manifest, SealError, Stored, Tool, Tree, fingerprint,
};
use packages::{PackageError, Store};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// What the warden orders.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) data: PathBuf,
    pub(super) view: PathBuf,
    pub(super) policy: ImagePolicy,
    pub(super) log: Log,
}

/// The runtimes can't be made ready.
#[derive(Debug, thiserror::Error)]
enum PrepareError {
    /// Never mounted, whatever the policy.
    #[error(
        "the image of {part} is not what was sealed: its digest is {found} and was {sealed}. Find out who changed it; then remove {} and the next start seals it anew",
        image.display()
    )]
    Tampered {
        part: String,
        found: Digest,
        sealed: Digest,
        image: PathBuf,
    },
    #[error(
        "{part} can't be mounted from a sealed image and runtime_images is \"require\": correct that (`capsule-agent doctor` tells more), or set it to \"auto\""
    )]
    Required {
        part: String,
        #[source]
        source: Unusable,
    },
    /// The tool read something else than the manifest says, or wrote it wrongly.
    #[error(
        "the new image of {part} is not like its folder: {difference}. It was removed; find out who changed the folder, its page cache, or the program that makes images"
    )]
    Unlike {
        part: String,
        difference: Difference,
    },
    #[error("the runtimes can't be listed")]
    Store(#[from] PackageError),
    #[error("{part} can't be used")]
    Folder {
        part: String,
        #[source]
        source: SealError,
    },
    #[error("{part} can't be mounted")]
    Mount {
        part: String,
        #[source]
        source: io::Error,
    },
}

/// Why there is no image to mount.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// The kernel lacks the file systems.
    #[error("the kernel has neither erofs nor squashfs")]
    NoFileSystem,
    /// There is nothing to mount a file with.
    #[error("there are no loop devices")]
    NoLoopDevice(#[source] io::Error),
    /// The program that makes images is not installed.
    #[error("{0} is not installed: apt-get install {1}")]
    NoTool(&'static str, &'static str),
    /// Sealing failed.
    #[error(transparent)]
    Sealing(#[from] SealError),
    /// The kernel does not take the image.
    #[error("the image can't be mounted")]
    Mounting(#[source] io::Error),
}

/// Entry point of the process.
pub(crate) fn prepare_main() -> ExitCode {
    let prepared = match helper::order::<Order>() {
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
            helper::say_failure(&sentence).ok();
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
        ["base".to_owned()].into_iter().chain(packages).collect(),
        faults,
    ))
}

/// The file systems that this host can mount images of, the preferred one first.
pub(crate) fn means() -> Result<Vec<Format>, Unusable> {
    let known: Vec<_> = Format::ALL
        .into_iter()
        .filter(|format| knows_file_system(format.name()))
        .collect();
    if known.is_empty() {
        return Err(Unusable::NoFileSystem);
    }
    has_loop_devices().map_err(Unusable::NoLoopDevice)?;
    Ok(known)
}

fn prepare(order: &Order) -> Result<(), PrepareError> {
    let view = View {
        root: order.view.clone(),
    };
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
    // Also a store without a package is one.
    let store = "packages";
    preparation
        .place(store)
        .map_err(|source| PrepareError::Mount {
            part: store.to_owned(),
            source,
        })?;
    let sealed = preparation.images(&parts)?;
    for (part, image) in parts.iter().zip(sealed) {
        preparation.provide(part, image)?;
    }
    preparation.warn();
    Ok(())
}

/// A part's image file, what is in it, and whether it is of this start.
type Sealed = Option<(PathBuf, Manifest, Age)>;

struct Preparation<'a> {
    order: &'a Order,
    view: View,
    /// Locked until all is mounted: another node must not replace an image that was just checked.
    images: Option<Images>,
    /// How many parts have no image, and why the first one has none.
    fallback: Option<(usize, String)>,
}

impl Preparation<'_> {
    /// The image of each part, where it has one or gets one, as it was sealed.
    fn images(&mut self, parts: &[String]) -> Result<Vec<Sealed>, PrepareError> {
        if self.order.policy == ImagePolicy::Off {
            return Ok(vec![None; parts.len()]);
        }
        let found = means().and_then(|formats| Ok((formats, Images::open(&self.order.data)?)));
        let (formats, images) = match found {
            Ok(found) => found,
            Err(unusable) => {
                let part = parts.first().map_or("base", String::as_str);
                self.fall_back(part, unusable)?;
                self.fallback = self.fallback.take().map(|(_, why)| (parts.len(), why));
                return Ok(vec![None; parts.len()]);
            }
        };
        if let Err(error) = images.keep_only(parts) {
            tracing::warn!(error = &error as &dyn std::error::Error, "old images stay");
        }
        let tool = formats.iter().find_map(|format| format.tool());
        let mut sealed = Vec::new();
        let mut stored = Vec::new();
        for part in parts {
            match image(&images, part, &formats, tool.as_ref()) {
                Ok((manifest, age)) => {
                    let image = images.image(part);
                    if age == Age::Found {
                        stored.push((part.clone(), image.clone(), manifest.clone()));
                    }
                    sealed.push(Some((image, manifest, age)));
                }
                Err(unusable) => {
                    self.fall_back(part, unusable)?;
                    sealed.push(None);
                }
            }
        }
        self.images = Some(images);
        require_sound(&stored)?;
        Ok(sealed)
    }

    /// Mounts a part where jails find it, and puts its manifest beside it.
    fn provide(&mut self, part: &str, sealed: Sealed) -> Result<(), PrepareError> {
        let failed = |source| PrepareError::Mount {
            part: part.to_owned(),
            source,
        };
        let target = self.place(part).map_err(failed)?;
        let mounted = match sealed {
            None => None,
            Some((image, manifest, age)) => match self.mount(part, &image, &manifest, &target) {
                Ok(()) => {
                    if age == Age::New {
                        require_like(part, &image, &manifest, &target)?;
                    }
                    Some(manifest)
                }
                Err(error) => {
                    self.fall_back(part, Unusable::Mounting(error))?;
                    None
                }
            },
        };
        let manifest = match mounted {
            Some(manifest) => manifest,
            None => {
                let folder = self.order.data.join(part);
                let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
                mount(Some(&folder), &target, None::<&str>, bind, None::<&str>)
                    .map_err(|error| failed(error.into()))?;
                if self.order.policy == ImagePolicy::Off {
                    return Ok(());
                }
                of_folder(&target).map_err(|source| PrepareError::Folder {
                    part: part.to_owned(),
                    source,
                })?
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

    fn mount(
        &self,
        part: &str,
        image: &Path,
        manifest: &Manifest,
        target: &Path,
    ) -> io::Result<()> {
        let Some(sealed) = &manifest.image else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        mount_image(image, sealed.format.name(), target)?;
        // Another node may seal anew and rename over it: this keeps the file that is mounted in sight.
        let kept = self.view.image(part);
        File::create(&kept)?;
        let bind = MsFlags::MS_BIND;
        mount(Some(image), &kept, None::<&str>, bind, None::<&str>)?;
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

/// Whether an image was there or is of this start.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Found,
    New,
}

fn image(
    images: &Images,
    part: &str,
    formats: &[Format],
    tool: Option<&Tool>,
) -> Result<(Manifest, Age), Unusable> {
    if let Some(manifest) = images.fresh(part, formats)? {
        return Ok((manifest, Age::Found));
    }
    let tool = tool.ok_or_else(|| {
        let (name, package) = formats.first().unwrap_or(&Format::Erofs).tool_name();
        Unusable::NoTool(name, package)
    })?;
    let begin = Instant::now();
    let manifest = images.seal(part, tool)?;
    tracing::info!(
        part,
        format = %tool.format,
        mib = manifest.image.as_ref().map_or(0, |image| image.size >> 20),
        ms = begin.elapsed().as_millis(),
        "sealed"
    );
    Ok((manifest, Age::New))
}

fn of_folder(folder: &Path) -> Result<Manifest, SealError> {
    Ok(Manifest::of_folder(
        fingerprint(folder)?,
        Tree::of_source(folder)?,
    ))
}

/// Compares a new image with its folder, as that was read before. One that is not like it must not be there at the next
/// start, which would find nothing wrong with the file.
fn require_like(
    part: &str,
    image: &Path,
    manifest: &Manifest,
    mounted: &Path,
) -> Result<(), PrepareError> {
    let part = part.to_owned();
    let unlike = match Tree::read(mounted) {
        Ok(tree) => match manifest.tree.first_difference(&tree) {
            None => return Ok(()),
            Some(difference) => PrepareError::Unlike { part, difference },
        },
        Err(source) => PrepareError::Folder { part, source },
    };
    fs::remove_file(image).map_err(|source| PrepareError::Folder {
        part: image.display().to_string(),
        source: SealError::File {
            what: "remove",
            path: image.to_owned(),
            source,
        },
    })?;
    Err(unlike)
}

/// Compares images as the disk has them with their manifests.
fn require_sound(stored: &[(String, PathBuf, Manifest)]) -> Result<(), PrepareError> {
    let begin = Instant::now();
    let paths: Vec<_> = stored.iter().map(|(_, path, _)| path.as_path()).collect();
    let mut bytes = 0;
    for ((part, image, manifest), digest) in stored.iter().zip(check::digests(&paths)) {
        let (found, stored) = digest.map_err(|source| PrepareError::Folder {
            part: part.clone(),
            source: SealError::File {
                what: "read",
                path: image.clone(),
                source,
            },
        })?;
        let Some(sealed) = &manifest.image else {
            continue;
        };
        if found != sealed.sha256 {
            return Err(PrepareError::Tampered {
                part: part.clone(),
                found,
                sealed: sealed.sha256,
                image: image.clone(),
            });
        }
        if stored == Stored::Buffered {
            tracing::info!(
                part,
                "its file system has no direct reads: checked as the page cache has it"
            );
        }
        bytes += sealed.size;
    }
    tracing::info!(
        images = stored.len(),
        mib = bytes >> 20,
        ms = begin.elapsed().as_millis(),
        "images are what was sealed"
    );
    Ok(())
}
