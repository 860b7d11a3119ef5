//! A part of a file that is open, as one that is read by itself.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// Some bytes of a regular file, as many as there were when it was looked at. Where the file is read next stays where it is.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    file: &'a File,
    start: u64,
    length: u64,
}

impl<'a> Part<'a> {
    /// All of a file.
    ///
    /// # Errors
    /// It is not a regular one, or can't be looked at.
    pub fn whole(file: &'a File) -> io::Result<Self> {
        let status = file.metadata()?;
        if !status.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self {
            file,
            start: 0,
            length: status.len(),
        })
    }

    /// Some of this part; no more than there is.
    #[must_use]
    pub(crate) fn cut(self, start: u64, length: u64) -> Self {
        let start = start.min(self.length);
        Self {
            file: self.file,
            start: self.start + start,
            length: length.min(self.length - start),
        }
    }

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }
}

/// What is left of it.
impl Read for Part<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.length).map_or(room.len(), |left| left.min(room.len()));
        let room = room.get_mut(..most).unwrap_or_default();
        let read = self.file.read_at(room, self.start)?;
        self.start += read as u64;
        self.length -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_part_is_what_it_says() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let whole = Part::whole(&file).unwrap();
        file.try_clone().unwrap().write_all(b"later").unwrap();
        let text = |mut part: Part<'_>| {
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(whole.length(), 10);
        assert_eq!(text(whole), "0123456789");
        assert_eq!(text(whole.cut(3, 4)), "3456");
        assert_eq!(text(whole.cut(3, 4).cut(1, 9)), "456");
        assert_eq!(text(whole.cut(11, 1)), "");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let (reader, _writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        assert!(Part::whole(&file).is_err());
    }
}
