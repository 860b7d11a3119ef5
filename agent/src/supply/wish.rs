//! A package as somebody asks for it: a name, and which versions will do.

use super::error::SupplyError;
use packages::nearest;
use packages::{PackageId, Selector};
use std::fmt;
use std::str::FromStr;

/// Every version, but for pre-releases.
const ANY: &str = "*";

/// How many versions an error names.
const NAMED: usize = 8;

/// What somebody wants: `NAME` or `NAME@SELECTOR`.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    name: String,
    text: String,
    selector: Selector,
}

/// Text that is no wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WishFault {
    /// Nothing in front of the @.
    #[error("{0:?} names no package: NAME or NAME@VERSION, as python or python@3.x")]
    Name(String),
    /// What follows the @.
    #[error("{0:?} selects no versions: a version as 3.11.2 or a range as 3.x, ^3.11.0, '>=3 <4'")]
    Selector(String),
}

impl Wish {
    /// For a package of this name, of any version that a selector of node-semver matches.
    ///
    /// # Errors
    /// The name can't be one, or the selector is none.
    pub(crate) fn new(name: &str, selector: &str) -> Result<Self, WishFault> {
        // A name is good with any version or with none.
        PackageId::parse(name, "0.0.0").map_err(|_| WishFault::Name(name.to_owned()))?;
        Ok(Self {
            name: name.to_owned(),
            text: selector.to_owned(),
            selector: selector
                .parse()
                .map_err(|_| WishFault::Selector(selector.to_owned()))?,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn selector(&self) -> &str {
        &self.text
    }

    /// Whether a package is meant.
    pub(crate) fn matches(&self, id: &PackageId) -> bool {
        id.name() == self.name && self.selector.matches(id.version())
    }

    /// The highest version that is meant; of equal ones the first.
    ///
    /// # Errors
    /// None is: what there is instead.
    pub(crate) fn choose(&self, ids: &[PackageId]) -> Result<PackageId, SupplyError> {
        let meant = ids.iter().filter(|id| self.matches(id));
        let best = meant.reduce(|best, id| {
            if id.version() > best.version() {
                id
            } else {
                best
            }
        });
        best.cloned().ok_or_else(|| SupplyError::NotFound {
            instead: self.instead(ids),
        })
    }

    /// The package that another process says it has dealt with.
    ///
    /// # Errors
    /// It is not what was asked for.
    pub(super) fn accept(&self, name: &str, version: &str) -> Result<PackageId, SupplyError> {
        let id = PackageId::parse(name, version).ok();
        id.filter(|id| self.matches(id))
            .ok_or(SupplyError::OtherPackage)
    }

    /// What to ask for instead, as the end of a sentence.
    pub(super) fn instead(&self, ids: &[PackageId]) -> String {
        let mut versions: Vec<_> = ids
            .iter()
            .filter(|id| id.name() == self.name)
            .map(PackageId::version)
            .collect();
        versions.sort();
        if !versions.is_empty() {
            let highest = versions.iter().rev().take(NAMED).map(ToString::to_string);
            return format!("; there is {}", highest.collect::<Vec<_>>().join(", "));
        }
        nearest(&self.name, ids.iter().map(PackageId::name))
            .map_or_else(String::new, |name| format!("; did you mean {name}?"))
    }
}

impl FromStr for Wish {
    type Err = WishFault;

    /// A name alone means its highest version.
    fn from_str(text: &str) -> Result<Self, WishFault> {
        let (name, selector) = text.split_once('@').unwrap_or((text, ANY));
        Self::new(name, selector)
    }
}

/// As it is written on a command line.
impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            ANY => f.write_str(&self.name),
            text => write!(f, "{}@{text}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(all: &[(&str, &str)]) -> Vec<PackageId> {
        let id = |&(name, version): &(&str, &str)| PackageId::parse(name, version).unwrap();
        all.iter().map(id).collect()
    }

    fn offered() -> Vec<PackageId> {
        ids(&[
            ("python", "3.11.2"),
            ("python", "3.12.0"),
            ("python", "4.0.0-rc.1"),
            ("node", "18.15.0"),
        ])
    }

    fn chosen(wish: &str) -> Result<String, String> {
        let wish: Wish = wish.parse().unwrap();
        let chosen = wish.choose(&offered());
        chosen
            .map(|id| id.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_highest_version_that_matches_is_chosen() {
        for (wish, id) in [
            ("python", "python-3.12.0"),
            ("python@3.11.x", "python-3.11.2"),
            ("python@<3.12 || 9", "python-3.11.2"),
            ("python@4.0.0-rc.1", "python-4.0.0-rc.1"),
            ("node@18", "node-18.15.0"),
        ] {
            assert_eq!(chosen(wish).as_deref(), Ok(id), "{wish}");
        }
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let error = chosen("python@2.x").unwrap_err();
        let end = "there is 4.0.0-rc.1, 3.12.0, 3.11.2";
        assert!(error.ends_with(end), "{error}");
        assert!(
            chosen("pyhton")
                .unwrap_err()
                .ends_with("did you mean python?")
        );
        assert!(chosen("cobol").unwrap_err().ends_with("package"));
    }

    #[test]
    fn a_wish_is_shown_as_it_was_written() {
        for text in ["python", "python@3.x", "c++@>=1 <2"] {
            assert_eq!(text.parse::<Wish>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_wish_is_refused() {
        for (text, named) in [
            ("", true),
            ("@3", true),
            ("../x", true),
            ("python@", false),
            ("a@b@c", false),
        ] {
            let fault = text.parse::<Wish>().map(|_| ());
            match fault {
                Err(WishFault::Name(_)) => assert!(named, "{text}"),
                Err(WishFault::Selector(_)) => assert!(!named, "{text}"),
                // An empty selector is `*` to node.
                Ok(()) => assert_eq!(text, "python@"),
            }
        }
    }

    #[test]
    fn nothing_but_what_was_asked_for_is_accepted() {
        let wish: Wish = "python@3.x".parse().unwrap();
        assert!(wish.accept("python", "3.11.2").is_ok());
        for (name, version) in [("python", "4.0.0"), ("node", "3.11.2"), ("python", "3")] {
            assert!(wish.accept(name, version).is_err(), "{name} {version}");
        }
    }
}
