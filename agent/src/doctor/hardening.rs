//! The second layer around jails: doors of the host that a jail's filter closes for its program, closed for everything
//! that runs here. Each has its reason in a file of packaging/host; nothing of it is changed from here.

use super::finding::Finding;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

mod packets;
pub(super) use packets::packet_filter;

/// Files of packaging/host, as installed.
const SYSCTL_FILE: &str = "60-codecapsule.conf";
const MODPROBE_FILE: &str = "codecapsule.conf";

/// Where modprobe.d(5) has its files, the folder that goes before the others first.
const MODPROBE_FOLDERS: [&str; 5] = [
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
];

/// A number below /proc/sys that says how open the kernel is to programs that are in no jail.
#[derive(Debug)]
struct Setting {
    name: &'static str,
    /// As sysctl(8) writes it.
    key: &'static str,
    /// Its values when it is closed.
    closed: RangeInclusive<i64>,
    /// What a kernel without it has.
    without: Without,
}

/// What it means that a kernel has no such setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    /// It was built without what the setting is about.
    Nothing,
    /// Every account has it, and nothing switches it off but another kernel.
    Open,
    /// Open where the kernel has io_uring, which is older (Linux 5.1) than its switch (6.6).
    AskIoUring,
}

const SETTINGS: &[Setting] = &[
    Setting {
        without: Without::AskIoUring,
        // 1 leaves it to one group.
        ..setting("io_uring", "kernel.io_uring_disabled", 1..=2)
    },
    setting("bpf", "kernel.unprivileged_bpf_disabled", 1..=2),
    setting("bpf compiler", "net.core.bpf_jit_harden", 1..=2),
    setting("userfaultfd", "vm.unprivileged_userfaultfd", 0..=0),
    Setting {
        // Without Yama any process may look into the others of its account.
        without: Without::Open,
        ..setting("ptrace", "kernel.yama.ptrace_scope", 2..=3)
    },
    setting("perf", "kernel.perf_event_paranoid", 3..=i64::MAX),
    setting("kernel log", "kernel.dmesg_restrict", 1..=1),
    setting("kernel pointers", "kernel.kptr_restrict", 1..=2),
    setting("links in /tmp", "fs.protected_symlinks", 1..=1),
    setting("hard links", "fs.protected_hardlinks", 1..=1),
    setting("pipes in /tmp", "fs.protected_fifos", 2..=2),
    setting("files in /tmp", "fs.protected_regular", 2..=2),
];

const fn setting(name: &'static str, key: &'static str, closed: RangeInclusive<i64>) -> Setting {
    Setting {
        name,
        key,
        closed,
        without: Without::Nothing,
    }
}

/// Modules with one reason to be refused.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "ipsec modules",
        &[
            "esp4",
            "esp6",
            "ah4",
            "ah6",
            "ipcomp",
            "ipcomp6",
            "xfrm_user",
            "af_key",
        ],
    ),
    (
        "cipher modules",
        &[
            "af_alg",
            "algif_aead",
            "algif_hash",
            "algif_rng",
            "algif_skcipher",
        ],
    ),
    ("afs modules", &["rxrpc", "kafs"]),
    ("vsock modules", &["vsock", "vsock_loopback", "hv_sock"]),
    (
        "rare modules",
        &[
            "dccp",
            "sctp",
            "rds",
            "tipc",
            "smc",
            "ax25",
            "netrom",
            "rose",
            "x25",
            "appletalk",
            "atm",
            "can",
            "phonet",
            "ieee802154_socket",
            "nfc",
            "n_hdlc",
            "n_gsm",
        ],
    ),
];

/// Settings and modules of the kernel.
pub(super) fn findings() -> Vec<Finding> {
    let modules = Modules::read();
    let settings = SETTINGS.iter().map(Setting::find);
    let families = FAMILIES
        .iter()
        .map(|(name, members)| modules.judge(name, members));
    settings.chain(families).collect()
}

/// The name of a finding of this section.
fn host(name: &str) -> String {
    format!("host: {name}")
}

impl Setting {
    fn find(&self) -> Finding {
        let path = format!("/proc/sys/{}", self.key.replace('.', "/"));
        let value = fs::read_to_string(path)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        self.judge(value, jail::probe::io_uring)
    }

