//! Chance: a small generator with a seed, so that a measurement can be repeated.

/// Splitmix64: good enough for orders and schedules, and two runs with one seed are alike.
#[derive(Clone, Debug)]
pub(crate) struct Random {
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

impl Random {
    /// Of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Who goes first.
    pub(crate) fn toss(&mut self) -> First {
        if self.next() & 1 == 0 {
            First::A
        } else {
            First::B
        }
    }

    /// From 0 to just below 1, all alike.
    pub(crate) fn fraction(&mut self) -> f64 {
        // As many bits as the type holds.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_come_up_about_as_often() {
        let mut coin = Random::new(1);
        let heads = (0..10_000).filter(|_| coin.toss() == First::A).count();
        assert!((4_800..5_200).contains(&heads), "{heads} of 10000");
    }

    #[test]
    fn fractions_lie_between_0_and_1() {
        let mut random = Random::new(1);
        let sum: f64 = (0..10_000).map(|_| random.fraction()).sum();
        assert!((4_800.0..5_200.0).contains(&sum), "{sum}");
        assert!((0..10_000).all(|_| (0.0..1.0).contains(&random.fraction())));
    }

    #[test]
    fn a_seed_repeats_itself() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        assert!((0..100).all(|_| one.toss() == two.toss()));
    }
}
