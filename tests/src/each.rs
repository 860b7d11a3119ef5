//! Many checks against one node, a few at a time, all of their complaints collected.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Checks at once: as many as a small node has cores, so that time limits mean what they say.
const IN_FLIGHT: usize = 2;

/// Calls `check` for each item; what it complains of, in the items' order.
///
/// # Panics
/// Without an item: a filter that matches nothing must not pass.
pub fn each<T: Sync>(items: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    assert!(!items.is_empty(), "there is nothing to check");
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..IN_FLIGHT {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    if let Some(wrong) = check(item) {
                        found
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((index, wrong));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort();
    found.into_iter().map(|(_, wrong)| wrong).collect()
}
