//! Blocks of a tar archive, contents between them, and its end.

use super::error::Fault;
use std::io::{self, Read};

/// Length of everything in a tar archive is a multiple of this, in bytes.
pub(super) const BLOCK: usize = 512;

/// How much is read and written at once, in bytes.
const PIECE: usize = 128 << 10;

/// A tar archive as it comes, no more of it than may be.
pub(super) struct Stream<R> {
    source: R,
    most: u64,
    left: u64,
    piece: Vec<u8>,
}

impl<R: Read> Stream<R> {
    pub(super) fn new(source: R, most: u64) -> Self {
        Self {
            source,
            most,
            left: most,
            piece: vec![0; PIECE],
        }
    }

    /// The next block.
    pub(super) fn block(&mut self) -> Result<[u8; BLOCK], Fault> {
        let mut block = [0; BLOCK];
        self.take(BLOCK as u64)?;
        fill(&mut self.source, &mut block)?;
        Ok(block)
    }

    /// Shows the content of an entry in pieces, and skips what fills its last block.
    pub(super) fn content(
        &mut self,
        size: u64,
        mut each: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        // As a whole and at once: an entry that announces too much is not begun.
        let padded = size
            .checked_next_multiple_of(BLOCK as u64)
            .ok_or(Fault::UnpackedTooLong(self.most))?;
        self.take(padded)?;
        let (mut content, mut rest) = (size, padded);
        while rest > 0 {
            let length = usize::try_from(rest).map_or(PIECE, |rest| rest.min(PIECE));
            let piece = self.piece.get_mut(..length).unwrap_or_default();
            fill(&mut self.source, piece)?;
            let of_content = usize::try_from(content).map_or(length, |content| content.min(length));
            if of_content > 0 {
                each(piece.get(..of_content).unwrap_or_default())?;
            }
            content -= of_content as u64;
            rest -= length as u64;
        }
        Ok(())
    }

    /// Behind the first empty block: a second one, then nothing but zeros, with which tar fills up its last record.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        if self.block()? != [0; BLOCK] {
            return Err(Fault::AfterEnd);
        }
        loop {
            let read = match self.source.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.take(read as u64)?;
            let piece = self.piece.get(..read).unwrap_or_default();
            if piece.iter().any(|&byte| byte != 0) {
                return Err(Fault::AfterEnd);
            }
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, length: u64) -> Result<(), Fault> {
        self.left = self
            .left
            .checked_sub(length)
            .ok_or(Fault::UnpackedTooLong(self.most))?;
        Ok(())
    }
}

fn fill(source: &mut impl Read, room: &mut [u8]) -> Result<(), Fault> {
    source.read_exact(room).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::Truncated,
        _ => error.into(),
    })
}
