//! A connection's first bytes, in pieces of any length: which version of HTTP it is, and whether a header block is open.
//!
//! The first byte of an input is the number of cuts, and whether the preface comes before the rest (128); the length of
//! each piece follows, then the bytes.

#![no_main]

use capsule_agent::fuzzing::{Seen, frames};
use libfuzzer_sys::fuzz_target;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let Some((lengths, rest)) = rest.split_at_checked(usize::from(first % 128)) else {
        return;
    };
    let preface = if *first < 128 { &[] } else { PREFACE };
    let bytes = [preface, rest].concat();
    let mut ends = vec![0];
    for length in lengths {
        let end = ends[ends.len() - 1] + usize::from(*length);
        ends.push(end.min(bytes.len()));
    }
    ends.push(bytes.len());
    let cuts = ends.windows(2);
    let pieces = cuts.clone().map(|cut| &bytes[cut[0]..cut[1]]);
    let anew: Vec<Seen> = cuts.map(|cut| read(&bytes[..cut[1]], cut[0])).collect();
    assert_eq!(frames(pieces), anew);
    assert_eq!(frames([&bytes[..]].into_iter()), [read(&bytes, 0)]);
});

/// What a connection with all these bytes is, of which those from `piece` on came last.
fn read(bytes: &[u8], piece: usize) -> Seen {
    if bytes.len() < PREFACE.len() && PREFACE.starts_with(bytes) {
        return Seen::Either;
    }
    if !bytes.starts_with(PREFACE) {
        return Seen::One;
    }
    let (mut open, mut begun, mut at) = (false, 0, PREFACE.len());
    while let Some([a, b, c, kind, flags, ..]) = bytes.get(at..at + 9) {
        let content = at + 9;
        at = content + u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if *kind == 1 {
            (open, begun) = (true, content);
        }
        // HEADERS and CONTINUATION end the block with this flag, when all of them is there.
        if matches!(kind, 1 | 9) && flags & 4 != 0 && bytes.len() >= at {
            open = false;
        }
    }
    let opened = open && begun > piece;
    Seen::Two { open, opened }
}
