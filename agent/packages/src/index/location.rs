//! Where an index or an archive is.
//!
//! A small part of RFC 3986 and no more: absolute URLs of three schemes, and references of paths (`../a/b.tar.gz`,
//! `/b.tar.gz`), in the characters that a URL may have. The crate `url` would read whatever a browser does and brings
//! two dozen others for names of hosts in other scripts, which can be written in ASCII.

use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// The longest URL, in bytes.
const LENGTH_MAX: usize = 2048;

/// What may stand in a path and query besides letters and digits: the unreserved, the sub-delimiters but for the comma,
/// and `:@/?%`.
const MARKS: &[u8] = b"-._~!$&'()*+;=:@/?%";

/// How something is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Over TLS.
    Https,
    /// In the clear. What comes is held to its digest, and an index to its signature where keys are configured.
    Http,
    /// A file of this machine.
    File,
}

/// An absolute URL, without user, password or fragment, its path without `.` and `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    scheme: Scheme,
    /// Host and port; empty for a file.
    host: String,
    /// Begins with a slash; with the query, where there is one.
    path: String,
}

/// What can be wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LocationFault {
    /// Empty, or longer than any.
    #[error("a URL has 1 to {LENGTH_MAX} bytes")]
    Length,
    /// Control characters, space, `#`, and everything that is not ASCII.
    #[error("a character in it has to be written as %XX, or can't be there at all")]
    Character,
    /// Not one of the three.
    #[error("its scheme is not https, http or file")]
    Scheme,
    /// A name or address, and a port if need be. A user and password would end up in logs.
    #[error("between // and / there has to be a host's name and perhaps a port, nothing else")]
    Host,
    /// A file is named as it is.
    #[error("a file's URL is file:///PATH, without host, query or %")]
    File,
    /// More `..` than folders.
    #[error("its path leads above the root")]
    AboveRoot,
    /// An index from elsewhere may not have this machine's own files unpacked.
    #[error("a file of this machine can only be named by an index that is one itself")]
    Local,
}

impl Location {
    /// Reads an absolute URL.
    ///
    /// # Errors
    /// It is none of those that can be fetched.
    pub fn parse(url: &str) -> Result<Self, LocationFault> {
        check_characters(url)?;
        let (scheme, rest) = url.split_once("://").ok_or(LocationFault::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            "file" => Scheme::File,
            _ => return Err(LocationFault::Scheme),
        };
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        match scheme {
            Scheme::File if !host.is_empty() || path.is_empty() => return Err(LocationFault::File),
            Scheme::Https | Scheme::Http if !is_host(host) => return Err(LocationFault::Host),
            _ => {}
        }
        Self::new(scheme, host.to_ascii_lowercase(), path)
    }

    /// What a URL in a document of this place means: an absolute one itself, otherwise a path from here.
    ///
    /// # Errors
    /// As [`Location::parse`]; [`LocationFault::Local`].
    pub fn join(&self, reference: &str) -> Result<Self, LocationFault> {
        check_characters(reference)?;
        let first = reference.split(['/', '?']).next().unwrap_or_default();
        let joined = if first.contains(':') {
            Self::parse(reference)?
        } else if reference.starts_with("//") {
            return Err(LocationFault::Scheme);
        } else if reference.starts_with('/') {
            Self::new(self.scheme, self.host.clone(), reference)?
        } else {
            let path = self.path.split('?').next().unwrap_or_default();
            let folder = path.rfind('/').map_or("", |slash| &path[..slash]);
            Self::new(
                self.scheme,
                self.host.clone(),
                &format!("{folder}/{reference}"),
            )?
        };
        if joined.scheme == Scheme::File && self.scheme != Scheme::File {
            return Err(LocationFault::Local);
        }
        Ok(joined)
    }

    fn new(scheme: Scheme, host: String, path: &str) -> Result<Self, LocationFault> {
        if scheme == Scheme::File && path.contains(['?', '%']) {
            return Err(LocationFault::File);
        }
        let path = without_dots(path)?;
        let location = Self { scheme, host, path };
        if location.to_string().len() > LENGTH_MAX {
            return Err(LocationFault::Length);
        }
        Ok(location)
    }

    /// How it is fetched.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The file that it is on this machine, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        (self.scheme == Scheme::File).then(|| PathBuf::from(&self.path))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Https => "https",
            Scheme::Http => "http",
            Scheme::File => "file",
        };
        write!(f, "{scheme}://{}{}", self.host, self.path)
    }
}

fn check_characters(url: &str) -> Result<(), LocationFault> {
    if url.is_empty() || url.len() > LENGTH_MAX {
        return Err(LocationFault::Length);
    }
    // The brackets are those of an address of IPv6.
    let known =
        |byte: u8| byte.is_ascii_alphanumeric() || MARKS.contains(&byte) || b"[]".contains(&byte);
    match url.bytes().all(known) {
        true => Ok(()),
        false => Err(LocationFault::Character),
    }
}

/// A name, an address of IPv4, or one of IPv6 in brackets; with a port or without.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let is_address = address.parse::<std::net::Ipv6Addr>().is_ok();
            (if is_address { "v6" } else { "" }, port)
        }
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    !name.is_empty()
        && name.bytes().all(in_name)
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Takes `.` and `..` out of a path (RFC 3986, 5.2.4); what follows a `?` is no path.
fn without_dots(path: &str) -> Result<String, LocationFault> {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    if path.contains(['[', ']']) || query.contains(['[', ']']) {
        return Err(LocationFault::Character);
    }
    let mut parts = Vec::new();
    for part in path.strip_prefix('/').unwrap_or(path).split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop().ok_or(LocationFault::AboveRoot)?),
            part => parts.push(part),
        }
    }
    Ok(format!("/{}{query}", parts.join("/")))
}
