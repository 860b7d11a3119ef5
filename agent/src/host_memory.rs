//! How much memory of the host nobody needs.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A tenth of the host's memory is left for what comes.
const RESERVE: u64 = 10;

/// What was read is good for so long.
const FRESH: Duration = Duration::from_millis(200);

/// The kernel's account, kept open: the process that asks can open nothing any more.
#[derive(Debug)]
pub(crate) struct HostMemory {
    meminfo: File,
    last: Mutex<Option<(Instant, u64)>>,
}

impl HostMemory {
    /// Opens it.
    ///
    /// # Errors
    /// There is no `/proc/meminfo`.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            meminfo: File::open("/proc/meminfo")?,
            last: Mutex::default(),
        })
    }

    /// Bytes that can be used without leaving less than a tenth. Nothing where the kernel does not tell.
    pub(crate) fn spare(&self) -> u64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, spare)) if at.elapsed() < FRESH => spare,
            _ => {
                let spare = self.read().unwrap_or(0);
                *last = Some((Instant::now(), spare));
                spare
            }
        }
    }

    fn read(&self) -> Option<u64> {
        let mut text = [0; 512];
        let length = self.meminfo.read_at(&mut text, 0).ok()?;
        spare_in(std::str::from_utf8(text.get(..length)?).ok()?)
    }
}

/// By `MemAvailable`, the kernel's own estimate (proc_meminfo(5)), which is among the first lines.
fn spare_in(meminfo: &str) -> Option<u64> {
    let bytes = |name: &str| -> Option<u64> {
        let mut lines = meminfo.lines();
        let value = lines.find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    let reserve = bytes("MemTotal:")? / RESERVE;
    Some(bytes("MemAvailable:")?.saturating_sub(reserve))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_left() {
        let text = "MemTotal:       8000000 kB\nMemFree:  100 kB\nMemAvailable:    1800000 kB\n";
        assert_eq!(spare_in(text), Some(1_000_000 * 1024));
        assert_eq!(spare_in(&text.replace("1800000", "800000")), Some(0));
        assert_eq!(spare_in(&text.replace("1800000", "5")), Some(0));
        assert_eq!(spare_in("MemTotal:       8000000 kB\n"), None);
        assert_eq!(spare_in(""), None);
    }

    #[test]
    fn this_host_tells() {
        let memory = HostMemory::open().unwrap();
        let spare = memory.spare();
        assert!(spare > 0);
        assert_eq!(memory.spare(), spare, "kept for a moment");
    }
}
