//! The folder of images: finding fresh ones, making new ones, removing what nobody needs.

use super::manifest::VERSION;
use super::{Format, Image, Manifest, SealError, Tool, Tree, digest_of_stored, fingerprint};
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where they are in a data directory.
const FOLDER: &str = "images";

/// The images of one data directory, locked: several nodes may share it, and one at a time seals.
#[derive(Debug)]
pub struct Images {
    data: PathBuf,
    folder: PathBuf,
    _lock: Flock<File>,
}

impl Images {
    /// Those of the data directory `data`. Waits while another process has them.
    ///
    /// # Errors
    /// The folder is not there and can't be made, or is a link, or belongs to another account than this process's.
    pub fn open(data: &Path) -> Result<Self, SealError> {
        let folder = data.join(FOLDER);
        let made = DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(&folder);
        made.map_err(SealError::file("make", &folder))?;
        let file = open_own(&folder)?;
        let lock = Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, error)| SealError::file("lock", &folder)(error.into()))?;
        Ok(Self {
            data: data.to_owned(),
            folder,
            _lock: lock,
        })
    }

    /// The image of a part: `base`, or `packages/NAME/VERSION`.
    #[must_use]
    pub fn image(&self, part: &str) -> PathBuf {
        image_in(&self.folder, part)
    }

    fn manifest(&self, part: &str) -> PathBuf {
        manifest_in(&self.folder, part)
    }

    /// The manifest of a part that has an image in one of these formats, made of its folder as that is now.
    ///
    /// # Errors
    /// The folder can't be looked at.
    pub fn fresh(&self, part: &str, formats: &[Format]) -> Result<Option<Manifest>, SealError> {
        fresh(&self.data, part, formats)
    }

    /// Makes the image of a part. It has no manifest before [`Images::confirm`], and one without is never used.
    ///
    /// # Errors
    /// The tool failed, the disk is full or read-only, the page cache differs from the disk, or the folder changes
    /// meanwhile. Nothing is left of the attempt.
    pub fn seal(&self, part: &str, tool: &Tool) -> Result<Manifest, SealError> {
        let image = self.image(part);
        let new = beside(&image);
        let sealed = self.write(part, tool, &new);
        if sealed.is_err() {
            // Not there is as good, and the next start removes what stays.
            fs::remove_file(new).ok();
        }
        sealed
    }

    fn write(&self, part: &str, tool: &Tool, new: &Path) -> Result<Manifest, SealError> {
        let folder = source(&self.data, part)?;
        let image = self.image(part);
        let parent = image.parent().unwrap_or(&self.folder);
        let made = DirBuilder::new().mode(0o700).recursive(true).create(parent);
        made.map_err(SealError::file("make", parent))?;
        let source = fingerprint(&folder)?;
        // Before the tool, which reads through the page cache; whoever mounts the image compares it with this.
        let tree = Tree::of_source(&folder)?;
        // Made here, so that nobody else can open it at any time.
        let file = create(new)?;
        tool.run(&folder, new)?;
        let private = file.set_permissions(Permissions::from_mode(0o600));
        private
            .and_then(|()| file.sync_all())
            .map_err(SealError::file("write", new))?;
        if fingerprint(&folder)? != source {
            return Err(SealError::Changed { folder });
        }
        let (sha256, _) = digest_of_stored(new).map_err(SealError::file("read", new))?;
        let size = file
            .metadata()
            .map_err(SealError::file("look at", new))?
            .len();
        // The old manifest must not be found with the new image.
        let manifest = self.manifest(part);
        match fs::remove_file(&manifest) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(SealError::file("remove", &manifest)(error));
            }
            _ => sync(parent)?,
        }
        rename(new, &image)?;
        sync(parent)?;
        Ok(Manifest {
            version: VERSION,
            image: Some(Image {
                format: tool.format,
                size,
                sha256,
            }),
            source,
            tree,
        })
    }

    /// Puts the manifest of an image into place, which has been compared with it: from now on the image is used.
    ///
    /// # Errors
    /// The disk is full or read-only. The image stays one that is not used.
    pub fn confirm(&self, part: &str, sealed: &Manifest) -> Result<(), SealError> {
        let manifest = self.manifest(part);
        let new = beside(&manifest);
        let written = create(&new).and_then(|mut file| {
            file.write_all(&sealed.to_bytes())
                .and_then(|()| file.sync_all())
                .map_err(SealError::file("write", &new))?;
            rename(&new, &manifest)?;
            sync(manifest.parent().unwrap_or(&self.folder))
        });
        if written.is_err() {
            // As above.
            fs::remove_file(new).ok();
        }
        written
    }

    /// Removes what belongs to none of these parts: temporaries of interrupted attempts, images of packages that are
    /// gone, folders with nothing in them. Files of other names are none of ours.
    ///
    /// # Errors
    /// Something can't be removed.
    pub fn keep_only(&self, parts: &[String]) -> Result<(), SealError> {
        let both = |part: &String| [self.image(part), self.manifest(part)];
        let keep: BTreeSet<PathBuf> = parts.iter().flat_map(both).collect();
        clear(&self.folder, &keep).map(drop)
    }
}

