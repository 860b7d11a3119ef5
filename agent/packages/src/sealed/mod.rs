//! Sealed images: a package folder written into one read-only file, and the manifest that says what is in it.
//!
//! The folder stays the source. Beside it, in `images/` of the data directory, lies for each part (`base`,
//! `packages/NAME/VERSION`) a file system image that no job can open and a manifest: the digest of the image, the digest of
//! every file in it, and a fingerprint of the folder it was made of, by which a changed folder is noticed. Two looks at a
//! running node follow from it: the image as the disk has it ([`digest_of_stored`]), and the tree as readers get it out
//! of the page cache ([`Tree::read`]). A write to the page cache changes the second and not the first.

mod digest;
mod direct;
mod error;
mod images;
mod manifest;
mod seal;
mod tree;
mod walk;

pub use digest::{Digest, NoDigest};
pub use direct::{Stored, digest_of_stored};
pub use error::SealError;
pub use images::{Images, fresh};
pub(crate) use images::{create, open_own, rename, sync};
pub use manifest::{Image, Manifest};
pub use seal::{Format, Tool};
pub use tree::{Change, Difference, Tree};
pub use walk::fingerprint;
pub(crate) use walk::{Found, walk, walk_at_most};

#[cfg(test)]
mod tests;
