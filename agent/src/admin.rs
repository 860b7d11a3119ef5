//! Who may change packages over HTTP. Whoever has the admin token may do so from everywhere: it is in a file of root's,
//! and only its digest goes on to the process that speaks HTTP.

use crate::config::Config;
use packages::sealed::Digest;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The shortest token, in bytes: what `openssl rand -hex 16` writes.
const SHORTEST: usize = 32;

/// The longest file, in bytes.
const LONGEST: u64 = 4096;

/// Who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Admins {
    /// Programs of this machine.
    pub(crate) local: bool,
    /// Whoever has the token of this digest, from everywhere.
    pub(crate) token: Option<Digest>,
}

impl Admins {
    /// Of a node with this configuration.
    ///
    /// # Errors
    /// The token's file is not what it has to be.
    pub(crate) fn new(config: &Config) -> Result<Self, TokenError> {
        Ok(Self {
            local: config.trust_local_clients,
            token: token(config.admin_token_file.as_deref())?,
        })
    }
}

/// The file is not what it has to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// It is not there, for one.
    #[error("{} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Others could read it, or write another one.
    #[error("{0} belongs to another than root or is open to others: chown root, chmod 600")]
    Open(PathBuf),
    /// It can be guessed, or would not go through a header as it is.
    #[error(
        "{0} has to hold one line of {SHORTEST} letters, digits and marks or more, as `openssl rand -hex 32` writes it"
    )]
    Weak(PathBuf),
}

/// The digest of the token in this file.
fn token(path: Option<&Path>) -> Result<Option<Digest>, TokenError> {
    let Some(path) = path else { return Ok(None) };
    let failed = |source| TokenError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let status = file.metadata().map_err(failed)?;
    if status.uid() != nix::unistd::geteuid().as_raw() || status.mode() & 0o077 != 0 {
        return Err(TokenError::Open(path.to_owned()));
    }
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).map_err(failed)?;
    let token = text.trim_ascii();
    if token.len() < SHORTEST || !token.iter().all(u8::is_ascii_graphic) {
        return Err(TokenError::Weak(path.to_owned()));
    }
    Ok(Some(Digest::of(token)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    fn read(text: &str, mode: u32) -> Result<Option<Digest>, TokenError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        token(Some(&path))
    }

    #[test]
    fn a_line_in_a_file_of_root_is_a_token() {
        let text = "0123456789abcdef0123456789abcdef";
        for written in [text.to_owned(), format!("{text}\n"), format!(" {text}\r\n")] {
            let digest = read(&written, 0o600).unwrap();
            assert_eq!(digest, Some(Digest::of(text.as_bytes())));
        }
        assert_eq!(token(None).unwrap(), None);
    }

    #[test]
    fn a_file_that_others_can_read_is_none() {
        for mode in [0o644, 0o640, 0o602, 0o604] {
            let outcome = read("0123456789abcdef0123456789abcdef", mode);
            assert!(matches!(outcome, Err(TokenError::Open(_))), "{mode:o}");
        }
    }

    #[test]
    fn what_can_be_guessed_is_none() {
        for text in [
            "",
            "\n",
            "secret",
            "0123456789abcdef 123456789abcdef",
            "0123456789abcdef\n0123456789abcdef",
            "0123456789abcdef0123456789abcdé",
        ] {
            let outcome = read(text, 0o600);
            assert!(matches!(outcome, Err(TokenError::Weak(_))), "{text:?}");
        }
        assert!(matches!(
            token(Some(Path::new("/nowhere"))),
            Err(TokenError::Read { .. })
        ));
    }
}
