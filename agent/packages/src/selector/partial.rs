//! A version with holes: `3`, `3.x`, `3.10.*`, `v3.10.0-rc.1+build`.

use super::{MAX_NUMBER, is_space};
use crate::error::FaultySelector;
use nodejs_semver::{Identifier, Version};

/// What a selector names. A hole (`x`, `X`, `*` or nothing) makes everything after it a hole too.
#[derive(Debug)]
pub(super) enum Partial {
    /// `*`
    Any,
    /// `3`
    Major(u64),
    /// `3.10`
    Minor(u64, u64),
    /// `3.10.0`, with or without a pre-release
    Full(Version),
}

/// Which signs may precede a full version.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// `v` at most.
    Plain,
    /// The same as before one with holes.
    Signed,
}

impl Partial {
    /// Reads one from text that may begin with signs that mean nothing: any of `v`, `=` and space, but before a
    /// full version that is to be compared as it stands (`Full::Plain`) at most a `v`.
    pub(super) fn parse(text: &str, full: Full) -> Result<Self, FaultySelector> {
        let bare = text.trim_start_matches(|c| c == 'v' || c == '=' || is_space(c));
        let partial = Self::parse_bare(bare)?;
        let signs = &text[..text.len() - bare.len()];
        match (&partial, full) {
            (Self::Full(_), Full::Plain) if !matches!(signs, "" | "v") => Err(FaultySelector),
            _ => Ok(partial),
        }
    }

    fn parse_bare(text: &str) -> Result<Self, FaultySelector> {
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        if build.is_some_and(|ids| !ids.split('.').all(is_identifier)) {
            return Err(FaultySelector);
        }
        let (numbers, pre_release) = match text.split_once('-') {
            Some((numbers, ids)) => (numbers, Some(pre_release(ids)?)),
            None => (text, None),
        };
        let parts = numbers
            .split('.')
            .map(number)
            .collect::<Result<Vec<_>, _>>()?;
        if (pre_release.is_some() || build.is_some()) && parts.len() != 3 {
            return Err(FaultySelector);
        }
        match parts[..] {
            [None] | [None, _] | [None, _, _] => Ok(Self::Any),
            [Some(major)] | [Some(major), None] | [Some(major), None, _] => Ok(Self::Major(major)),
            [Some(major), Some(minor)] | [Some(major), Some(minor), None] => {
                Ok(Self::Minor(major, minor))
            }
            [Some(major), Some(minor), Some(patch)] => {
                let pre_release = pre_release.unwrap_or_default();
                Ok(Self::Full(Version::new(
                    major,
                    minor,
                    patch,
                    pre_release,
                    Vec::new(),
                )))
            }
            _ => Err(FaultySelector),
        }
    }
}

/// `None` is a hole.
fn number(text: &str) -> Result<Option<u64>, FaultySelector> {
    match text {
        "x" | "X" | "*" => Ok(None),
        _ if is_number(text) => match text.parse() {
            Ok(number) if number <= MAX_NUMBER => Ok(Some(number)),
            _ => Err(FaultySelector),
        },
        _ => Err(FaultySelector),
    }
}

fn pre_release(ids: &str) -> Result<Vec<Identifier>, FaultySelector> {
    ids.split('.')
        .map(|id| match id.bytes().all(|b| b.is_ascii_digit()) {
            true if is_number(id) => id
                .parse()
                .map(Identifier::Numeric)
                .map_err(|_| FaultySelector),
            false if is_identifier(id) => Ok(Identifier::AlphaNumeric(id.to_owned())),
            _ => Err(FaultySelector),
        })
        .collect()
}

/// Digits without a leading zero.
fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
