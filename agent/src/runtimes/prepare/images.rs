//! One image: found or made, and compared with what it has to be.

use super::error::{PrepareError, Unusable};
use jail::host::{has_loop_devices, knows_file_system};
use packages::sealed::{
    Digest, Format, Images, Manifest, SealError, Stored, Tool, Tree, digest_of_stored,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use std::{io, thread};

/// More threads than this find no faster disk.
const THREADS: usize = 4;

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

/// The image of one part, which is as it was sealed.
pub(super) struct PartImage {
    pub(super) part: String,
    pub(super) path: PathBuf,
    pub(super) manifest: Manifest,
    /// Sealed at this start, and not compared with its folder yet.
    new: bool,
}

impl PartImage {
    /// The fresh image of a part, sealed now where there is none.
    pub(super) fn find_or_seal(
        images: &Images,
        part: &str,
        formats: &[Format],
        tool: Option<&Tool>,
    ) -> Result<Self, Unusable> {
        let found = images.fresh(part, formats)?;
        let new = found.is_none();
        let manifest = match (found, tool) {
            (Some(manifest), _) => manifest,
            (None, Some(tool)) => seal(images, part, tool)?,
            (None, None) => {
                let (name, package) = formats.first().unwrap_or(&Format::Erofs).tool_name();
                return Err(Unusable::NoTool(name, package));
            }
        };
        Ok(Self {
            part: part.to_owned(),
            path: images.image(part),
            manifest,
            new,
        })
    }

    /// Compares one that is new, now that it is mounted, with its folder as that was read before. Only then a next start
    /// may use it, which would find nothing wrong with the file.
    pub(super) fn confirm(&self, images: &Images, mounted: &Path) -> Result<(), PrepareError> {
        if !self.new {
            return Ok(());
        }
        let part = &self.part;
        let tree = Tree::read(mounted).map_err(|source| PrepareError::Folder {
            part: part.clone(),
            source,
        })?;
        if let Some(difference) = self.manifest.tree.first_difference(&tree) {
            return Err(PrepareError::Unlike {
                part: part.clone(),
                difference,
            });
        }
        if let Err(error) = images.confirm(part, &self.manifest) {
            tracing::warn!(
                part,
                error = &error as &dyn std::error::Error,
                "the manifest can't be written: the next start seals again"
            );
        }
        Ok(())
    }

    /// Requires the digest that was sealed. Its length in bytes.
    fn require(&self, (found, stored): (Digest, Stored)) -> Result<u64, PrepareError> {
        let Some(sealed) = &self.manifest.image else {
            return Ok(0);
        };
        if found != sealed.sha256 {
            return Err(PrepareError::Tampered {
                part: self.part.clone(),
                found,
                sealed: sealed.sha256,
                image: self.path.clone(),
            });
        }
        if stored == Stored::Buffered {
            tracing::info!(
                part = self.part,
                "its file system has no direct reads: checked as the page cache has it"
            );
        }
        Ok(sealed.size)
    }

    fn failed(&self, what: &'static str, source: io::Error) -> PrepareError {
        PrepareError::Folder {
            part: self.part.clone(),
            source: SealError::File {
                what,
                path: self.path.clone(),
                source,
            },
        }
    }
}

/// Compares the images that were there, as the disk has them, with their manifests.
pub(super) fn require_sound<'a>(
    images: impl Iterator<Item = &'a PartImage>,
) -> Result<(), PrepareError> {
    let begin = Instant::now();
    let found: Vec<_> = images.filter(|image| !image.new).collect();
    let paths: Vec<_> = found.iter().map(|image| image.path.as_path()).collect();
    let mut bytes = 0;
    for (image, digest) in found.iter().zip(digests(&paths)) {
        let digest = digest.map_err(|source| image.failed("read", source))?;
        bytes += image.require(digest)?;
    }
    tracing::info!(
        images = found.len(),
        mib = bytes >> 20,
        ms = begin.elapsed().as_millis(),
        "images are what was sealed"
    );
    Ok(())
}

fn seal(images: &Images, part: &str, tool: &Tool) -> Result<Manifest, Unusable> {
    let begin = Instant::now();
    let manifest = images.seal(part, tool)?;
    tracing::info!(
        part,
        format = %tool.format,
        mib = manifest.image.as_ref().map_or(0, |image| image.size >> 20),
        ms = begin.elapsed().as_millis(),
        "sealed"
    );
    Ok(manifest)
}

/// Digests of files as the disk has them, several at a time, in the order of the files.
fn digests(paths: &[&Path]) -> Vec<io::Result<(Digest, Stored)>> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads.min(THREADS) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(index) else { return };
                    let digest = digest_of_stored(path);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.push((index, digest));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, digest)| digest).collect()
}
