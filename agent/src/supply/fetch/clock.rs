//! Time and chance as the fetcher meets them, so that tests wait for neither.

use std::thread;
use std::time::{Duration, Instant};

/// Time and chance.
pub(super) trait Clock {
    /// Time since some moment before.
    fn now(&self) -> Duration;
    /// Lets time pass.
    fn sleep(&self, time: Duration);
    /// Any number from 0 to 1.
    fn chance(&self) -> f64;
}

/// Those of this machine.
#[derive(Debug)]
pub(super) struct Real(Instant);

impl Real {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Real {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }

    fn chance(&self) -> f64 {
        fastrand::f64()
    }
}
