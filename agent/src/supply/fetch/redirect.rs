//! Where an answer sends the fetcher, and where it does not let itself be sent.

use packages::index::{Location, LocationFault, Scheme};
use thiserror::Error;

/// A redirect that is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum RedirectFault {
    /// It has no target.
    #[error("it answers with a redirect to nowhere")]
    NoTarget,
    /// The target is none, or a file of this machine.
    #[error("it redirects to a place that can't be followed to")]
    Target(#[from] LocationFault),
    /// Who reads along on the way would see and change what the first URL protects.
    #[error("it redirects from https to http")]
    Downgrade,
    /// It comes back to where it was.
    #[error("it redirects in a circle")]
    Circle,
    /// More than any server needs.
    #[error("it redirects more than {0} times")]
    TooMany(usize),
}

/// The place after those of `path`, the last of which answered with this target.
///
/// # Errors
/// It is not to be followed.
pub(super) fn next(
    path: &[Location],
    target: Option<&str>,
    most: usize,
) -> Result<Location, RedirectFault> {
    let (Some(here), Some(target)) = (path.last(), target) else {
        return Err(RedirectFault::NoTarget);
    };
    // What follows a # stays with who asked (RFC 9110, 10.2.2). A comma can't stand in an index's URL; here it can.
    let target = target.split('#').next().unwrap_or_default();
    let next = here.join(&target.replace(',', "%2C"))?;
    if here.scheme() == Scheme::Https && next.scheme() != Scheme::Https {
        return Err(RedirectFault::Downgrade);
    }
    if path.contains(&next) {
        return Err(RedirectFault::Circle);
    }
    if path.len() > most {
        return Err(RedirectFault::TooMany(most));
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Location {
        Location::parse(url).unwrap()
    }

    #[test]
    fn targets_are_followed_as_browsers_do() {
        for (here, target, there) in [
            ("https://a/x/y", "https://b/z", "https://b/z"),
            ("http://a/x/y", "https://a/x/y", "https://a/x/y"),
            ("https://a/x/y", "z?q=1#part", "https://a/x/z?q=1"),
            ("https://a/x/y", "/z?a=1,2", "https://a/z?a=1%2C2"),
        ] {
            let next = next(&[at(here)], Some(target), 5).unwrap();
            assert_eq!(next.to_string(), there);
        }
    }

    #[test]
    fn some_targets_are_not_followed() {
        let from = |here: &str, target| next(&[at(here)], target, 5).unwrap_err();
        let secure = "https://a/x";
        assert_eq!(from(secure, None), RedirectFault::NoTarget);
        assert_eq!(from(secure, Some("http://a/x")), RedirectFault::Downgrade);
        for here in [secure, "http://a/x"] {
            assert_eq!(
                from(here, Some("file:///etc/passwd")),
                RedirectFault::Target(LocationFault::Local)
            );
            for target in ["ftp://a/", "//b/x", "https://me@b/", "/\u{e9}", ""] {
                let fault = from(here, Some(target));
                assert!(matches!(fault, RedirectFault::Target(_)), "{target}");
            }
        }
    }

    #[test]
    fn circles_and_long_ways_end() {
        let path: Vec<_> = (0..6).map(|n| at(&format!("http://a/{n}"))).collect();
        assert_eq!(next(&path, Some("/2"), 9), Err(RedirectFault::Circle));
        assert_eq!(next(&path[..1], Some("/0"), 9), Err(RedirectFault::Circle));
        assert_eq!(next(&path, Some("/6"), 5), Err(RedirectFault::TooMany(5)));
        assert!(next(&path[..5], Some("/5"), 5).is_ok());
    }
}
