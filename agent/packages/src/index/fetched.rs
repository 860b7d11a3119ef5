//! An index as it was fetched, with its signature. Who downloads it has met the network and is not believed: it leaves
//! both in a file, and who unpacks an archive reads them from there and checks anew.

use super::{INDEX_MAX, Index, IndexError, LineError, Location, SIGNATURE_MAX, Trust, TrustError};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use thiserror::Error;

/// The longest first line of the file, in bytes: a URL and a signature, every character of them escaped.
const HEAD_MAX: usize = 16 << 10;

/// An index and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is by the configuration, whatever redirects led to it. Paths in it are meant from here.
    pub source: Location,
    /// The text of its `.minisig`, if there is one.
    pub signature: Option<String>,
    /// The index.
    pub bytes: Vec<u8>,
}

/// An index that can't be used.
#[derive(Debug, Error)]
pub enum FetchedError {
    /// Its signature.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It is none.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// The first line of the file, as JSON. The index is what follows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    source: String,
    signature: Option<String>,
}

impl Fetched {
    /// What it offers, and which lines were left out; the signature is checked before a line is read.
    ///
    /// # Errors
    /// [`FetchedError`].
    pub fn open(&self, trust: &Trust) -> Result<(Index, Vec<LineError>), FetchedError> {
        trust.verify(&self.bytes, self.signature.as_deref())?;
        Ok(Index::parse(&self.bytes, &self.source)?)
    }

    /// Writes it for [`Fetched::read`].
    ///
    /// # Errors
    /// What `to` answers.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        let head = Head {
            source: self.source.to_string(),
            signature: self.signature.clone(),
        };
        serde_json::to_writer(&mut to, &head)?;
        to.write_all(b"\n")?;
        to.write_all(&self.bytes)?;
        to.flush()
    }

    /// Reads it to the end of the file.
    ///
    /// # Errors
    /// What `from` answers; [`io::ErrorKind::InvalidData`] when this was not written by [`Fetched::write`].
    pub fn read(from: impl Read) -> io::Result<Self> {
        let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
        let most = u64::try_from(HEAD_MAX + INDEX_MAX).map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        from.take(most + 1).read_to_end(&mut bytes)?;
        let end = bytes.iter().take(HEAD_MAX).position(|&byte| byte == b'\n');
        let end = end.ok_or_else(|| invalid("it has no first line"))?;
        let head: Head = serde_json::from_slice(&bytes[..end])?;
        bytes.drain(..=end);
        if bytes.len() > INDEX_MAX {
            return Err(invalid("the index is longer than any"));
        }
        if head.signature.as_ref().map_or(0, String::len) > SIGNATURE_MAX {
            return Err(invalid("the signature is longer than any"));
        }
        let source = Location::parse(&head.source)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Self {
            source,
            signature: head.signature,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(bytes: &[u8], signature: Option<&str>) -> Fetched {
        Fetched {
            source: Location::parse("https://example.org/pkgs/index").unwrap(),
            signature: signature.map(str::to_owned),
            bytes: bytes.to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let longest = "\u{7}".repeat(SIGNATURE_MAX / 2);
        for (bytes, signature) in [
            (&b"a,1.0.0\nb\r\n\n"[..], None),
            (b"", Some("untrusted comment: x\nRW\n")),
            (&[0xff; INDEX_MAX], Some(longest.as_str())),
        ] {
            let fetched = fetched(bytes, signature);
            let mut file = Vec::new();
            fetched.write(&mut file).unwrap();
            assert!(Fetched::read(file.as_slice()).unwrap() == fetched);
        }
    }

    #[test]
    fn what_was_not_written_so_is_refused() {
        let too_long = fetched(&vec![b'x'; INDEX_MAX + 1], None);
        let much_too_long = fetched(&vec![b'x'; INDEX_MAX + 2 * HEAD_MAX], None);
        let signature = "x".repeat(SIGNATURE_MAX + 1);
        let signed_too_long = fetched(b"", Some(&signature));
        let written = |fetched: &Fetched| {
            let mut file = Vec::new();
            fetched.write(&mut file).unwrap();
            file
        };
        for file in [
            b"".to_vec(),
            b"{\"source\":\"https://a/\",\"signature\":null}".to_vec(),
            b"{\"source\":\"https://a/\"}extra\nx".to_vec(),
            b"{\"source\":\"https://a/\",\"signature\":null,\"more\":1}\nx".to_vec(),
            b"{\"source\":\"ftp://a/\",\"signature\":null}\nx".to_vec(),
            vec![b' '; 2 * HEAD_MAX],
            written(&too_long),
            written(&much_too_long),
            written(&signed_too_long),
        ] {
            let error = Fetched::read(file.as_slice()).unwrap_err();
            assert!(
                matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ),
                "{error}"
            );
        }
    }

    #[test]
    fn the_signature_comes_before_the_lines() {
        let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
        let trust = Trust::new([key]).unwrap();
        let line = format!("a,1.0.0,{},a.tar.gz\n", "0".repeat(64));
        let unsigned = fetched(line.as_bytes(), None);
        assert!(matches!(
            unsigned.open(&trust),
            Err(FetchedError::Trust(TrustError::Unsigned))
        ));
        let (index, left_out) = unsigned.open(&Trust::default()).unwrap();
        let found = &index.releases()[0];
        assert_eq!(
            found.location.to_string(),
            "https://example.org/pkgs/a.tar.gz"
        );
        assert!(left_out.is_empty());
    }
}
