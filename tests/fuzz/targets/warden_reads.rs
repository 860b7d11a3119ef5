//! What the warden, which is root, hears from a front that may have been taken over, and its builders from an init.

#![no_main]

use capsule_agent::fuzzing::to_warden;
use capsule_fuzz::reads_back;
use jail::fuzzing::PACKETS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|packet: &[u8]| {
    reads_back(packet, to_warden);
    for again in PACKETS {
        reads_back(packet, |packet| again(packet).ok());
    }
});
