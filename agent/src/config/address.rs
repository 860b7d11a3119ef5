//! Where a node listens, as it is written: `127.0.0.1:2000` or `unix:/run/codecapsule/agent.sock`.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// What the kernel takes as the path of a socket, with the zero byte at its end (unix(7)).
const SUN_PATH: usize = 108;

/// The longest name of a socket file: the node reaches it as `/proc/self/fd/NUMBER/NAME`, which has to fit as well.
const LONGEST_NAME: usize = 80;

/// One place to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// An address and port.
    Tcp(SocketAddr),
    /// A socket file: an absolute path without `..`, of 107 bytes at most, its name of 80.
    Unix(PathBuf),
}

/// It is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let Some(path) = text.strip_prefix("unix:") else {
            return text.parse().map(Self::Tcp).map_err(|_| NoAddress);
        };
        let file = Path::new(path);
        let plain = file
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        let named = path.starts_with('/') && !path.ends_with('/');
        let fits = path.len() < SUN_PATH && !path.contains('\0');
        let short = file
            .file_name()
            .is_some_and(|name| name.len() <= LONGEST_NAME);
        (plain && named && fits && short)
            .then(|| Self::Unix(path.into()))
            .ok_or(NoAddress)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Address {
    /// As clients name it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Tcp(address) => format!("http://{address}"),
            Self::Unix(_) => self.to_string(),
        }
    }
}

/// One or several, between commas, none twice.
pub(super) fn list(text: &str) -> Option<Vec<Address>> {
    let mut addresses: Vec<Address> = Vec::new();
    for part in text.split(',') {
        let address = part.trim().parse().ok()?;
        if addresses.contains(&address) {
            return None;
        }
        addresses.push(address);
    }
    Some(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_socket_files() {
        let name = "x".repeat(LONGEST_NAME);
        let folder = "f".repeat(SUN_PATH - 3 - LONGEST_NAME);
        let longest = format!("unix:/{folder}/{name}");
        for good in ["127.0.0.1:2000", "[::1]:0", "unix:/run/a.sock", &longest] {
            let address: Address = good.parse().unwrap();
            assert_eq!(address.to_string(), good);
        }
        let (too_long, long_name) = (format!("unix:/f{folder}/{name}"), format!("unix:/{name}x"));
        for bad in [
            "",
            "localhost",
            "127.0.0.1",
            "unix:",
            "unix:/",
            "unix:a.sock",
            "unix:./a.sock",
            "unix:/run/../a.sock",
            "unix:/run/",
            "unix:@abstract",
            "unix:/a\0b",
            "/run/a.sock",
            &too_long,
            &long_name,
        ] {
            assert_eq!(bad.parse::<Address>(), Err(NoAddress), "{bad:?}");
        }
    }

    #[test]
    fn lists_name_each_once() {
        let two = list("127.0.0.1:2000, unix:/a").unwrap();
        assert_eq!(two, [two[0].clone(), Address::Unix("/a".into())]);
        assert_eq!(list("unix:/a,unix:/a"), None);
        assert_eq!(list("unix:/a,"), None);
    }
}
