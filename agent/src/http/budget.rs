//! Memory for request bodies, shared by all connections: a thousand clients that each send a large one must not fill
//! the machine.

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
    /// Takes what is missing for a body of so many bytes.
    pub(super) fn grow_to(&mut self, bytes: usize) -> Result<(), Spent> {
        let held = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = (bytes / UNIT).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| Spent)?;
        let more = Arc::clone(&self.budget)
            .try_acquire_many_owned(missing)
            .map_err(|_| Spent)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_are_free_and_large_ones_share() {
        let budget = Budget::new(4 * UNIT);
        let (mut large, mut small) = (budget.charge(), budget.charge());
        assert!(large.grow_to(2 * UNIT).is_ok());
        assert!(large.grow_to(4 * UNIT + 1).is_ok());
        assert!(small.grow_to(UNIT - 1).is_ok());
        assert!(small.grow_to(UNIT).is_err());
        drop(large);
        assert!(small.grow_to(UNIT).is_ok());
    }
}
