//! Programs that have used up their memory and are not killed for it.
//!
//! A program's own code, and that of its interpreter and libraries, counts as its memory where no other job has read it
//! before. When nothing else can be given up, the kernel drops that, and reads each page again as it is executed: since
//! that is progress, it kills nobody, and the program stands still at full speed until its time is over. That it reads so
//! much again is how this shows (`workingset_refault_file`, admin-guide/cgroup-v2).

use jail::Bytes;
use std::time::Duration;

/// Time between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// Nobody who gets on reads so much again between two looks. What thrashes reads some hundred MiB.
const MUCH: Bytes = Bytes::mib(64);

/// What was seen at earlier looks.
#[derive(Debug)]
pub(super) struct Thrashing {
    much: u64,
    before: u64,
    shown: bool,
}

impl Thrashing {
    /// In a stage with so much memory.
    pub(super) fn new(memory: Bytes) -> Self {
        Self {
            much: memory.get().min(MUCH.get()),
            before: 0,
            shown: false,
        }
    }

    /// Whether it shows at this look, by the bytes that were read again so far, as it did at the one before.
    pub(super) fn shows(&mut self, read_back: u64) -> bool {
        let shows = read_back.saturating_sub(self.before) >= self.much;
        self.before = read_back;
        std::mem::replace(&mut self.shown, shows) && shows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(memory: Bytes, looks: &[u64]) -> Vec<bool> {
        let mut thrashing = Thrashing::new(memory);
        let looks = looks.iter().map(|mib| thrashing.shows(mib << 20));
        looks.collect()
    }

    #[test]
    fn it_takes_two_looks_in_a_row() {
        let looks = [64, 128, 130, 194, 200, 264, 400];
        let shown = [false, true, false, false, false, false, true];
        assert_eq!(shows(Bytes::mib(512), &looks), shown);
    }

    #[test]
    fn what_has_less_memory_shows_it_by_less() {
        assert_eq!(shows(Bytes::mib(16), &[16, 32]), [false, true]);
        assert_eq!(shows(Bytes::mib(16), &[15, 30, 45]), [false; 3]);
    }

    #[test]
    fn who_reads_nothing_again_never_does() {
        assert_eq!(shows(Bytes::mib(8), &[0; 4]), [false; 4]);
        assert_eq!(shows(Bytes::mib(512), &[63, 126, 189]), [false; 3]);
    }
}
