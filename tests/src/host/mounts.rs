//! The mounts of the host.

use std::fs;

/// Every mount of this mount namespace, without the numbers that differ from one to the next.
pub(super) fn all() -> Vec<String> {
    let text = fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    text.lines().filter_map(describe).collect()
}

/// `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw` as `ext3 /dev/root /root on /point`.
fn describe(line: &str) -> Option<String> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, point) = (place.next()?, place.next()?);
    let mut kind = kind.split(' ');
    Some(format!(
        "{} {} {root} on {point}",
        kind.next()?,
        kind.next()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_words() {
        let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        assert_eq!(
            describe(line).as_deref(),
            Some("ext3 /dev/root /mnt1 on /mnt2")
        );
        assert!(!all().is_empty());
    }
}
