//! Making an image with the tools of the file systems: erofs-utils, squashfs-tools.
//!
//! Neither compresses: a compressed image takes half the space, but programs started from it cold took about half as long
//! again, and the kernel's decompressor would be one more thing to trust (figures: docs/architecture.md, "Runtime files").
//! Times of change are kept, not zeroed: byte code and class archives of the runtimes are checked against them.

use super::{SealError, walk};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where tools are looked for: the node's own search path could be anybody's.
const FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// All images have the same identity: the same folder makes the same image.
const UUID: &str = "c0decaca-0000-4000-8000-000000000000";

/// How much of what a tool says is kept, in bytes from the end.
const SAID: usize = 400;

/// A read-only file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Preferred: made for this, with the least code in the kernel.
    Erofs,
    /// For kernels without the other.
    Squashfs,
}

impl Format {
    /// All, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Erofs, Self::Squashfs];

    /// The kernel's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Erofs => "erofs",
            Self::Squashfs => "squashfs",
        }
    }

    /// Name of the program that makes it, and the distribution's package that has it.
    #[must_use]
    pub const fn tool_name(self) -> (&'static str, &'static str) {
        match self {
            Self::Erofs => ("mkfs.erofs", "erofs-utils"),
            Self::Squashfs => ("mksquashfs", "squashfs-tools"),
        }
    }

    /// The program that makes it, where it is installed.
    #[must_use]
    pub fn tool(self) -> Option<Tool> {
        let candidates = FOLDERS.map(|folder| Path::new(folder).join(self.tool_name().0));
        let path = candidates.into_iter().find(|path| path.is_file())?;
        Some(Tool { format: self, path })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A program that makes images.
#[derive(Clone, Debug)]
pub struct Tool {
    /// What it makes.
    pub format: Format,
    path: PathBuf,
}

impl Tool {
    /// Writes an image of `folder` into the file `image`.
    pub(super) fn run(&self, folder: &Path, image: &Path) -> Result<(), SealError> {
        let mut command = Command::new(&self.path);
        match self.format {
            Format::Erofs => command
                .args(["-x-1", "-U", UUID, "--all-root"])
                .args([image, folder]),
            Format::Squashfs => command.args([folder, image]).args([
                "-noappend",
                "-all-root",
                "-no-xattrs",
                "-no-progress",
                "-noI",
                "-noD",
                "-noF",
                "-noX",
            ]),
        };
        let output = command
            .env_clear()
            // Stands for the time of making; both tools keep the times of files that are not later than it.
            .env("SOURCE_DATE_EPOCH", walk::newest(folder)?.to_string())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .map_err(SealError::file("start", &self.path))?;
        if output.status.success() {
            return Ok(());
        }
        let said = output.stderr.len().saturating_sub(SAID);
        let said = String::from_utf8_lossy(output.stderr.get(said..).unwrap_or_default());
        Err(SealError::Tool {
            tool: self.path.clone(),
            status: output.status,
            said: said.trim().replace('\n', "; "),
        })
    }
}
