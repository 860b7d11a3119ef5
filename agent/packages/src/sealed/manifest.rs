//! What was sealed: the manifest beside an image.

use super::{Digest, Format, Tree};
use serde::{Deserialize, Serialize};

/// Changes with the form of a manifest: an image with another one is sealed anew.
pub(super) const VERSION: u32 = 1;

/// What one part of the runtimes consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub(super) version: u32,
    /// The sealed image; `None` where the folder itself is used.
    pub image: Option<Image>,
    /// Fingerprint of the folder that it was made of.
    pub source: Digest,
    /// Everything in it.
    pub tree: Tree,
}

/// An image file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The file system in it.
    pub format: Format,
    /// Its length in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Digest,
}

impl Manifest {
    /// Of a folder that is used as it is.
    #[must_use]
    pub fn of_folder(source: Digest, tree: Tree) -> Self {
        Self {
            version: VERSION,
            image: None,
            source,
            tree,
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is no manifest, or one of another version of this program.
    pub fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        let manifest: Self = serde_json::from_slice(bytes)?;
        if manifest.version == VERSION {
            Ok(manifest)
        } else {
            Err(serde::de::Error::custom("another version"))
        }
    }

    /// As [`Manifest::parse`] reads it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Text and numbers only: there is always a form.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
