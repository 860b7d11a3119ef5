//! What is heard inside a jail: by init from the front and from its holders, and by a holder. The first byte says on
//! which channel.

#![no_main]

use capsule_fuzz::within_memory;
use jail::fuzzing::STREAMS;
use jail::proto::MAX_FRAME;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&channel, mut stream)) = input.split_first() else {
        return;
    };
    let next = STREAMS[usize::from(channel) % STREAMS.len()];
    while let Ok(body) = within_memory(stream.len(), MAX_FRAME, || next(&mut stream)) {
        // Read back as the frame that its sender would make of it.
        let length = u32::try_from(body.len()).expect("no longer than its frame");
        let framed = [&length.to_le_bytes(), body.as_slice()].concat();
        assert_eq!(next(&mut framed.as_slice()).ok(), Some(body));
    }
});