    /// `value`: `None` where this kernel has no such setting.
    fn judge(&self, value: Option<i64>, has_io_uring: impl FnOnce() -> bool) -> Finding {
        let name = host(self.name);
        let Some(value) = value else {
            let detail = format!("{} is not a setting of this kernel", self.key);
            let open = match self.without {
                Without::Nothing => false,
                Without::Open => true,
                Without::AskIoUring => has_io_uring(),
            };
            return if open {
                let consequence = "open to every account, and this kernel has no switch: take another kernel; a jail's filter refuses it";
                Finding::missing(name, detail, consequence)
            } else {
                let consequence = "nothing to switch off: the kernel is without what it is about";
                Finding::note(name, detail, consequence)
            };
        };
        let detail = format!("{} is {value}", self.key);
        if self.closed.contains(&value) {
            return Finding::ok(name, detail);
        }
        Finding::missing(
            name,
            detail,
            format!("open to what gets out of a jail: apply packaging/host/{SYSCTL_FILE}"),
        )
    }
}

/// What this host says about its modules, each name with `_` for `-`.
#[derive(Debug, Default)]
struct Modules {
    /// Those that modprobe refuses.
    refused: BTreeSet<String>,
    /// Those in the kernel, loaded or built in.
    present: BTreeSet<String>,
    /// Those that could be loaded.
    offered: BTreeSet<String>,
}

impl Modules {
    fn read() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let release = text("/proc/sys/kernel/osrelease");
        let folder = format!("/lib/modules/{}", release.trim());
        let mut present = first_words(&text("/proc/modules"));
        present.extend(files(&text(&format!("{folder}/modules.builtin"))));
        Self {
            refused: refused_in(&MODPROBE_FOLDERS.map(Path::new)),
            present,
            offered: files(&text(&format!("{folder}/modules.dep"))),
        }
    }

    fn judge(&self, name: &str, members: &[&str]) -> Finding {
        let of = |set: &BTreeSet<String>| -> Vec<&str> {
            let there = |member: &&&str| set.contains(**member);
            members.iter().filter(there).copied().collect()
        };
        let name = host(name);
        let present = of(&self.present);
        if !present.is_empty() {
            return Finding::missing(
                name,
                format!("{} in the kernel", present.join(", ")),
                format!(
                    "in reach of what gets out of a jail: apply packaging/host/{MODPROBE_FILE} and start the machine again"
                ),
            );
        }
        let offered = of(&self.offered);
        let open: Vec<&str> = offered
            .iter()
            .filter(|member| !self.refused.contains(**member))
            .copied()
            .collect();
        if !open.is_empty() {
            return Finding::missing(
                name,
                format!("{} can be loaded", open.join(", ")),
                format!(
                    "in reach of what gets out of a jail: apply packaging/host/{MODPROBE_FILE}"
                ),
            );
        }
        if offered.is_empty() {
            return Finding::ok(name, "none that can be loaded");
        }
        Finding::ok(name, format!("{} are refused", offered.join(", ")))
    }
}

/// `install NAME /bin/false` of all files of these folders. One that has the name of one in an earlier folder does not
/// count, whatever that has in it (modprobe.d(5)).
fn refused_in(folders: &[&Path]) -> BTreeSet<String> {
    let mut files = BTreeMap::new();
    for folder in folders {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            files.entry(entry.file_name()).or_insert(entry.path());
        }
    }
    files
        .values()
        .filter(|path| path.extension().is_some_and(|end| end == "conf"))
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|text| refusals(&text))
        .collect()
}

fn refusals(text: &str) -> BTreeSet<String> {
    let refusal = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["install", module, command] = words[..] else {
            return None;
        };
        let refuses = command.ends_with("/false") || command.ends_with("/true");
        refuses.then(|| module.replace('-', "_"))
    };
    text.lines().filter_map(refusal).collect()
}

/// /proc/modules has one a line, its name first.
fn first_words(text: &str) -> BTreeSet<String> {
    let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
    text.lines().filter_map(first).collect()
}

/// modules.dep and modules.builtin have one a line, its file first: `kernel/net/ipv4/esp4.ko.xz: ...`.
fn files(text: &str) -> BTreeSet<String> {
    let module = |line: &str| {
        let file = line.split(':').next()?.rsplit('/').next()?;
        Some(file.split_once(".ko")?.0.replace('-', "_"))
    };
    text.lines().filter_map(module).collect()
}

#[cfg(test)]
mod tests;
