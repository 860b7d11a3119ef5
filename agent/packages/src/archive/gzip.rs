//! The outer layer: gzip, with a count of what goes in and what comes out.

use super::error::Fault;
use super::limits::{Limits, RATIO_FROM};
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, BufReader, Read, Take};

/// How much is read of the archive at once, in bytes.
const PIECE: usize = 64 << 10;

/// What is in a gzip stream. Ends only when its checksum was right and nothing follows it.
pub(super) struct Unzipped<R> {
    decoder: GzDecoder<BufReader<Take<R>>>,
    limits: Limits,
    unpacked: u64,
}

impl<R: Read> Unzipped<R> {
    pub(super) fn new(archive: R, limits: Limits) -> Self {
        // One byte more than may be: whoever reads it is beyond.
        let bounded = archive.take(limits.compressed.saturating_add(1));
        Self {
            decoder: GzDecoder::new(BufReader::with_capacity(PIECE, bounded)),
            limits,
            unpacked: 0,
        }
    }

    /// Bytes of the archive that the decoder has had.
    fn compressed(&self) -> u64 {
        let buffer = self.decoder.get_ref();
        let read = self.limits.compressed.saturating_add(1) - buffer.get_ref().limit();
        read - buffer.buffer().len() as u64
    }

    fn check(&self) -> Result<(), Fault> {
        if self.compressed() > self.limits.compressed {
            return Err(Fault::CompressedTooLong(self.limits.compressed));
        }
        let most = self.compressed().saturating_mul(self.limits.ratio);
        if self.unpacked > most.max(RATIO_FROM) {
            return Err(Fault::Ratio(self.limits.ratio));
        }
        Ok(())
    }

    /// What the decoder's error means: it says what is wrong with the stream by two kinds, and passes on all others.
    fn explain(&self, error: io::Error) -> Fault {
        match error.kind() {
            _ if self.compressed() > self.limits.compressed => {
                Fault::CompressedTooLong(self.limits.compressed)
            }
            io::ErrorKind::UnexpectedEof => Fault::Truncated,
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Fault::Gzip(error),
            _ => Fault::Read(error),
        }
    }
}

impl<R: Read> Read for Unzipped<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = match self.decoder.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            read => read.map_err(|error| self.explain(error))?,
        };
        self.unpacked += read as u64;
        self.check()?;
        if read == 0 && !self.decoder.get_mut().fill_buf()?.is_empty() {
            return Err(Fault::AfterStream.into());
        }
        Ok(read)
    }
}
