//! How much an archive may be.

/// The most of everything. The default is several times what the largest package here has (Rust: 148 MB, 444 MiB unpacked), and what a
/// node's disk takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the archive in bytes.
    pub compressed: u64,
    /// Length of what is in it in bytes, headers and padding too.
    pub unpacked: u64,
    /// How many times its compressed length what is in it may have, beyond the first 16 MiB. Programs
    /// and libraries have 2 to 10, zeros a thousand.
    pub ratio: u64,
    /// Files, folders and links, folders that are only implied too. Each costs an inode, and some 45 bytes of memory, half as much again while the table grows.
    pub entries: usize,
    /// Names in a path.
    pub depth: usize,
    /// Length of one name in a path in bytes (`NAME_MAX` of Linux).
    pub name: usize,
    /// Length of a path in bytes: `PATH_MAX` of Linux (4096), less what is in front of it where the package is installed.
    pub path: usize,
}

/// So much may come out of however little: small archives of much that is alike are harmless. In bytes.
pub(super) const RATIO_FROM: u64 = 16 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            compressed: 1 << 30,
            unpacked: 4 << 30,
            ratio: 200,
            entries: 200_000,
            depth: 32,
            name: 255,
            path: 4096 - 512,
        }
    }
}
