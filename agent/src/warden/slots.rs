//! Host uids: each jail has two that no other living jail has.

use jail::proto::HostIds;
use std::collections::VecDeque;

/// Uids not in use, in the order in which they became free: the one that rested longest is given out next.
#[derive(Debug)]
pub(super) struct Slots {
    free: VecDeque<HostIds>,
}

impl Slots {
    /// `count` pairs from `first` on.
    pub(super) fn new(first: u32, count: u32) -> Self {
        let pairs = (0..count).map_while(|n| {
            let init = first.checked_add(n.checked_mul(2)?)?;
            Some(HostIds {
                init,
                program: init.checked_add(1)?,
            })
        });
        Self {
            free: pairs.collect(),
        }
    }

    pub(super) fn take(&mut self) -> Option<HostIds> {
        self.free.pop_front()
    }

    pub(super) fn give_back(&mut self, ids: HostIds) {
        self.free.push_back(ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_taken_slots_share_an_id() {
        let mut slots = Slots::new(1000, 3);
        let taken: Vec<_> = std::iter::from_fn(|| slots.take()).collect();
        let mut ids: Vec<u32> = taken
            .iter()
            .flat_map(|ids| [ids.init, ids.program])
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, [1000, 1001, 1002, 1003, 1004, 1005]);
        slots.give_back(taken[1]);
        assert_eq!(slots.take(), Some(taken[1]));
        assert_eq!(slots.take(), None);
    }
}
