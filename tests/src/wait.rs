//! Bounded waiting.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// Waits until the condition gives something, at most so long.
pub fn until<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
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
