//! What the process that changes packages, which is root, hears from the front: a text in JSON, of which it believes a name
//! and a selector.

#![no_main]

use capsule_agent::fuzzing::office_hears;
use capsule_fuzz::{assert_stays_below, within_memory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((name, selector)) = within_memory(input.len(), 0, || office_hears(input)) else {
        return;
    };
    // It becomes a part of paths.
    assert_stays_below(&name);
    assert!(!name.contains('/') && !name.starts_with('.'), "{name:?}");
    assert!(
        name.len() <= 64 && !name.chars().any(char::is_control),
        "{name:?}"
    );
    assert!(!selector.contains('\0'), "{selector:?}");
});
