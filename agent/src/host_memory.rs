//! How much memory of the host nobody needs.

use jail::Bytes;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A tenth of the host's memory is left for what comes.
const RESERVE: u64 = 10;

/// What was read is good for so long.
const FRESH: Duration = Duration::from_millis(200);

/// In bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Account {
    total: u64,
    available: u64,
}

/// The kernel's account, kept open: the process that asks can open nothing any more.
#[derive(Debug)]
pub(crate) struct HostMemory {
    meminfo: File,
    last: Mutex<Option<(Instant, Account)>>,
}

impl HostMemory {
    /// Opens it.
    ///
    /// # Errors
    /// There is no `/proc/meminfo`.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self::of(File::open("/proc/meminfo")?))
    }

    /// What this file says, in the form of `/proc/meminfo`.
    pub(crate) fn of(meminfo: File) -> Self {
        Self {
            meminfo,
            last: Mutex::default(),
        }
    }

    /// What can be used, of what is free and what `used` is already, without leaving less than a tenth. Nothing where the
    /// kernel does not tell.
    pub(crate) fn spare_beside(&self, used: Bytes) -> Bytes {
        self.account().spare_beside(used)
    }

    fn account(&self) -> Account {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, account)) if at.elapsed() < FRESH => account,
            _ => {
                let account = self.read().unwrap_or_default();
                *last = Some((Instant::now(), account));
                account
            }
        }
    }

    fn read(&self) -> Option<Account> {
        let mut text = [0; 512];
        let length = self.meminfo.read_at(&mut text, 0).ok()?;
        Account::of(std::str::from_utf8(text.get(..length)?).ok()?)
    }
}

impl Account {
    /// By `MemAvailable`, the kernel's own estimate (proc_meminfo(5)), which is among the first lines.
    fn of(meminfo: &str) -> Option<Self> {
        let bytes = |name: &str| -> Option<u64> {
            let mut lines = meminfo.lines();
            let value = lines.find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
            kib.checked_mul(1024)
        };
        Some(Self {
            total: bytes("MemTotal:")?,
            available: bytes("MemAvailable:")?,
        })
    }

    fn spare_beside(self, used: Bytes) -> Bytes {
        let ours = self.available.saturating_add(used.get());
        Bytes(ours.saturating_sub(self.total / RESERVE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_left() {
        let text = "MemTotal:       8000000 kB\nMemFree:  100 kB\nMemAvailable:    1800000 kB\n";
        let spare = |available: &str, used| {
            let account = Account::of(&text.replace("1800000", available)).unwrap();
            account.spare_beside(Bytes::kib(used))
        };
        assert_eq!(spare("1800000", 0), Bytes::kib(1_000_000));
        assert_eq!(spare("1800000", 500), Bytes::kib(1_000_500));
        assert_eq!(spare("800000", 500), Bytes::kib(500));
        // What is used already has to go, in part or all.
        assert_eq!(spare("799900", 500), Bytes::kib(400));
        assert_eq!(spare("5", 500), Bytes(0));
        assert_eq!(Account::of("MemTotal:       8000000 kB\n"), None);
        assert_eq!(Account::of(""), None);
    }

    #[test]
    fn this_host_tells() {
        let memory = HostMemory::open().unwrap();
        let account = memory.account();
        assert!(account.total > account.available && account.available > 0);
    }
}
