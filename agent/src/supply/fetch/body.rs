//! Reading an answer to its end, which a server may put off, or never come to.

use super::clock::Clock;
use super::error::GetError;
use super::limits::Limits;
use jail::Bytes;
use std::io::Read;
use std::time::Duration;

/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// Bounds of one answer.
#[derive(Debug)]
pub(super) struct Bounds {
    /// More bytes are too long.
    pub(super) most: Bytes,
    /// When it has to be there, by the clock.
    pub(super) end: Duration,
}

/// Hands all of an answer to `keep`, piece by piece.
///
/// # Errors
/// What `body` answers, or that too much or too little comes, or what `keep` says.
pub(super) fn read(
    mut body: impl Read,
    bounds: &Bounds,
    limits: &Limits,
    clock: &dyn Clock,
    mut keep: impl FnMut(&[u8]) -> Result<(), GetError>,
) -> Result<(), GetError> {
    let mut piece = vec![0; PIECE];
    let mut left = bounds.most.get();
    let mut pace = Pace::new(limits, clock);
    loop {
        let length = match body.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) => return Err(ureq::Error::from(error).into()),
        };
        let length_64 = u64::try_from(length).unwrap_or(u64::MAX);
        left = left
            .checked_sub(length_64)
            .ok_or(GetError::TooLong(bounds.most))?;
        keep(piece.get(..length).unwrap_or_default())?;
        if clock.now() >= bounds.end {
            return Err(GetError::OutOfTime);
        }
        pace.went_on(length_64)?;
    }
}

/// Whether enough comes in each window of time.
struct Pace<'a> {
    limits: &'a Limits,
    clock: &'a dyn Clock,
    since: Duration,
    bytes: u64,
}

impl<'a> Pace<'a> {
    fn new(limits: &'a Limits, clock: &'a dyn Clock) -> Self {
        Self {
            limits,
            clock,
            since: clock.now(),
            bytes: 0,
        }
    }

    fn went_on(&mut self, bytes: u64) -> Result<(), GetError> {
        self.bytes += bytes;
        let now = self.clock.now();
        if now.saturating_sub(self.since) < self.limits.window {
            return Ok(());
        }
        if self.bytes < self.limits.least.get() {
            return Err(GetError::TooSlow);
        }
        (self.since, self.bytes) = (now, 0);
        Ok(())
    }
}
