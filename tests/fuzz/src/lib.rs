//! What several targets check, by rules written anew: none of them calls what it judges.

use std::time::Duration;

/// What a decoder may set aside at once whatever it is given: serde's lists begin with up to 1 MiB on the word of the
/// sender, and a message here has two of them.
const ANYWAY: u64 = 3 << 20;

/// What a decoder may hold for each byte that it is given: a list of empty texts takes one byte for each of them, and
/// grows by doubling.
const PER_BYTE: u64 = 128;

/// Runs a decoder that may hold so much memory, and `extra`, for an input of this length.
pub fn within_memory<T>(length: usize, extra: usize, decode: impl FnOnce() -> T) -> T {
    let mut decoded = None;
    let memory = allocation_counter::measure(|| decoded = Some(decode()));
    let most = ANYWAY + extra as u64 + PER_BYTE * length as u64;
    assert!(
        memory.bytes_max <= most,
        "{} bytes held for {length} of input",
        memory.bytes_max
    );
    decoded.expect("it ran")
}

/// What serde may add to a message in reading it: nanoseconds beyond a second are carried into a `Duration`'s seconds,
/// which may take one more byte then. No message holds more than one.
const CARRIED: usize = 1;

/// A message is read in one way only: written down and read again it is the same, and no longer than what came.
pub fn reads_back(packet: &[u8], again: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let Some(written) = within_memory(packet.len(), 0, || again(packet)) else {
        return;
    };
    assert!(
        written.len() <= packet.len() + CARRIED,
        "{written:?} is longer"
    );
    assert_eq!(again(&written).as_deref(), Some(written.as_slice()));
}

/// The name of a file that can't be anywhere but below the folder it is joined to, and that Linux takes.
pub fn assert_stays_below(name: &str) {
    assert!(!name.is_empty() && name.len() <= 1024, "{name:?}");
    assert!(!name.bytes().any(|byte| byte == 0), "{name:?}");
    let mut depth = 0;
    for part in name.split('/') {
        assert!(!matches!(part, "" | "." | ".."), "{name:?}");
        assert!(part.len() <= 255, "{name:?}");
        depth += 1;
    }
    assert!(depth <= 64, "{name:?}");
}

/// A limit that ends a stage: neither zero nor above the ceiling.
pub fn assert_ends(limit: Duration, ceiling: Duration) {
    assert!(limit > Duration::ZERO && limit <= ceiling, "{limit:?}");
}

/// The parts of an input that is one text: what stands between lines of `---`, so that seeds can be read.
pub fn parts(input: &str) -> impl Iterator<Item = &str> {
    input.split("\n---\n")
}

/// A tar archive out of an input, whose first byte says whether the checksums in it are set right (odd) or stay as they are.
#[must_use]
pub fn tar_of(input: &[u8]) -> Option<Vec<u8>> {
    let (first, tar) = input.split_first()?;
    let mut tar = tar.to_vec();
    if first % 2 == 1 {
        set_checksums(&mut tar);
    }
    Some(tar)
}

/// Where a reader of tar archives that skips what is announced sees headers, their sums become right.
fn set_checksums(tar: &mut [u8]) {
    let mut at = 0;
    while let Some(header) = tar.get_mut(at..at + 512) {
        at += 512;
        if header.iter().all(|&byte| byte == 0) {
            continue;
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = std::str::from_utf8(&header[124..135]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size, 8).ok());
        at = at.saturating_add(size.unwrap_or(0).next_multiple_of(512));
    }
}
