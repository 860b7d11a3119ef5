//! What a program writes, in pieces of any length, to both streams.

#![no_main]

use capsule_agent::fuzzing::output;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Written<'a> {
    limit: u8,
    pieces: Vec<(bool, &'a [u8])>,
}

fuzz_target!(|written: Written<'_>| {
    let limit = usize::from(written.limit);
    let (stdout, stderr, merged) = output(limit, written.pieces.iter().copied());
    let stream = |is_error: bool| {
        let pieces = written
            .pieces
            .iter()
            .filter(|(error, _)| *error == is_error);
        let bytes: Vec<u8> = pieces
            .flat_map(|(_, piece)| piece.iter().copied())
            .collect();
        cut(&String::from_utf8_lossy(&bytes), limit)
    };
    assert_eq!((&stdout, &stderr), (&stream(false), &stream(true)));
    assert_eq!(merged.len(), stdout.len() + stderr.len());
});

/// The characters that fit into so many UTF-16 units.
fn cut(text: &str, limit: usize) -> String {
    let mut units = 0;
    let fit = text.chars().take_while(|character| {
        units += character.len_utf16();
        units <= limit
    });
    fit.collect()
}
