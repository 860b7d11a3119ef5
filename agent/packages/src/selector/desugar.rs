//! From the short forms of a range (`^3`, `~3.10`, `1 - 2`, `3.x`, `>3`) to plain comparisons, by node-semver's
//! rules. An upper bound such as `<4.0.0-0` keeps out the pre-releases of 4.0.0 as well.

use super::partial::{Full, Partial};
use super::{Comparison, MAX_NUMBER, Operator, is_space};
use crate::error::FaultySelector;
use nodejs_semver::{Identifier, Version};

type Comparisons = Result<Vec<Comparison>, FaultySelector>;

/// One alternative of a selector: what stands between two `||`.
pub(super) fn alternative(text: &str) -> Comparisons {
    if let Some(comparisons) = hyphen(text) {
        return comparisons;
    }
    let mut comparisons = Vec::new();
    let mut rest = skip_space(text);
    while !rest.is_empty() {
        let (term, after) = Term::read(rest)?;
        comparisons.extend(term.comparisons()?);
        rest = skip_space(after);
    }
    comparisons.retain(|comparison| !comparison.is_any());
    Ok(comparisons)
}

/// `1 - 2`: both ends included, a hole at the upper end too. `None` when the text is not of that form.
fn hyphen(text: &str) -> Option<Comparisons> {
    let text = text.replace(is_space, " ");
    let (from, to) = text.split_once(" - ")?;
    Some(from_side(from).and_then(|from| {
        let mut comparisons = lower(from);
        comparisons.extend(upper(to_side(to)?)?);
        comparisons.retain(|comparison| !comparison.is_any());
        Ok(comparisons)
    }))
}

/// The lower end of a hyphen range.
fn from_side(text: &str) -> Result<Partial, FaultySelector> {
    Partial::parse(text.trim_matches(is_space), Full::Plain)
}

/// The upper end of a hyphen range, where node takes a pre-release apart and so drops its signs.
fn to_side(text: &str) -> Result<Partial, FaultySelector> {
    let text = text.trim_matches(is_space);
    match Partial::parse(text, Full::Signed)? {
        Partial::Full(version) if !version.is_prerelease() => Partial::parse(text, Full::Plain),
        partial => Ok(partial),
    }
}

fn lower(from: Partial) -> Vec<Comparison> {
    match from {
        Partial::Any => Vec::new(),
        Partial::Major(major) => vec![at_least(major, 0, 0)],
        Partial::Minor(major, minor) => vec![at_least(major, minor, 0)],
        Partial::Full(version) => vec![Comparison {
            operator: Operator::GreaterOrEqual,
            version,
        }],
    }
}

fn upper(to: Partial) -> Comparisons {
    Ok(match to {
        Partial::Any => Vec::new(),
        Partial::Major(major) => vec![below(next(major)?, 0, 0)],
        Partial::Minor(major, minor) => vec![below(major, next(minor)?, 0)],
        Partial::Full(version) => vec![Comparison {
            operator: Operator::LessOrEqual,
            version,
        }],
    })
}

/// One word of a range: a sign and a version with holes.
struct Term {
    sign: Sign,
    partial: Partial,
}

enum Sign {
    Caret,
    Tilde,
    Compare(Operator),
}

impl Term {
    /// Reads the first term of `text`. Space is allowed after the sign, and for `^` and `~` on both sides of a
    /// second sign that changes nothing (`^ = 3`, `~> 3`), because node removes it there.
    fn read(text: &str) -> Result<(Self, &str), FaultySelector> {
        let (sign, rest) = if let Some(rest) = text.strip_prefix('^') {
            let rest = skip_space(rest);
            (Sign::Caret, rest.strip_prefix('=').unwrap_or(rest))
        } else if let Some(rest) = text.strip_prefix('~') {
            let rest = skip_space(rest);
            let rest = rest.strip_prefix('>').unwrap_or(rest);
            (Sign::Tilde, rest.strip_prefix('=').unwrap_or(rest))
        } else {
            let (operator, rest) = operator(text);
            (Sign::Compare(operator), rest)
        };
        let rest = skip_space(rest);
        let (word, rest) = rest.split_at(rest.find(is_space).unwrap_or(rest.len()));
        let full = if matches!(sign, Sign::Compare(_)) {
            Full::Plain
        } else {
            Full::Signed
        };
        Ok((
            Self {
                sign,
                partial: Partial::parse(word, full)?,
            },
            rest,
        ))
    }

    fn comparisons(self) -> Comparisons {
        match self.sign {
            Sign::Caret => caret(self.partial),
            Sign::Tilde => tilde(self.partial),
            Sign::Compare(operator) => compare(operator, self.partial),
        }
    }
}