/// Removes what is ours and not kept from a folder. Whether it is empty then.
fn clear(folder: &Path, keep: &BTreeSet<PathBuf>) -> Result<bool, SealError> {
    let mut empty = true;
    for entry in fs::read_dir(folder).map_err(SealError::file("read", folder))? {
        let path = entry.map_err(SealError::file("read", folder))?.path();
        let status = path
            .symlink_metadata()
            .map_err(SealError::file("look at", &path))?;
        if status.is_dir() {
            if clear(&path, keep)? {
                fs::remove_dir(&path).map_err(SealError::file("remove", &path))?;
                continue;
            }
        } else if is_ours(&path) && !keep.contains(&path) {
            fs::remove_file(&path).map_err(SealError::file("remove", &path))?;
            continue;
        }
        empty = false;
    }
    Ok(empty)
}

/// Whether it is called as an image, a manifest, or one that was never finished.
fn is_ours(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| ["image", "json", "new"].iter().any(|ours| end == *ours))
}

/// Opens a folder in which files are removed by root: so a link that leads elsewhere is refused, and a folder of another's. Where others had access to it, they have none from here on.
pub(crate) fn open_own(folder: &Path) -> Result<File, SealError> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    let mut options = OpenOptions::new();
    let file = match options.read(true).custom_flags(flags.bits()).open(folder) {
        // ENOTDIR where it is a link: the kernel looks at the first flag first.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(SealError::NotOwn(folder.to_owned()));
        }
        file => file.map_err(SealError::file("open", folder))?,
    };
    let status = file
        .metadata()
        .map_err(SealError::file("look at", folder))?;
    if status.uid() != geteuid().as_raw() {
        return Err(SealError::NotOwn(folder.to_owned()));
    }
    // Nothing to set on a file system that is read-only and right.
    if status.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o700))
            .map_err(SealError::file("close to others", folder))?;
    }
    Ok(file)
}

/// As [`Images::fresh`], without the lock: for whoever only wants to know.
///
/// # Errors
/// The folder can't be looked at.
pub fn fresh(data: &Path, part: &str, formats: &[Format]) -> Result<Option<Manifest>, SealError> {
    let print = fingerprint(&source(data, part)?)?;
    let folder = data.join(FOLDER);
    // Whatever is missing or unreadable, the next step is to seal anew.
    let manifest = fs::read(manifest_in(&folder, part))
        .ok()
        .and_then(|bytes| Manifest::parse(&bytes).ok());
    let usable = |manifest: &Manifest| {
        let format = manifest.image.as_ref().map(|image| image.format);
        manifest.source == print
            && format.is_some_and(|format| formats.contains(&format))
            && image_in(&folder, part).is_file()
    };
    Ok(manifest.filter(usable))
}

fn image_in(folder: &Path, part: &str) -> PathBuf {
    folder.join(format!("{part}.image"))
}

fn manifest_in(folder: &Path, part: &str) -> PathBuf {
    folder.join(format!("{part}.json"))
}

/// The folder of a part, its links resolved: a tool would seal a link as a link.
fn source(data: &Path, part: &str) -> Result<PathBuf, SealError> {
    let folder = data.join(part);
    folder
        .canonicalize()
        .map_err(SealError::file("find", &folder))
}

/// The name under which a file is written before it is there.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

pub(crate) fn create(path: &Path) -> Result<File, SealError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(SealError::file("make", path))
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), SealError> {
    fs::rename(from, to).map_err(SealError::file("rename", from))
}

/// Makes what happened to a folder's entries last.
pub(crate) fn sync(folder: &Path) -> Result<(), SealError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(SealError::file("write", folder))
}
