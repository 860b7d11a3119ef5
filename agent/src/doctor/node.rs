//! What this node is configured to use: runtimes, account, uids, address.

use super::finding::{Finding, in_words};
use crate::config::{Address, Config};
use crate::listen::{self, Found};
use nix::unistd::User;
use packages::{Package, Store};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// Longest wait for whoever has the port.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everything about a configuration.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = vec![base(config)];
    findings.extend(runtimes(config));
    findings.extend(super::runtimes::forms(config));
    findings.push(account(&config.user));
    findings.push(ids(&config.jails.ids));
    findings.extend(config.bind_address.iter().map(|address| match address {
        Address::Tcp(address) => tcp(*address),
        Address::Unix(path) => socket(path),
    }));
    findings
}

fn base(config: &Config) -> Finding {
    let base = config.data_directory.join("base");
    if base.join("usr").is_dir() {
        return Finding::ok("base system", base.display().to_string());
    }
    Finding::blocking(
        "base system",
        format!("{} is missing", base.display()),
        format!(
            "jails have no root: runtimes/build --out {}, or set data_directory",
            config.data_directory.display()
        ),
    )
}

fn runtimes(config: &Config) -> Vec<Finding> {
    let build = format!(
        "no program can run: runtimes/build --out {}, or set data_directory",
        config.data_directory.display()
    );
    let store = match Store::open(config.packages_directory()) {
        Ok(store) => store,
        Err(error) => return vec![Finding::blocking("runtimes", in_words(&error), build)],
    };
    let (packages, faults) = store.packages();
    let mut findings = vec![if packages.is_empty() {
        Finding::blocking("runtimes", "none", build)
    } else {
        Finding::ok("runtimes", list(&packages))
    }];
    findings.extend(faults.iter().map(|fault| {
        Finding::missing(
            "broken runtime",
            in_words(fault),
            "it is left out: build or install it again",
        )
    }));
    findings
}

fn list(packages: &[Package]) -> String {
    let name = |package: &Package| format!("{} {}", package.name, package.version);
    packages.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn account(user: &str) -> Finding {
    let name = "account of the front";
    match User::from_name(user) {
        Ok(Some(found)) => Finding::ok(name, format!("{user}, uid {}", found.uid)),
        Ok(None) => Finding::note(
            name,
            format!("{user} does not exist"),
            "the front runs under a uid of the node's own range",
        ),
        Err(error) => Finding::blocking(name, error.to_string(), "accounts can't be looked up"),
    }
}

/// Nobody else may have the uids of programs: not an account, and not a container of one.
fn ids(range: &RangeInclusive<u32>) -> Finding {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let mut others = accounts_in(&read("/etc/passwd"), range);
    for path in ["/etc/subuid", "/etc/subgid"] {
        others.extend(delegated_in(&read(path), range));
    }
    let detail = format!("{} to {}", range.start(), range.end());
    if others.is_empty() {
        return Finding::ok("uids of programs", detail);
    }
    Finding::blocking(
        "uids of programs",
        format!("{detail} are also those of {}", others.join(", ")),
        "programs could touch their files: set runner_uid_min and runner_uid_max to a free range",
    )
}

/// Accounts of /etc/passwd with a uid in the range.
fn accounts_in(passwd: &str, range: &RangeInclusive<u32>) -> Vec<String> {
    let account = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid: u32 = fields.nth(1)?.parse().ok()?;
        range.contains(&uid).then(|| name.to_owned())
    };
    passwd.lines().filter_map(account).collect()
}

/// Owners of ranges in subuid(5) that overlap with ours.
fn delegated_in(text: &str, range: &RangeInclusive<u32>) -> Vec<String> {
    let owner = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let first: u64 = fields.next()?.parse().ok()?;
        let count: u64 = fields.next()?.parse().ok()?;
        let overlaps =
            first <= u64::from(*range.end()) && u64::from(*range.start()) < first + count;
        overlaps.then(|| format!("{name}'s containers"))
    };
    text.lines().filter_map(owner).collect()
}

fn socket(path: &Path) -> Finding {
    let (name, shown) = ("socket", path.display());
    match listen::look(path) {
        Ok(Found::Nothing | Found::Stale) => Finding::ok(name, format!("{shown} is free")),
        Ok(Found::Live) => Finding::note(
            name,
            format!("{shown} is in use"),
            "a second node needs another bind_address",
        ),
        Ok(Found::Other) => Finding::blocking(
            name,
            format!("{shown} is there and is no socket"),
            "a node can't listen there: move it away, or set bind_address",
        ),
        Err(error) => Finding::blocking(
            name,
            format!("{shown}: {error}"),
            "a node can't listen there: correct the path, or set bind_address",
        ),
    }
}

fn tcp(address: SocketAddr) -> Finding {
    let name = "address";
    let error = match TcpListener::bind(address) {
        Ok(_) => return Finding::ok(name, format!("{address} is free")),
        Err(error) => error,
    };
    if error.kind() == io::ErrorKind::AddrInUse && is_node(address).unwrap_or(false) {
        return Finding::note(
            name,
            format!("{address} is in use by a node that answers"),
            "a second one needs another bind_address",
        );
    }
    Finding::blocking(
        name,
        format!("{address}: {error}"),
        "a node can't listen there: stop what does, or set bind_address",
    )
}

/// Whether whoever listens there answers as a node does.
fn is_node(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(&head == b"HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_in_the_range_are_found() {
        let passwd = "root:x:0:0::/root:/bin/sh\nann:x:2100000005:100::/:/bin/sh\nodd line\n";
        let range = 2_100_000_000..=2_100_065_535;
        assert_eq!(accounts_in(passwd, &range), ["ann"]);
        assert!(accounts_in(passwd, &(1..=5)).is_empty());
    }

    #[test]
    fn overlapping_delegations_are_found() {
        let text = "ann:100000:65536\nbob:165536:65536\nbad:x:1\n";
        assert_eq!(delegated_in(text, &(165_530..=165_540)).len(), 2);
        assert_eq!(
            delegated_in(text, &(165_536..=165_540)),
            ["bob's containers"]
        );
        assert!(delegated_in(text, &(231_072..=300_000)).is_empty());
        assert!(delegated_in(text, &(1..=99_999)).is_empty());
    }
}
