//! Bounded waiting.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// `CAPSULE_SLOW=N`: the machine is so many times slower than the ones that the limits of the tests are meant for, as an
/// emulated one is.
///
/// # Panics
/// When it is no number from 1 on.
#[must_use]
pub fn slowness() -> u32 {
    let Some(text) = std::env::var_os("CAPSULE_SLOW") else {
        return 1;
    };
    let factor = text.to_str().and_then(|text| text.parse().ok());
    factor.filter(|factor| *factor > 0).unwrap_or_else(|| {
        panic!(
            "CAPSULE_SLOW is {} and has to be a number from 1 on",
            text.display()
        )
    })
}

/// Waits until the condition gives something, at most so long, times [`slowness`].
pub fn until<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit * slowness();
    loop {
        if let Some(found) = condition() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(PERIOD);
    }
}

/// Waits until a value was the same for `calm`, at most `limit`; the last value either way.
pub fn until_steady<T: PartialEq>(
    limit: Duration,
    calm: Duration,
    mut read: impl FnMut() -> T,
) -> T {
    let end = Instant::now() + limit;
    let mut value = read();
    let mut since = Instant::now();
    while since.elapsed() < calm && Instant::now() < end {
        std::thread::sleep(PERIOD);
        let now = read();
        if now != value {
            value = now;
            since = Instant::now();
        }
    }
    value
}
