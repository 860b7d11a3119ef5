//! What a program writes: decoded as it arrives, cut at the limit, in both streams' order of arrival.

/// One stream's text so far.
#[derive(Debug, Default)]
struct Text {
    text: String,
    /// Length in UTF-16 units, by which Piston counts.
    units: usize,
    /// The beginning of a character whose rest has not arrived.
    partial: Vec<u8>,
    full: bool,
}

/// Which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Both streams of a stage.
#[derive(Debug)]
pub(crate) struct Output {
    limit: usize,
    stdout: Text,
    stderr: Text,
    merged: String,
}

/// Both streams at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) merged: String,
}

impl Output {
    /// Up to `limit` UTF-16 units of each stream.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            stdout: Text::default(),
            stderr: Text::default(),
            merged: String::new(),
        }
    }

    /// Takes what arrived. `false` when the stream is now longer than its limit; it is cut
    /// there, between characters, and takes nothing more.
    pub(crate) fn push(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let text = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let before = text.text.len();
        text.push(bytes, self.limit);
        self.merged
            .push_str(text.text.get(before..).unwrap_or_default());
        !text.full
    }

    /// Nothing more will come.
    pub(crate) fn finish(mut self) -> Finished {
        for text in [&mut self.stdout, &mut self.stderr] {
            if !text.partial.is_empty() {
                let before = text.text.len();
                text.append(
                    char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4]),
                    self.limit,
                );
                self.merged
                    .push_str(text.text.get(before..).unwrap_or_default());
            }
        }
        Finished {
            stdout: self.stdout.text,
            stderr: self.stderr.text,
            merged: self.merged,
        }
    }
}

impl Text {
    fn push(&mut self, bytes: &[u8], limit: usize) {
        let joined;
        let bytes = if self.partial.is_empty() {
            bytes
        } else {
            joined = [std::mem::take(&mut self.partial).as_slice(), bytes].concat();
            &joined
        };
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.append(chunk.valid(), limit);
            let invalid = chunk.invalid();
            // Only a sequence that ends with the input may still be completed.
            if chunks.peek().is_none() && is_unfinished(invalid) {
                self.partial = invalid.to_vec();
            } else if !invalid.is_empty() {
                self.append(char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4]), limit);
            }
        }
    }

    fn append(&mut self, more: &str, limit: usize) {
        for (at, character) in more.char_indices() {
            if self.full || self.units + character.len_utf16() > limit {
                self.full = true;
                self.text.push_str(more.get(..at).unwrap_or_default());
                return;
            }
            self.units += character.len_utf16();
        }
        self.text.push_str(more);
    }
}

/// Whether more bytes could make it a character.
fn is_unfinished(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn characters_split_between_writes_are_joined() {
        let mut output = Output::new(100);
        assert!(output.push(Stream::Stdout, b"caf\xc3"));
        assert!(output.push(Stream::Stderr, b"!"));
        assert!(output.push(Stream::Stdout, b"\xa9\n"));
        let finished = output.finish();
        assert_eq!(finished.stdout, "caf\u{e9}\n");
        assert_eq!(finished.merged, "caf!\u{e9}\n");
    }

    #[test]
    fn the_limit_counts_utf16_units_and_cuts_between_characters() {
        let mut output = Output::new(3);
        assert!(output.push(Stream::Stdout, "ab".as_bytes()));
        assert!(!output.push(Stream::Stdout, "\u{1f389}c".as_bytes()));
        assert_eq!(output.finish().stdout, "ab");
        let mut output = Output::new(3);
        assert!(output.push(Stream::Stdout, b"abc"));
        assert!(!output.push(Stream::Stdout, b"d"));
        assert_eq!(output.finish().stdout, "abc");
    }

    #[test]
    fn invalid_bytes_are_replaced_as_node_does() {
        let mut output = Output::new(100);
        output.push(Stream::Stdout, b"ok \xff\xfe \xc3( end\xe2\x82");
        assert_eq!(
            output.finish().stdout,
            "ok \u{fffd}\u{fffd} \u{fffd}( end\u{fffd}"
        );
    }

    proptest! {
        #[test]
        fn any_split_gives_what_the_whole_gives(bytes: Vec<u8>, cut in 0usize..64) {
            let mut output = Output::new(usize::MAX);
            for piece in bytes.chunks(cut + 1) {
                output.push(Stream::Stdout, piece);
            }
            prop_assert_eq!(output.finish().stdout, String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn no_stream_is_ever_longer_than_its_limit(bytes: Vec<u8>, limit in 0usize..64) {
            let mut output = Output::new(limit);
            output.push(Stream::Stderr, &bytes);
            let finished = output.finish();
            prop_assert!(finished.stderr.encode_utf16().count() <= limit);
            prop_assert_eq!(finished.stderr, finished.merged);
        }
    }
}
