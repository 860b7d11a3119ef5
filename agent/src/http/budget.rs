//! Memory for request bodies, shared by all connections: a thousand clients that each send a large one must not fill
//! the machine. Where it is spent the largest body that is still being read makes way for a smaller one: a few that never
//! end must not keep out what they leave no room for.

use super::places::Reader;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is counted in units of this many bytes, rounded down: smaller bodies are free, so that large ones never
/// keep them out.
const UNIT: usize = 64 << 10;

/// What all bodies together may take.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Semaphore>);

/// What one body has taken, given back on drop.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// The budget is spent.
#[derive(Debug)]
pub(super) struct Spent;

impl Budget {
    /// A budget of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(
            (bytes / UNIT).min(Semaphore::MAX_PERMITS),
        )))
    }

    /// A charge of nothing yet.
    pub(super) fn charge(&self) -> Charge {
        Charge {
            budget: Arc::clone(&self.0),
            held: None,
        }
    }
}

impl Charge {
    /// Takes what is missing for a body of so many bytes, which this reader reads.
    pub(super) async fn grow_to(&mut self, bytes: usize, reader: &Reader) -> Result<(), Spent> {
        let held = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = bytes / UNIT;
        let missing = wanted.saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let permits = u32::try_from(missing).map_err(|_| Spent)?;
        let budget = || Arc::clone(&self.budget);
        let more = match budget().try_acquire_many_owned(permits) {
            Ok(more) => more,
            Err(_) => {
                let short = missing.saturating_sub(self.budget.available_permits());
                reader.have_others_make_way(short, wanted)?;
                // What they held comes as soon as their tasks are at their turn.
                budget()
                    .acquire_many_owned(permits)
                    .await
                    .map_err(|_| Spent)?
            }
        };
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        reader.holds(wanted);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::places::Places;
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// What comes of it at once.
    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn small_bodies_are_free_and_large_ones_share() {
        let (budget, places) = (Budget::new(4 * UNIT), Places::new(8));
        let ((one, _one), (two, _two)) = (places.reader(), places.reader());
        let (mut large, mut small) = (budget.charge(), budget.charge());
        assert!(now(large.grow_to(2 * UNIT, &one)).is_some_and(|taken| taken.is_ok()));
        assert!(now(large.grow_to(4 * UNIT + 1, &one)).is_some_and(|taken| taken.is_ok()));
        assert!(now(small.grow_to(UNIT - 1, &two)).is_some_and(|taken| taken.is_ok()));
        drop(large);
        assert!(now(small.grow_to(UNIT, &two)).is_some_and(|taken| taken.is_ok()));
    }

    #[test]
    fn the_largest_makes_way_for_a_smaller_one_and_for_no_larger_one() {
        let (budget, places) = (Budget::new(4 * UNIT), Places::new(8));
        let ((one, mut of_one), (two, mut of_two)) = (places.reader(), places.reader());
        let (mut large, mut small) = (budget.charge(), budget.charge());
        assert!(now(large.grow_to(3 * UNIT, &one)).is_some_and(|taken| taken.is_ok()));
        assert!(now(small.grow_to(UNIT, &two)).is_some_and(|taken| taken.is_ok()));
        assert!(now(large.grow_to(4 * UNIT, &one)).is_some_and(|taken| taken.is_err()));
        assert!(now(of_two.outlived()).is_none());
        // It has what it needs once the other is gone.
        assert!(now(small.grow_to(2 * UNIT, &two)).is_none());
        assert!(now(of_one.outlived()).is_some());
        drop((large, one));
        assert!(now(small.grow_to(2 * UNIT, &two)).is_some_and(|taken| taken.is_ok()));
    }
}
