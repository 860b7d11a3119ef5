//! Where the header blocks of an HTTP/2 connection begin and end, seen from its bytes. h2 gives a header block no
//! time: a client could send the first part of one and keep it for ever.

/// Length, type, flags, stream (RFC 9113, 4.1).
const HEAD: usize = 9;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// What some bytes did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// After them no header block is open.
    Closed,
    /// They opened the block that is open after them.
    Opened,
    /// The block that was open before them still is.
    StillOpen,
}

/// Follows the frames that a client sends, after its preface.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; HEAD],
    /// Bytes of `head` that have come.
    have: usize,
    /// Bytes of the frame that are still to come.
    left: usize,
    /// The header block goes on after this frame, or this frame is part of one.
    open: bool,
    /// This frame is the last of its block.
    last: bool,
}

impl Frames {
    /// Takes the next bytes.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Block {
        let mut opened = false;
        while !bytes.is_empty() {
            if self.have < HEAD {
                let take = bytes.len().min(HEAD - self.have);
                self.head[self.have..self.have + take].copy_from_slice(&bytes[..take]);
                self.have += take;
                bytes = &bytes[take..];
                if self.have < HEAD {
                    break;
                }
                opened |= self.frame_begins();
            }
            let take = bytes.len().min(self.left);
            self.left -= take;
            bytes = &bytes[take..];
            if self.left == 0 {
                self.have = 0;
                self.open &= !self.last;
            }
        }
        match (self.open, opened) {
            (false, _) => Block::Closed,
            (true, true) => Block::Opened,
            (true, false) => Block::StillOpen,
        }
    }

    /// Whether it begins a header block.
    fn frame_begins(&mut self) -> bool {
        let [a, b, c, kind, flags, ..] = self.head;
        self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let part = matches!(kind, HEADERS | CONTINUATION);
        self.last = part && flags & END_HEADERS != 0;
        let begins = kind == HEADERS;
        self.open |= begins;
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.extend(vec![7; usize::from(length)]);
        frame
    }

    #[test]
    fn blocks_are_seen_however_the_bytes_are_cut() {
        let settings = frame(4, 0, 12);
        let whole = frame(HEADERS, END_HEADERS, 5);
        let begun = frame(HEADERS, 0, 5);
        let more = frame(CONTINUATION, 0, 0);
        let end = frame(CONTINUATION, END_HEADERS, 3);
        let data = frame(0, 1, 200);
        for (bytes, open) in [
            (
                [settings.clone(), whole.clone(), data.clone()].concat(),
                false,
            ),
            ([settings, begun.clone()].concat(), true),
            ([begun.clone(), more.clone(), end].concat(), false),
            ([data, begun, more].concat(), true),
            (whole[..whole.len() - 1].to_vec(), true),
        ] {
            for size in [1, 2, 9, 10, bytes.len()] {
                let mut frames = Frames::default();
                let mut last = Block::Closed;
                for piece in bytes.chunks(size) {
                    last = frames.read(piece);
                }
                assert_eq!(last != Block::Closed, open, "{bytes:?} by {size}");
            }
        }
    }

    #[test]
    fn an_open_block_is_told_from_the_one_before() {
        let mut frames = Frames::default();
        let (begun, end) = (frame(HEADERS, 0, 5), frame(CONTINUATION, END_HEADERS, 0));
        assert_eq!(frames.read(&begun), Block::Opened);
        assert_eq!(frames.read(&end[..3]), Block::StillOpen);
        assert_eq!(frames.read(&[&end[3..], &begun].concat()), Block::Opened);
        assert_eq!(frames.read(&end), Block::Closed);
    }
}
