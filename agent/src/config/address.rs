//! Where a node listens, as it is written: `127.0.0.1:2000` or `unix:/run/codecapsule/agent.sock`.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// What the kernel takes as the path of a socket, with the zero byte at its end (unix(7)).
const SUN_PATH: usize = 108;

/// One place to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// An address and port.
    Tcp(SocketAddr),
    /// A socket file: an absolute path without `..`, of 107 bytes at most.
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
        let plain = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        let named = path.starts_with('/') && !path.ends_with('/');
        let fits = path.len() < SUN_PATH && !path.contains('\0');
        (plain && named && fits)
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
        let longest = format!("unix:/{}", "x".repeat(SUN_PATH - 2));
        for good in ["127.0.0.1:2000", "[::1]:0", "unix:/run/a.sock", &longest] {
            let address: Address = good.parse().unwrap();
            assert_eq!(address.to_string(), good);
        }
        let too_long = format!("{longest}x");
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
