//! Trying again: a few times, with longer and longer waits.

use super::clock::Clock;
use super::error::GetError;
use super::limits::Limits;
use std::time::Duration;

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Tries, 1 or more.
    pub(super) tries: u32,
    /// When it is over, by the clock.
    pub(super) end: Duration,
}

impl Patience {
    /// For an index or a signature, from now on.
    pub(super) fn for_index(limits: &Limits, clock: &dyn Clock) -> Self {
        Self {
            tries: limits.index_tries,
            end: clock.now() + limits.index_time,
        }
    }

    /// For an archive, from now on.
    pub(super) fn for_archive(limits: &Limits, clock: &dyn Clock) -> Self {
        Self {
            tries: limits.archive_tries,
            end: clock.now() + limits.archive_time,
        }
    }
}

/// Has `attempt` tried until it works, fails for a reason that stays, or patience ends. Between two tries passes a time that
/// doubles, of which up to half is left to chance: nodes that lost a server at one moment do not come back at one.
pub(super) fn patiently<T>(
    patience: Patience,
    limits: &Limits,
    clock: &dyn Clock,
    mut attempt: impl FnMut() -> Result<T, GetError>,
) -> Result<T, GetError> {
    let mut tries = patience.tries;
    let mut wait = limits.first_wait;
    loop {
        let error = match attempt() {
            Err(error) if error.may_pass() => error,
            settled => return settled,
        };
        tries = tries.saturating_sub(1);
        let this_wait = wait.mul_f64(1.0 - clock.chance() / 2.0);
        if tries == 0 || clock.now() + this_wait >= patience.end {
            return Err(error);
        }
        clock.sleep(this_wait);
        wait = limits.longest_wait.min(wait * 2);
    }
}
