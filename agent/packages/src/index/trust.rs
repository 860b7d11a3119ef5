//! Whose indexes count: signatures in the format of minisign, which is Ed25519 over BLAKE2b.

use minisign_verify::{PublicKey, Signature};
use thiserror::Error;

/// The longest signature that is read, in bytes. One has two comments and two lines of base64.
pub const SIGNATURE_MAX: usize = 4096;

/// The keys whose signatures count. Once there is one, an index without a signature by any of them is refused; as long as
/// there is none, every index is taken.
///
/// A signature says who made an index, not when: whoever stands between can serve an old one.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    keys: Vec<PublicKey>,
}

/// Text that is no key.
#[derive(Debug, Error)]
#[error("key {number} is not a public key of minisign, a line that begins with RW")]
pub struct KeyFault {
    /// Which one, from 1.
    pub number: usize,
    /// Why not.
    #[source]
    pub source: minisign_verify::Error,
}

/// An index that can't be trusted.
#[derive(Debug, Error)]
pub enum TrustError {
    /// Keys are configured, and there is no signature.
    #[error("the index has no signature, and keys are configured: sign it with minisign -S")]
    Unsigned,
    /// What is there instead of a signature can't be read as one.
    #[error("the signature of the index is not one of minisign")]
    Form(#[source] Option<minisign_verify::Error>),
    /// The signature is none of these keys' over this index.
    #[error("the signature is not that of a configured key, or of another index")]
    Foreign,
}

impl Trust {
    /// Of these keys, each the base64 line of a `minisign.pub`.
    ///
    /// # Errors
    /// The first that is none.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, KeyFault> {
        let read = |(index, key)| {
            PublicKey::from_base64(key).map_err(|source| KeyFault {
                number: index + 1,
                source,
            })
        };
        Ok(Self {
            keys: keys
                .into_iter()
                .enumerate()
                .map(read)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether a signature has to be fetched with every index.
    #[must_use]
    pub fn wants_signatures(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether an index may be used. `signature` is the text of its `.minisig`.
    ///
    /// # Errors
    /// It may not.
    pub fn verify(&self, index: &[u8], signature: Option<&str>) -> Result<(), TrustError> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let text = signature.ok_or(TrustError::Unsigned)?;
        if text.len() > SIGNATURE_MAX {
            return Err(TrustError::Form(None));
        }
        let signature = Signature::decode(text).map_err(|error| TrustError::Form(Some(error)))?;
        // Not the old form, in which the index itself is signed and not its digest: minisign makes it only when asked.
        let is_by = |key: &PublicKey| key.verify(index, &signature, false).is_ok();
        match self.keys.iter().any(is_by) {
            true => Ok(()),
            false => Err(TrustError::Foreign),
        }
    }
}