fn operator(text: &str) -> (Operator, &str) {
    let signs = [
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("=", Operator::Equal),
    ];
    let found = signs
        .into_iter()
        .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)));
    let (operator, rest) = found.unwrap_or((Operator::Equal, text));
    // `> =3` is `>=3`, because node takes out the space before it looks for signs; `> = 3` stays a fault.
    match (operator, skip_space(rest).strip_prefix('=')) {
        (Operator::Less, Some(rest)) if !rest.starts_with(is_space) => {
            (Operator::LessOrEqual, rest)
        }
        (Operator::Greater, Some(rest)) if !rest.starts_with(is_space) => {
            (Operator::GreaterOrEqual, rest)
        }
        _ => (operator, rest),
    }
}

/// `^`: whatever keeps the first number that is not zero.
fn caret(partial: Partial) -> Comparisons {
    let Partial::Full(version) = partial else {
        return match partial {
            Partial::Minor(0, minor) => Ok(vec![at_least(0, minor, 0), below(0, next(minor)?, 0)]),
            Partial::Minor(major, minor) => {
                Ok(vec![at_least(major, minor, 0), below(next(major)?, 0, 0)])
            }
            other => holes(other),
        };
    };
    let end = match (version.major(), version.minor(), version.patch()) {
        (0, 0, patch) => below(0, 0, next(patch)?),
        (0, minor, _) => below(0, next(minor)?, 0),
        (major, _, _) => below(next(major)?, 0, 0),
    };
    Ok(vec![
        Comparison {
            operator: Operator::GreaterOrEqual,
            version,
        },
        end,
    ])
}

/// `~`: whatever keeps the minor version.
fn tilde(partial: Partial) -> Comparisons {
    let Partial::Full(version) = partial else {
        return holes(partial);
    };
    let end = below(version.major(), next(version.minor())?, 0);
    Ok(vec![
        Comparison {
            operator: Operator::GreaterOrEqual,
            version,
        },
        end,
    ])
}

fn compare(operator: Operator, partial: Partial) -> Comparisons {
    let one = match (operator, partial) {
        (_, Partial::Full(version)) => Comparison { operator, version },
        // Nothing is above or below everything.
        (Operator::Less | Operator::Greater, Partial::Any) => below(0, 0, 0),
        (_, Partial::Any) => return Ok(Vec::new()),
        (Operator::Equal, partial) => return holes(partial),
        (Operator::Less, Partial::Major(major)) => below(major, 0, 0),
        (Operator::Less, Partial::Minor(major, minor)) => below(major, minor, 0),
        (Operator::LessOrEqual, Partial::Major(major)) => below(next(major)?, 0, 0),
        (Operator::LessOrEqual, Partial::Minor(major, minor)) => below(major, next(minor)?, 0),
        (Operator::Greater, Partial::Major(major)) => at_least(next(major)?, 0, 0),
        (Operator::Greater, Partial::Minor(major, minor)) => at_least(major, next(minor)?, 0),
        (Operator::GreaterOrEqual, Partial::Major(major)) => at_least(major, 0, 0),
        (Operator::GreaterOrEqual, Partial::Minor(major, minor)) => at_least(major, minor, 0),
    };
    Ok(vec![one])
}

/// All that a partial leaves open: `3` is `>=3.0.0 <4.0.0-0`.
fn holes(partial: Partial) -> Comparisons {
    Ok(match partial {
        Partial::Any => Vec::new(),
        Partial::Major(major) => vec![at_least(major, 0, 0), below(next(major)?, 0, 0)],
        Partial::Minor(major, minor) => {
            vec![at_least(major, minor, 0), below(major, next(minor)?, 0)]
        }
        Partial::Full(version) => vec![Comparison {
            operator: Operator::Equal,
            version,
        }],
    })
}

fn at_least(major: u64, minor: u64, patch: u64) -> Comparison {
    let version = Version::new(major, minor, patch, Vec::new(), Vec::new());
    Comparison {
        operator: Operator::GreaterOrEqual,
        version,
    }
}

/// Below even the first pre-release of a version.
fn below(major: u64, minor: u64, patch: u64) -> Comparison {
    let version = Version::new(
        major,
        minor,
        patch,
        vec![Identifier::Numeric(0)],
        Vec::new(),
    );
    Comparison {
        operator: Operator::Less,
        version,
    }
}

fn next(number: u64) -> Result<u64, FaultySelector> {
    if number < MAX_NUMBER {
        Ok(number + 1)
    } else {
        Err(FaultySelector)
    }
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches(is_space)
}
