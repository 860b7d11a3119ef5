//! Version selectors: the grammar and meaning of node-semver's ranges, as `satisfies(version, range)` of npm's
//! `semver` 7 has them.
//!
//! The crate `nodejs-semver` compares versions as node does, but reads ranges more leniently and in places
//! differently (`3 || garbage`, `3 4`, `|| 3` and `^x` all answer otherwise), and a selector comes from a client.
//! So ranges are read here, into plain comparisons. `tests/answers.txt` has what the very version that
//! Piston 3.1.1 has (7.3.5) answers to some thousand of them.

mod desugar;
mod partial;

use crate::error::FaultySelector;
use nodejs_semver::Version;
use std::str::FromStr;

/// The largest number that may stand in a version: JavaScript's `Number.MAX_SAFE_INTEGER`.
const MAX_NUMBER: u64 = 9_007_199_254_740_991;

/// A set of versions, such as `3.x`, `>=3 <4` or `1.2.3 || 4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// One of these must match. Each is a list of comparisons that must all hold; an empty one is `*`.
    alternatives: Vec<Vec<Comparison>>,
}

/// `<operator><version>`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Selector {
    /// Whether `version` is one of the set. A pre-release is only where a comparison names a pre-release of the
    /// same major, minor and patch: who asks for `>=3` does not mean `4.0.0-beta`.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|all| {
            all.iter().all(|comparison| comparison.holds(version))
                && (!version.is_prerelease()
                    || all.iter().any(|comparison| comparison.opts_in(version)))
        })
    }
}

impl FromStr for Selector {
    type Err = FaultySelector;

    /// Anything outside the grammar, in any alternative, is a fault: it matches no version.
    fn from_str(text: &str) -> Result<Self, FaultySelector> {
        let mut alternatives = text
            .split("||")
            .map(desugar::alternative)
            .collect::<Result<Vec<_>, _>>()?;
        // As node: `*` beside other alternatives leaves only itself, and with it no pre-release.
        if let Some(any) = alternatives.iter().position(Vec::is_empty) {
            alternatives = vec![alternatives.swap_remove(any)];
        }
        Ok(Self { alternatives })
    }
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Equal => *version == self.version,
            Operator::Less => *version < self.version,
            Operator::LessOrEqual => *version <= self.version,
            Operator::Greater => *version > self.version,
            Operator::GreaterOrEqual => *version >= self.version,
        }
    }

    /// `>=0.0.0`, which node reads as `*`.
    fn is_any(&self) -> bool {
        self.operator == Operator::GreaterOrEqual
            && self.version == Version::from((0_u8, 0_u8, 0_u8))
    }

    fn opts_in(&self, version: &Version) -> bool {
        let numbers = |v: &Version| (v.major(), v.minor(), v.patch());
        self.version.is_prerelease() && numbers(&self.version) == numbers(version)
    }
}

/// JavaScript's `\s`, which is what node splits and trims with.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

#[cfg(test)]
mod tests;
