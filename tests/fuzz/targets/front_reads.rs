//! What the front hears: from the warden in packets, and from the init of a jail, which may have been taken over, as a
//! stream of frames: short ones, or what a compile stage made.

#![no_main]

use capsule_agent::fuzzing::{from_warden, made};
use capsule_fuzz::{assert_stays_below, reads_back};
use jail::fuzzing::{TO_FRONT, made_to_front};
use jail::proto::{MAX_ANSWER, MAX_MADE};
use libfuzzer_sys::fuzz_target;

/// What was asked for.
const FILES: usize = 3;
const BYTES: u64 = 40;

fuzz_target!(|input: &[u8]| {
    reads_back(input, from_warden);
    let mut stream = input;
    let heard = allocation_counter::measure(|| while TO_FRONT(&mut stream).is_ok() {});
    assert!(heard.bytes_max <= 4 * MAX_ANSWER as u64, "{heard:?}");
    let mut stream = input;
    let heard = allocation_counter::measure(|| while made_to_front(&mut stream).is_ok() {});
    assert!(heard.bytes_max <= 4 * MAX_MADE as u64, "{heard:?}");
    let mut stream = input;
    let messages = std::iter::from_fn(|| made_to_front(&mut stream).ok());
    let files = made(messages, FILES, BYTES).unwrap_or_default();
    assert!(files.len() <= FILES);
    assert!(
        files
            .iter()
            .map(|(_, _, length)| *length as u64)
            .sum::<u64>()
            <= BYTES
    );
    for (name, mode, _) in files {
        assert_stays_below(&name);
        assert_eq!(mode & !0o755, 0, "{name:?} {mode:o}");
    }
});
