//! The order within a pair: a small generator with a seed, so that a measurement can be repeated.

/// Splitmix64: good enough to toss coins, and two runs with one seed toss alike.
#[derive(Clone, Debug)]
pub(crate) struct Coin {
    state: u64,
}

/// Who goes first in a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// The baseline.
    A,
    /// The node.
    B,
}

impl Coin {
    /// A coin of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next toss.
    pub(crate) fn toss(&mut self) -> First {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        if (z ^ (z >> 31)) & 1 == 0 {
            First::A
        } else {
            First::B
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_come_up_about_as_often() {
        let mut coin = Coin::new(1);
        let heads = (0..10_000).filter(|_| coin.toss() == First::A).count();
        assert!((4_800..5_200).contains(&heads), "{heads} of 10000");
    }

    #[test]
    fn a_seed_repeats_itself() {
        let (mut one, mut two) = (Coin::new(7), Coin::new(7));
        assert!((0..100).all(|_| one.toss() == two.toss()));
    }
}
