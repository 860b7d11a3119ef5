//! What the node itself reads of a request's head: target, type, compression, one a line.

#![no_main]

use capsule_agent::fuzzing::{normalise, takes_body};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|&byte| byte == b'\n');
    // The HTTP library has taken off the space around a header's value.
    let mut value = || Some(lines.next()?.trim_ascii());
    let (target, kind, encoding) = (value(), value(), value());
    if let Some(spelled) = target.and_then(normalise) {
        let path = spelled.split('?').next().unwrap_or_default();
        if path.starts_with('/') {
            assert!(
                !path.bytes().any(|byte| byte.is_ascii_uppercase()),
                "{path}"
            );
        }
        // Routes tell apart what differs by more than case and one slash.
        let length = target.map_or(0, <[u8]>::len);
        assert!(spelled.len() <= length + 1, "{spelled}");
    }
    if let Some((claims, read)) = kind.and_then(|kind| takes_body(kind, encoding)) {
        // What is read as JSON is what the first look took for it.
        assert!(claims || read == Ok(false));
        if read == Ok(true) {
            let plain = encoding.is_none_or(|coding| coding.eq_ignore_ascii_case(b"identity"));
            assert!(plain, "a compressed body is read");
        }
    }
});
