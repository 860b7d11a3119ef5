//! What the front hears: from the warden in packets, and from the init of a jail, which may have been taken over, as a
//! stream of frames.

#![no_main]

use capsule_agent::fuzzing::from_warden;
use capsule_fuzz::reads_back;
use jail::fuzzing::TO_FRONT;
use jail::proto::MAX_ANSWER;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    reads_back(input, from_warden);
    let mut stream = input;
    let heard = allocation_counter::measure(|| while TO_FRONT(&mut stream).is_ok() {});
    assert!(heard.bytes_max <= 4 * MAX_ANSWER as u64, "{heard:?}");
});
