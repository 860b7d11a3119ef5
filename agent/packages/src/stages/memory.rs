//! Numbers that follow a job's memory limit, as the size of a heap does.

/// The largest of some shares of the memory limit, within bounds: enough for heaps that leave room for what is beside
/// them, and get relatively less of a small limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemoryNumber {
    /// At least one.
    pub(crate) largest_of: Vec<Share>,
    /// Not less than this, in MiB.
    pub(crate) least: u32,
    /// Not more than this, in MiB, and not below `least`.
    pub(crate) most: u32,
}

/// A part of the memory limit, less a fixed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Of so many equal parts, 1 or more, ...
    pub(crate) of: u32,
    /// ... this many, at most all of them.
    pub(crate) parts: u32,
    /// What is taken away from them, in MiB.
    pub(crate) less: u32,
}

impl MemoryNumber {
    /// The number under a limit of so many bytes: whole MiB.
    pub(crate) fn mebibytes(&self, limit: u64) -> u32 {
        let shares = self.largest_of.iter().map(|share| share.mebibytes(limit));
        shares.max().unwrap_or(0).clamp(self.least, self.most)
    }
}

impl Share {
    fn mebibytes(self, limit: u64) -> u32 {
        let limit = u128::from(limit >> 20);
        let share = limit * u128::from(self.parts) / u128::from(self.of);
        u32::try_from(share)
            .unwrap_or(u32::MAX)
            .saturating_sub(self.less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_share_counts_within_the_bounds() {
        let share = |parts, of, less| Share { of, parts, less };
        let number = MemoryNumber {
            largest_of: vec![share(7, 8, 64), share(11, 16, 16)],
            least: 16,
            most: 4096,
        };
        for (limit, expected) in [
            (0, 16),
            (8, 16),
            (128, 72),
            (256, 160),
            (512, 384),
            (u64::MAX >> 20, 4096),
        ] {
            assert_eq!(number.mebibytes(limit << 20), expected, "{limit} MiB");
        }
    }
}
